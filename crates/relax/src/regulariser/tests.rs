use candle_core::{DType, Device, Tensor, Var};
use proptest::prelude::*;

use crate::testkit::{check_regulariser, check_relaxation};
use crate::{
    BetaDecay, ConcaveNorm, ExpectedCost, L1, NegativeEntropy, Penalised, Penalties, Progress,
    Ramp, Regulariser, RelaxError, Relaxation, Sigmoid, Simplex, Softmax, ZeroOne, ZeroOneNorm,
};

const AT: Progress = Progress { epoch: 1, epochs: 3 };
const NEAR: ZeroOne = ZeroOne { norm: ZeroOneNorm::L1 };
const FAR: ZeroOne = ZeroOne { norm: ZeroOneNorm::L2 };

fn table(rows: &[&[f64]]) -> Tensor {
    let flat: Vec<f64> = rows.concat();
    Tensor::from_vec(flat, (rows.len(), rows[0].len()), &Device::Cpu).unwrap()
}

/// The term of weights whose logits do not matter.
fn loss(regulariser: &dyn Regulariser, weights: &Tensor) -> f64 {
    regulariser.loss(weights, weights, AT).unwrap().to_scalar().unwrap()
}

#[test]
fn own_regularisers_obey() {
    let costs: Vec<Vec<f64>> =
        (0..5).map(|row| (0..8).map(|op| f64::from(row * op)).collect()).collect();
    let cost = ExpectedCost::new(&costs, 7.0).unwrap();
    let all: [&dyn Regulariser; 7] =
        [&NEAR, &FAR, &NegativeEntropy, &ConcaveNorm::default(), &BetaDecay, &cost, &L1];
    for regulariser in all {
        for seed in 0..4 {
            check_regulariser(regulariser, (5, 8), seed).unwrap();
        }
    }
}

#[test]
fn zero_one_is_best_where_all_is_decided() {
    let decided = table(&[&[0.0, 1.0], &[1.0, 1.0]]);
    let undecided = table(&[&[0.5; 2], &[0.5; 2]]);
    approx::assert_relative_eq!(loss(&FAR, &decided), -0.25);
    approx::assert_relative_eq!(loss(&NEAR, &decided), -0.5);
    approx::assert_abs_diff_eq!(loss(&FAR, &undecided), 0.0);
    approx::assert_abs_diff_eq!(loss(&NEAR, &undecided), 0.0);
    // (0.3^2 + 0.1^2) / 2 and (0.3 + 0.1) / 2.
    let some = table(&[&[0.8, 0.4]]);
    approx::assert_relative_eq!(loss(&FAR, &some), -0.05, max_relative = 1e-14);
    approx::assert_relative_eq!(loss(&NEAR, &some), -0.2, max_relative = 1e-14);
}

/// Both papers start at logits 0, weights one half: neither norm moves them from there.
#[test]
fn zero_one_does_not_move_logits_at_zero() {
    for regulariser in [NEAR, FAR] {
        let logits = Var::zeros((2, 3), DType::F32, &Device::Cpu).unwrap();
        let weights = candle_nn::ops::sigmoid(logits.as_tensor()).unwrap();
        let loss = regulariser.loss(logits.as_tensor(), &weights, AT).unwrap();
        let gradients = loss.backward().unwrap();
        let found: Vec<Vec<f32>> = gradients.get(&logits).unwrap().to_vec2().unwrap();
        assert!(found.iter().flatten().all(|g| g.abs() <= 0.0), "{found:?}");
    }
}

/// FairDARTS' released loss is one mean over the logits of both cells.
#[test]
fn half_the_weight_in_each_of_two_cells_is_a_mean_over_both() {
    let normal = table(&[&[0.8, 0.4], &[0.1, 0.7]]);
    let reduce = table(&[&[0.9, 0.5], &[0.3, 0.2]]);
    let both = Tensor::cat(&[&normal, &reduce], 0).unwrap();
    for norm in [NEAR, FAR] {
        let apart = 5.0 * loss(&norm, &normal) + 5.0 * loss(&norm, &reduce);
        approx::assert_relative_eq!(apart, 10.0 * loss(&norm, &both), max_relative = 1e-14);
    }
}

