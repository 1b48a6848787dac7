use candle_core::{Device, Tensor, Var};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::{Constraint, Progress, RelaxError, Relaxation, Sparsemax};

fn weights(logits: &Tensor) -> Tensor {
    let mut noise = ChaCha8Rng::seed_from_u64(0);
    Sparsemax.weights(logits, Progress::start(1), &mut noise).unwrap()
}

#[test]
fn zeros_are_exact_in_single_precision() {
    let logits = Tensor::new(&[[0.9_f32, 0.1, 0.5, -3.0], [0.0; 4]], &Device::Cpu).unwrap();
    let rows: Vec<Vec<f32>> = weights(&logits).to_vec2().unwrap();
    approx::assert_relative_eq!(rows[0][..], [0.7, 0.0, 0.3, 0.0], max_relative = 1e-6);
    assert_eq!([rows[0][1].to_bits(), rows[0][3].to_bits()], [0, 0]);
    approx::assert_relative_eq!(rows[1][..], [0.25; 4]);
    assert_eq!(Sparsemax.constraint(), Constraint::Simplex);
    assert_eq!(Sparsemax.domain(), Constraint::Free);
}

#[test]
fn gradient_is_centred_on_the_support() {
    // The gradient (7, 5, 1, 3) of the weights, less its mean over the support {0, 2}.
    let logits = Var::new(&[[0.9_f64, 0.1, 0.5, -3.0]], &Device::Cpu).unwrap();
    let upstream = Tensor::new(&[[7.0_f64, 5.0, 1.0, 3.0]], &Device::Cpu).unwrap();
    let loss = weights(logits.as_tensor()).mul(&upstream).unwrap().sum_all().unwrap();
    let gradients = loss.backward().unwrap();
    let found: Vec<Vec<f64>> = gradients.get(&logits).unwrap().to_vec2().unwrap();
    approx::assert_relative_eq!(found[0][..], [3.0, 0.0, -3.0, 0.0], max_relative = 1e-14);
}

#[test]
fn what_is_no_number_stays_visible() {
    let logits = Tensor::new(&[[f32::NAN, 0.0], [1.0, 1.0]], &Device::Cpu).unwrap();
    let rows: Vec<Vec<f32>> = weights(&logits).to_vec2().unwrap();
    assert!(rows[0].iter().all(|w| w.is_nan()));
    approx::assert_relative_eq!(rows[1][..], [0.5, 0.5]);
}

#[test]
fn what_is_no_table_is_refused() {
    let mut noise = ChaCha8Rng::seed_from_u64(0);
    let line = Tensor::new(&[0.0_f64, 1.0], &Device::Cpu).unwrap();
    let found = Sparsemax.weights(&line, Progress::start(1), &mut noise).unwrap_err();
    assert!(matches!(found, RelaxError::Shape { found } if found == [2]));
}
