use candle_core::{Device, Tensor, Var};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::{Constraint, Progress, Relaxation, Sigmoid};

fn weights(logits: &Tensor) -> Tensor {
    let mut noise = ChaCha8Rng::seed_from_u64(0);
    Sigmoid.weights(logits, Progress::start(1), &mut noise).unwrap()
}

#[test]
fn known_values() {
    let logits = Tensor::new(&[[0.0, 3.0_f64.ln(), -3.0_f64.ln(), 1.0]], &Device::Cpu).unwrap();
    let found: Vec<Vec<f64>> = weights(&logits).to_vec2().unwrap();
    let expected = [0.5, 0.75, 0.25, 0.731_058_578_630_004_9];
    approx::assert_relative_eq!(found[0][..], expected, max_relative = 1e-14);
    assert_eq!(Sigmoid.constraint(), Constraint::UnitInterval);
    assert_eq!(Sigmoid.domain(), Constraint::Free);
}

#[test]
fn candidates_do_not_compete() {
    let logits = Tensor::new(&[[0.5_f64, 2.0, -1.0], [0.5, 9.0, 9.0]], &Device::Cpu).unwrap();
    let found: Vec<Vec<f64>> = weights(&logits).to_vec2().unwrap();
    assert_eq!(found[0][0].to_bits(), found[1][0].to_bits());
}

#[test]
fn large_logits_stay_finite_in_value_and_gradient() {
    let logits = Var::new(&[[1e4_f32, -1e4, 100.0, -100.0]], &Device::Cpu).unwrap();
    let relaxed = weights(logits.as_tensor());
    let rows: Vec<Vec<f32>> = relaxed.to_vec2().unwrap();
    approx::assert_abs_diff_eq!(rows[0][..], [1.0, 0.0, 1.0, 0.0], epsilon = 1e-30);
    let gradients = relaxed.sum_all().unwrap().backward().unwrap();
    let found: Vec<f32> = gradients.get(&logits).unwrap().flatten_all().unwrap().to_vec1().unwrap();
    approx::assert_abs_diff_eq!(found[..], [0.0; 4], epsilon = 1e-30);
}