#[test]
fn entropy_is_nothing_for_uniform_rows_and_largest_for_decided_ones() {
    approx::assert_abs_diff_eq!(
        loss(&NegativeEntropy, &table(&[&[0.25; 4], &[0.25; 4]])),
        0.0,
        epsilon = 1e-15
    );
    let decided = loss(&NegativeEntropy, &table(&[&[0.0, 1.0, 0.0]]));
    approx::assert_relative_eq!(decided, 3.0_f64.ln(), max_relative = 1e-14);
    // 0.25 ln 0.5 + 0.75 ln 1.5
    let found = loss(&NegativeEntropy, &table(&[&[0.25, 0.75]]));
    approx::assert_relative_eq!(found, 0.130_812_035_941_137_5, max_relative = 1e-12);
}

#[test]
fn the_concave_norm_prefers_one_candidate() {
    let norm = ConcaveNorm::new(0.5, 1e-12).unwrap();
    // Each of the zeros adds the root of the offset, 1e-6.
    approx::assert_relative_eq!(loss(&norm, &table(&[&[1.0, 0.0]])), 1.0, epsilon = 1e-5);
    let uniform = loss(&norm, &table(&[&[0.25; 4], &[0.25; 4]]));
    approx::assert_relative_eq!(uniform, 2.0, epsilon = 1e-5);
    for (power, smoothing) in [(0.0, 0.1), (1.0, 0.1), (f64::NAN, 0.1), (0.5, 0.0), (0.5, -1.0)] {
        let found = ConcaveNorm::new(power, smoothing).unwrap_err();
        assert!(matches!(found, RelaxError::Parameter { .. }));
    }
}

/// (1 + 2 + 0.5 + 3) / 4, and signs over 4.
#[test]
fn l1_is_the_mean_absolute_logit() {
    let logits = Var::from_tensor(&table(&[&[1.0, -2.0], &[0.5, 3.0]])).unwrap();
    let weights = candle_nn::ops::softmax(logits.as_tensor(), 1).unwrap();
    let loss = L1.loss(logits.as_tensor(), &weights, AT).unwrap();
    approx::assert_relative_eq!(loss.to_scalar::<f64>().unwrap(), 6.5 / 4.0);
    let gradients = loss.backward().unwrap();
    let found = gradients.get(&logits).unwrap().to_vec2::<f64>().unwrap();
    assert_eq!(found, [[0.25, -0.25], [0.25, 0.25]]);
}

#[test]
fn beta_decay_pulls_by_the_softmax() {
    let logits = Var::from_tensor(&table(&[&[2.0_f64.ln(), 3.0_f64.ln()], &[0.0, 0.0]])).unwrap();
    let weights = logits.as_tensor().detach();
    let loss = BetaDecay.loss(logits.as_tensor(), &weights, AT).unwrap();
    // (ln 5 + ln 2) / 2
    let value: f64 = loss.to_scalar().unwrap();
    approx::assert_relative_eq!(value, 10.0_f64.ln() / 2.0, max_relative = 1e-14);
    let gradients = loss.backward().unwrap();
    let found: Vec<Vec<f64>> = gradients.get(&logits).unwrap().to_vec2().unwrap();
    approx::assert_relative_eq!(found[0][..], [0.2, 0.3], max_relative = 1e-14);
    approx::assert_relative_eq!(found[1][..], [0.25, 0.25], max_relative = 1e-14);
    let huge = table(&[&[1e300, 0.0]]);
    let value: f64 = BetaDecay.loss(&huge, &huge, AT).unwrap().to_scalar().unwrap();
    assert!(value.is_finite());
}

#[test]
fn expected_cost_is_an_expectation() {
    let cost = ExpectedCost::new(&[vec![0.0, 4.0], vec![1.0, 3.0]], 2.0).unwrap();
    let found = loss(&cost, &table(&[&[0.25, 0.75], &[0.5, 0.5]]));
    approx::assert_relative_eq!(found, 2.5);
    let other = table(&[&[0.5, 0.5]]);
    let found = cost.loss(&other, &other, AT).unwrap_err();
    assert!(matches!(found, RelaxError::Mismatch { .. }));
    assert!(matches!(ExpectedCost::new(&[], 1.0), Err(RelaxError::Shape { .. })));
    let ragged = ExpectedCost::new(&[vec![1.0], vec![1.0, 2.0]], 1.0);
    assert!(matches!(ragged, Err(RelaxError::Shape { found }) if found == [2, 2]));
    for (row, unit) in [(vec![-1.0], 1.0), (vec![f64::NAN], 1.0), (vec![1.0], 0.0)] {
        assert!(matches!(ExpectedCost::new(&[row], unit), Err(RelaxError::Parameter { .. })));
    }
}

