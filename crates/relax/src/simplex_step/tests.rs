use candle_core::{DType, Device, Tensor, Var};
use proptest::prelude::*;

use super::{AccumulatedRate, ExponentiatedGradient, Floor, Geometry};
use crate::{Groups, RelaxError};

fn moved(step: ExponentiatedGradient, theta: &[f64], gradient: &[f64]) -> Vec<f64> {
    let row = |values: &[f64]| Tensor::new(values, &Device::Cpu).unwrap().unsqueeze(0).unwrap();
    let var = Var::from_tensor(&row(theta)).unwrap();
    step.step(&var, &row(gradient)).unwrap();
    var.to_vec2().unwrap().remove(0)
}

#[test]
fn from_the_middle_it_is_a_softmax_of_the_gradient() {
    let gradient = [2.0_f64.ln(), 3.0_f64.ln(), 0.0];
    // Powers of e^-g: 1/2, 1/3, 1.
    let found = moved(ExponentiatedGradient::new(1.0), &[1.0 / 3.0; 3], &gradient);
    approx::assert_relative_eq!(
        found[..],
        [3.0 / 11.0, 2.0 / 11.0, 6.0 / 11.0],
        max_relative = 1e-14
    );
}

#[test]
fn floors_come_before_or_after_the_sum() {
    let theta = [1.0 - 2e-7, 1e-7, 1e-7];
    let with = |floor| {
        let step = ExponentiatedGradient { floor, ..ExponentiatedGradient::new(0.1) };
        moved(step, &theta, &[0.0; 3])
    };
    approx::assert_relative_eq!(with(Floor::None)[..], theta, max_relative = 1e-12);
    let sum = theta[0] + 2e-5;
    let before = [theta[0] / sum, 1e-5 / sum, 1e-5 / sum];
    approx::assert_relative_eq!(with(Floor::BeforeSum(1e-5))[..], before, max_relative = 1e-12);
    let after = [theta[0], 1e-5, 1e-5];
    approx::assert_relative_eq!(with(Floor::AfterSum(1e-5))[..], after, max_relative = 1e-12);
    assert!(with(Floor::AfterSum(1e-5)).iter().sum::<f64>() > 1.0);
}

#[test]
fn huge_gradients_neither_overflow_nor_vanish() {
    let step = ExponentiatedGradient::darts();
    let found = moved(step, &[0.5, 0.25, 0.25], &[1e9, -1e9, 0.0]);
    approx::assert_relative_eq!(found[..], [0.0, 1.0, 0.0]);
    // Everything falls below the floor: nothing is preferred.
    let found = moved(step, &[0.5, 0.25, 0.25], &[1e9; 3]);
    approx::assert_relative_eq!(found[..], [1.0 / 3.0; 3]);
    let found = moved(ExponentiatedGradient::new(0.1), &[0.5, 0.25, 0.25], &[1e9; 3]);
    approx::assert_relative_eq!(found[..], [0.5, 0.25, 0.25], max_relative = 1e-6);
}

#[test]
fn without_a_floor_what_is_gone_stays_gone() {
    let found = moved(ExponentiatedGradient::new(0.1), &[0.5, 0.5, 0.0], &[0.0, 0.0, -5.0]);
    approx::assert_relative_eq!(found[..], [0.5, 0.5, 0.0]);
    let found = moved(ExponentiatedGradient::darts(), &[0.5, 0.5, 0.0], &[0.0, 0.0, -5.0]);
    assert!(found[2] > 9e-6);
}

#[test]
fn additive_steps_are_plain_descent() {
    let geometry = Geometry::Additive;
    let step = ExponentiatedGradient { geometry, ..ExponentiatedGradient::new(0.1) };
    let found = moved(step, &[0.5, 0.3, 0.2], &[1.0, -1.0, 5.0]);
    approx::assert_abs_diff_eq!(found[..], [0.5, 0.5, 0.0], epsilon = 1e-14);
}

#[test]
fn relative_rates_see_the_whole_table() {
    let table = |rows: [[f32; 2]; 2]| Tensor::new(&rows, &Device::Cpu).unwrap();
    let theta = Var::from_tensor(&table([[0.5; 2]; 2])).unwrap();
    let relative =
        ExponentiatedGradient { relative: true, ..ExponentiatedGradient::new(3.0_f64.ln()) };
    relative.step(&theta, &table([[1.0, 0.0], [0.0, -2.0]])).unwrap();
    let found: Vec<Vec<f32>> = theta.to_vec2().unwrap();
    let root = 3.0_f32.sqrt();
    approx::assert_relative_eq!(found[1][..], [0.25, 0.75], max_relative = 1e-6);
    approx::assert_relative_eq!(found[0][1], root / (1.0 + root), max_relative = 1e-6);
    relative.step(&theta, &table([[0.0; 2]; 2])).unwrap();
    assert_eq!(theta.to_vec2::<f32>().unwrap(), found);
}

