use candle_core::{Device, Tensor, Var};
use proptest::prelude::*;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::{Progress, RelaxError, Relaxation, Softmax};

fn weights(softmax: Softmax, logits: &Tensor) -> Vec<Vec<f64>> {
    let mut noise = ChaCha8Rng::seed_from_u64(0);
    softmax.weights(logits, Progress::start(1), &mut noise).unwrap().to_vec2().unwrap()
}

fn of(logits: &[f64]) -> Vec<f64> {
    let logits = Tensor::new(logits, &Device::Cpu).unwrap().unsqueeze(0).unwrap();
    weights(Softmax::default(), &logits).remove(0)
}

#[test]
fn known_values() {
    let logits = [2.0_f64.ln(), 3.0_f64.ln(), 5.0_f64.ln()];
    approx::assert_relative_eq!(of(&logits)[..], [0.2, 0.3, 0.5], max_relative = 1e-15);
    let table = Tensor::new(&[logits, [0.0; 3]], &Device::Cpu).unwrap();
    // At temperature 1/2 odds are squared: 4 : 9 : 25.
    let sharp = weights(Softmax::new(0.5).unwrap(), &table);
    let expected = [4.0 / 38.0, 9.0 / 38.0, 25.0 / 38.0];
    approx::assert_relative_eq!(sharp[0][..], expected, max_relative = 1e-14);
    approx::assert_relative_eq!(sharp[1][..], [1.0 / 3.0; 3], max_relative = 1e-15);
}

#[test]
fn gradient_is_the_jacobian_of_the_softmax() {
    // d w_i / d a_j = w_i (delta_ij - w_j), here of w_0.
    let logits = Var::new(&[[0.3_f64, -1.2, 0.8, 0.8]], &Device::Cpu).unwrap();
    let mut noise = ChaCha8Rng::seed_from_u64(0);
    let relaxed =
        Softmax::default().weights(logits.as_tensor(), Progress::start(1), &mut noise).unwrap();
    let first = relaxed.narrow(1, 0, 1).unwrap().sum_all().unwrap();
    let gradients = first.backward().unwrap();
    let found: Vec<f64> = gradients.get(&logits).unwrap().flatten_all().unwrap().to_vec1().unwrap();
    let w = of(&[0.3, -1.2, 0.8, 0.8]);
    let expected = [w[0] * (1.0 - w[0]), -w[0] * w[1], -w[0] * w[2], -w[0] * w[3]];
    approx::assert_relative_eq!(found[..], expected, max_relative = 1e-13);
}

#[test]
fn large_logits_stay_finite_in_value_and_gradient() {
    let logits = Var::new(&[[1e30_f32, -1e30, 0.0], [200.0, 200.0, -200.0]], &Device::Cpu).unwrap();
    let mut noise = ChaCha8Rng::seed_from_u64(0);
    let relaxed =
        Softmax::default().weights(logits.as_tensor(), Progress::start(1), &mut noise).unwrap();
    let rows: Vec<Vec<f32>> = relaxed.to_vec2().unwrap();
    approx::assert_relative_eq!(rows[0][..], [1.0, 0.0, 0.0]);
    approx::assert_relative_eq!(rows[1][..], [0.5, 0.5, 0.0]);
    let gradients = relaxed.sqr().unwrap().sum_all().unwrap().backward().unwrap();
    let found: Vec<f32> = gradients.get(&logits).unwrap().flatten_all().unwrap().to_vec1().unwrap();
    assert!(found.iter().all(|g| g.is_finite()), "{found:?}");
}

#[test]
fn impossible_temperatures_are_refused() {
    for found in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let error = Softmax::new(found).unwrap_err();
        assert!(matches!(error, RelaxError::Temperature { .. }));
    }
    approx::assert_relative_eq!(Softmax::default().temperature(), 1.0);
}

#[test]
fn what_is_no_table_is_refused() {
    let mut noise = ChaCha8Rng::seed_from_u64(0);
    let line = Tensor::new(&[0.0_f64, 1.0], &Device::Cpu).unwrap();
    let found = Softmax::default().weights(&line, Progress::start(1), &mut noise).unwrap_err();
    assert!(matches!(found, RelaxError::Shape { found } if found == [2]));
}

#[test]
fn logits_start_small_and_normal() {
    let mut noise = ChaCha8Rng::seed_from_u64(9);
    let start = Softmax::default().initial(200, 100, &mut noise);
    let n = start.len() as f64;
    let moment = |k: i32| start.iter().map(|&a| (1e3 * f64::from(a)).powi(k)).sum::<f64>() / n;
    // Standard errors of the four moments of 20000 normal draws: 0.007, 0.010, 0.027, 0.069.
    approx::assert_abs_diff_eq!(moment(1), 0.0, epsilon = 0.03);
    approx::assert_abs_diff_eq!(moment(2), 1.0, epsilon = 0.04);
    approx::assert_abs_diff_eq!(moment(3), 0.0, epsilon = 0.11);
    approx::assert_abs_diff_eq!(moment(4), 3.0, epsilon = 0.28);
    let mut again = ChaCha8Rng::seed_from_u64(9);
    assert_eq!(Softmax::default().initial(200, 100, &mut again), start);
    assert_ne!(Softmax::default().initial(200, 100, &mut again), start);
}

proptest! {
    #[test]
    fn a_constant_shift_of_a_row_changes_nothing(
        logits in prop::collection::vec(-20.0_f64..20.0, 2..9),
        shift in -50.0_f64..50.0,
    ) {
        let shifted: Vec<f64> = logits.iter().map(|logit| logit + shift).collect();
        for (a, b) in of(&logits).into_iter().zip(of(&shifted)) {
            approx::assert_relative_eq!(a, b, max_relative = 1e-12);
        }
    }

    #[test]
    fn weights_stand_in_the_order_of_logits(
        logits in prop::collection::vec(-20.0_f64..20.0, 2..9),
    ) {
        let weights = of(&logits);
        for i in 0..logits.len() {
            for j in 0..logits.len() {
                prop_assert!(logits[i] < logits[j] || weights[i] >= weights[j]);
            }
        }
    }
}