#[test]
fn penalties_count_as_their_ramps_say() {
    let weights = table(&[&[0.8, 0.4]]);
    let penalties =
        Penalties::new().with(FAR, Ramp::new(0.0, 10.0)).with(NegativeEntropy, Ramp::constant(0.1));
    let at = |epoch| -> f64 {
        let at = Progress { epoch, epochs: 3 };
        penalties.loss(&weights, &weights, at).unwrap().unwrap().to_scalar().unwrap()
    };
    let zero_one = loss(&FAR, &weights);
    let entropy = loss(&NegativeEntropy, &weights);
    approx::assert_relative_eq!(at(0), 0.1 * entropy, max_relative = 1e-14);
    approx::assert_relative_eq!(at(1), 5.0 * zero_one + 0.1 * entropy, max_relative = 1e-14);
    let none = Penalties::new().with(FAR, Ramp::constant(0.0));
    assert!(none.loss(&weights, &weights, AT).unwrap().is_none());
}

/// After pruning has left one candidate per edge, weights are constant although logits still move.
#[test]
fn a_term_of_weights_without_a_choice_may_be_constant() {
    let logits = Var::from_tensor(&table(&[&[0.3], &[0.1]])).unwrap();
    let penalties = Penalties::new().with(NegativeEntropy, Ramp::constant(1.0));
    let term = penalties.loss(&logits, &table(&[&[1.0], &[1.0]]), AT).unwrap().unwrap();
    assert!(term.to_scalar::<f64>().unwrap().is_finite() && !term.track_op());
}

#[test]
fn a_penalised_relaxation_is_one() {
    for seed in 0..3 {
        check_relaxation(&Penalised::new(Sigmoid, FAR, 10.0).unwrap(), seed).unwrap();
        check_relaxation(&Penalised::new(Simplex, NegativeEntropy, 0.01).unwrap(), seed).unwrap();
        let decay = Penalised::new(Softmax::default(), BetaDecay, 50.0).unwrap();
        check_relaxation(&decay, seed).unwrap();
    }
    assert!(Penalised::new(Sigmoid, FAR, f64::NAN).is_err());
    let logits = table(&[&[3.0_f64.ln(), 0.0]]);
    let penalty = Penalised::new(Sigmoid, FAR, 10.0).unwrap().penalty(&logits).unwrap().unwrap();
    // Weights 3/4 and 1/2.
    let found: f64 = penalty.to_scalar().unwrap();
    approx::assert_relative_eq!(found, -10.0 / 32.0, max_relative = 1e-14);
}

#[test]
fn tables_of_different_shapes_are_refused() {
    let logits = table(&[&[0.0, 1.0]]);
    let weights = table(&[&[0.0], &[1.0]]);
    let all: [&dyn Regulariser; 4] = [&NEAR, &NegativeEntropy, &ConcaveNorm::default(), &BetaDecay];
    for regulariser in all {
        let found = regulariser.loss(&logits, &weights, AT).unwrap_err();
        assert!(matches!(found, RelaxError::Mismatch { .. }));
    }
}

proptest! {
    /// Sparser rows are better under the concave norm, and never under plain absolute values.
    #[test]
    fn moving_mass_to_the_heavier_candidate_lowers_the_concave_norm(
        heavy in 0.5_f64..0.95,
        share in 0.01_f64..1.0,
    ) {
        let light = 1.0 - heavy;
        let moved = light * share;
        let norm = ConcaveNorm::default();
        let before = loss(&norm, &table(&[&[heavy, light]]));
        let after = loss(&norm, &table(&[&[heavy + moved, light - moved]]));
        prop_assert!(after < before);
    }
}