#[test]
fn groups_move_by_themselves() {
    let line = |values: [f64; 5]| Tensor::new(&values, &Device::Cpu).unwrap();
    let theta = Var::from_tensor(&line([0.5, 0.5, 0.2, 0.3, 0.5])).unwrap();
    let groups = Groups::of(&[2, 2, 3, 3, 3]);
    let step = ExponentiatedGradient::new(2.0_f64.ln());
    step.step_groups(&theta, &line([1.0, 0.0, 0.0, 0.0, 0.0]), &groups).unwrap();
    let found: Vec<f64> = theta.to_vec1().unwrap();
    let expected = [1.0 / 3.0, 2.0 / 3.0, 0.2, 0.3, 0.5];
    approx::assert_relative_eq!(found[..], expected, max_relative = 1e-14);
    let short = Groups::of(&[2, 2]);
    let refused = step.step_groups(&theta, &line([0.0; 5]), &short).unwrap_err();
    assert!(matches!(refused, RelaxError::Groups { expected: 2, .. }));
}

#[test]
fn what_cannot_be_moved_is_refused_and_left_alone() {
    let table = |row: [f32; 2]| Tensor::new(&[row], &Device::Cpu).unwrap();
    let refused = |theta: [f32; 2], gradient: Tensor, step: ExponentiatedGradient| {
        let theta = Var::from_tensor(&table(theta)).unwrap();
        let before: Vec<u32> = bits(&theta);
        let found = step.step(&theta, &gradient).unwrap_err();
        assert_eq!(bits(&theta), before);
        found.to_string()
    };
    let step = ExponentiatedGradient::darts();
    let found = refused([0.5; 2], table([0.0, f32::NAN]), step);
    assert_eq!(found, "entry 1: expected a finite gradient, found NaN");
    let found = refused([1.5, -0.5], table([0.0; 2]), step);
    assert_eq!(found, "row 0, candidate 1: expected a finite weight >= 0, found -0.5");
    assert!(refused([0.0; 2], table([0.0; 2]), step).contains("found 0"));
    let wide = Tensor::zeros((1, 3), DType::F32, &Device::Cpu).unwrap();
    assert!(refused([0.5; 2], wide, step).contains("expected shape [1, 2], found [1, 3]"));
    let bad = ExponentiatedGradient { rate: -0.1, ..step };
    assert!(refused([0.5; 2], table([0.0; 2]), bad).contains("`rate`"));
    let bad = ExponentiatedGradient { floor: Floor::AfterSum(f64::NAN), ..step };
    assert!(refused([0.5; 2], table([0.0; 2]), bad).contains("`floor`"));
}

fn bits(theta: &Var) -> Vec<u32> {
    let flat: Vec<f32> = theta.flatten_all().unwrap().to_vec1().unwrap();
    flat.into_iter().map(f32::to_bits).collect()
}

#[test]
fn accumulated_rates_fall_within_their_limits() {
    let mut rate = AccumulatedRate::new(0.1, 0.01, 0.3);
    approx::assert_relative_eq!(rate.next(0.5), 0.1);
    approx::assert_relative_eq!(rate.next(2.0), 0.1 / 4.25_f64.sqrt());
    approx::assert_relative_eq!(rate.next(1e3), 0.01);
}

proptest! {
    /// The step minimises `eta g p + KL(p || theta)` over the simplex: no mixture with a corner
    /// is better.
    #[test]
    fn it_is_mirror_descent(
        rows in prop::collection::vec((0.05_f64..1.0, -3.0_f64..3.0), 2..8),
        rate in 0.01_f64..2.0,
        mixed in 1e-3_f64..0.5,
    ) {
        let sum: f64 = rows.iter().map(|row| row.0).sum();
        let theta: Vec<f64> = rows.iter().map(|row| row.0 / sum).collect();
        let gradient: Vec<f64> = rows.iter().map(|row| row.1).collect();
        let found = moved(ExponentiatedGradient::new(rate), &theta, &gradient);
        prop_assert!((found.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        let value = |p: &[f64]| -> f64 {
            let terms = p.iter().zip(&gradient).zip(&theta);
            terms.map(|((p, g), t)| rate * g * p + p * (p / t).ln()).sum()
        };
        for corner in 0..theta.len() {
            let other: Vec<f64> = (0..theta.len())
                .map(|i| (1.0 - mixed) * found[i] + if i == corner { mixed } else { 0.0 })
                .collect();
            prop_assert!(value(&other) >= value(&found) - 1e-12);
        }
    }

    #[test]
    fn a_constant_added_to_the_gradient_changes_nothing(
        rows in prop::collection::vec((0.05_f64..1.0, -3.0_f64..3.0), 2..8),
        shift in -50.0_f64..50.0,
    ) {
        let sum: f64 = rows.iter().map(|row| row.0).sum();
        let theta: Vec<f64> = rows.iter().map(|row| row.0 / sum).collect();
        let gradient: Vec<f64> = rows.iter().map(|row| row.1).collect();
        let shifted: Vec<f64> = gradient.iter().map(|g| g + shift).collect();
        let step = ExponentiatedGradient::new(0.7);
        for (a, b) in moved(step, &theta, &gradient).iter().zip(moved(step, &theta, &shifted)) {
            approx::assert_relative_eq!(*a, b, max_relative = 1e-10);
        }
    }
}
