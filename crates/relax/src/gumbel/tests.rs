use candle_core::{Device, Tensor, Var};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::testkit::{Law, check_laws, check_relaxation};
use crate::{Constraint, Gumbel, Progress, Ramp, RelaxError, Relaxation, Simplex};

const AT: Progress = Progress { epoch: 1, epochs: 3 };

fn weights(gumbel: Gumbel, logits: &Tensor, seed: u64) -> Tensor {
    gumbel.weights(logits, AT, &mut ChaCha8Rng::seed_from_u64(seed)).unwrap()
}

#[test]
fn hard_weights_are_one_hot_to_the_last_bit() {
    let logits = Tensor::new(&[[0.3_f32, -1.2, 0.8], [2.0, 2.0, -1.0]], &Device::Cpu).unwrap();
    for seed in 0..20 {
        for row in weights(Gumbel::gdas(), &logits, seed).to_vec2::<f32>().unwrap() {
            let mut sorted = row.clone();
            sorted.sort_by(f32::total_cmp);
            let bits: Vec<u32> = sorted.iter().map(|w| w.to_bits()).collect();
            assert_eq!(bits, [0, 0, 1.0_f32.to_bits()], "{row:?}");
        }
    }
}

#[test]
fn hard_gradients_are_those_of_soft_weights() {
    let upstream = Tensor::new(&[[7.0_f64, 5.0, 1.0]], &Device::Cpu).unwrap();
    let gradient = |gumbel: Gumbel| -> Vec<Vec<f64>> {
        let logits = Var::new(&[[0.3_f64, -1.2, 0.8]], &Device::Cpu).unwrap();
        let weights = weights(gumbel, logits.as_tensor(), 4);
        let loss = weights.mul(&upstream).unwrap().sum_all().unwrap();
        loss.backward().unwrap().get(&logits).unwrap().to_vec2().unwrap()
    };
    let temperature = Ramp::constant(0.7);
    let hard = gradient(Gumbel::hard(temperature));
    let soft = gradient(Gumbel::soft(temperature));
    approx::assert_relative_eq!(hard[0][..], soft[0][..], max_relative = 1e-12);
    assert!(hard[0].iter().any(|g| g.abs() > 1e-3));
}

/// A candidate is drawn as often as its share says.
#[test]
fn on_the_simplex_shares_are_probabilities() {
    let theta = [0.5_f64, 0.3, 0.2, 0.0];
    let draws = 4000;
    let rows: Vec<f64> = (0..draws).flat_map(|_| theta).collect();
    let table = Tensor::from_vec(rows, (draws, 4), &Device::Cpu).unwrap();
    let found = weights(Gumbel::egdas(), &table, 9).mean(0).unwrap().to_vec1::<f64>().unwrap();
    // Standard errors are below 0.008.
    approx::assert_abs_diff_eq!(found[..], theta, epsilon = 0.03);
}

#[test]
fn a_candidate_without_share_has_a_finite_gradient() {
    let theta = Var::new(&[[1.0_f32, 0.0, 0.0]], &Device::Cpu).unwrap();
    let loss = weights(Gumbel::egdas(), theta.as_tensor(), 1).sqr().unwrap().sum_all().unwrap();
    let gradients = loss.backward().unwrap();
    let found: Vec<Vec<f32>> = gradients.get(&theta).unwrap().to_vec2().unwrap();
    assert!(found[0].iter().all(|g| g.is_finite()), "{found:?}");
}

#[test]
fn temperatures_follow_the_ramp_and_must_be_positive() {
    let logits = Tensor::new(&[[0.3_f64, -1.2, 0.8]], &Device::Cpu).unwrap();
    let gumbel = Gumbel::soft(Ramp::new(2.0, 0.01));
    let largest = |epoch| -> f64 {
        let at = Progress { epoch, epochs: 10 };
        let weights = gumbel.weights(&logits, at, &mut ChaCha8Rng::seed_from_u64(3)).unwrap();
        weights.max_all().unwrap().to_scalar().unwrap()
    };
    assert!(largest(0) < 0.9 && largest(9) > 0.999, "{} {}", largest(0), largest(9));
    let frozen = Gumbel::soft(Ramp::new(1.0, 0.0));
    let at = Progress { epoch: 2, epochs: 3 };
    let found = frozen.weights(&logits, at, &mut ChaCha8Rng::seed_from_u64(3)).unwrap_err();
    assert!(matches!(found, RelaxError::Temperature { .. }));
}

#[test]
fn soft_obeys_every_law_and_hard_all_but_the_gradients() {
    for seed in 0..4 {
        check_relaxation(&Gumbel::soft(Ramp::new(2.0, 0.5)), seed).unwrap();
        check_relaxation(&Gumbel::soft(Ramp::new(2.0, 0.5)).on_simplex(), seed).unwrap();
        let others = [Law::Shape, Law::Constraint, Law::Deterministic, Law::Penalty];
        check_laws(&Gumbel::gdas(), seed, &others).unwrap();
        check_laws(&Gumbel::egdas(), seed, &others).unwrap();
    }
    assert!(check_laws(&Gumbel::gdas(), 0, &[Law::Gradient]).is_err());
}

#[test]
fn on_the_simplex_parameters_start_uniform() {
    let mut noise = ChaCha8Rng::seed_from_u64(0);
    assert_eq!(Gumbel::egdas().domain(), Constraint::Simplex);
    assert_eq!(Gumbel::gdas().domain(), Constraint::Free);
    assert_eq!(Gumbel::egdas().initial(3, 4, &mut noise), Simplex.initial(3, 4, &mut noise));
}
