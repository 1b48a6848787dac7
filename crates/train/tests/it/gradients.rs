//! Gradients by name, their norm and clipping; schedules.

use std::collections::BTreeMap;

use approx::assert_relative_eq;
use candle_core::{DType, Device, Tensor, Var};
use dartloom_train::{Gradients, Schedule, gradients_of};

fn vars(names: &[(&str, &[f64])]) -> BTreeMap<String, Var> {
    let var = |values: &[f64]| {
        Var::from_tensor(&Tensor::from_slice(values, values.len(), &Device::Cpu).unwrap()).unwrap()
    };
    names.iter().map(|(name, values)| ((*name).to_owned(), var(values))).collect()
}

fn three_four() -> Gradients {
    let a = Tensor::new(&[3.0], &Device::Cpu).unwrap();
    let b = Tensor::new(&[[0.0], [4.0f32]], &Device::Cpu).unwrap();
    Gradients(BTreeMap::from([("a".to_owned(), a), ("b".to_owned(), b)]))
}

fn flat(gradients: &Gradients, name: &str) -> Vec<f64> {
    let tensor = gradients.0[name].flatten_all().unwrap();
    tensor.to_dtype(DType::F64).unwrap().to_vec1().unwrap()
}

#[test]
fn unused_variables_have_no_gradient() {
    let variables = vars(&[("used", &[2.0, 3.0]), ("unused", &[1.0])]);
    let loss = variables["used"].sqr().unwrap().sum_all().unwrap();
    let gradients = gradients_of(&loss, &variables).unwrap();
    assert_eq!(gradients.0.keys().collect::<Vec<_>>(), ["used"]);
    assert_relative_eq!(flat(&gradients, "used")[..], [4.0, 6.0]);
}

#[test]
fn only_the_asked_for_gradients_are_taken() {
    let variables = vars(&[("a", &[2.0]), ("b", &[5.0])]);
    let loss = (variables["a"].as_tensor() * variables["b"].as_tensor()).unwrap();
    let mut store = loss.sum_all().unwrap().backward().unwrap();
    let a = BTreeMap::from([("a".to_owned(), variables["a"].clone())]);
    assert_relative_eq!(flat(&Gradients::take(&mut store, &a), "a")[0], 5.0);
    assert!(Gradients::take(&mut store, &a).0.is_empty(), "taken once");
    assert_relative_eq!(flat(&Gradients::take(&mut store, &variables), "b")[0], 2.0);
}

#[test]
fn the_norm_runs_over_all_values_of_all_types() {
    assert_relative_eq!(three_four().norm().unwrap(), 5.0, max_relative = 1e-12);
    assert_relative_eq!(Gradients::default().norm().unwrap(), 0.0);
}

#[test]
fn clipping_scales_down_and_returns_the_norm_before() {
    let mut gradients = three_four();
    assert_relative_eq!(gradients.clip_norm(1.0).unwrap(), 5.0, max_relative = 1e-12);
    let scale = 1.0 / (5.0 + 1e-6);
    assert_relative_eq!(flat(&gradients, "a")[..], [3.0 * scale], max_relative = 1e-12);
    assert_relative_eq!(flat(&gradients, "b")[..], [0.0, 4.0 * scale], max_relative = 1e-6);
    assert!(gradients.norm().unwrap() < 1.0);
}

#[test]
fn clipping_never_scales_up() {
    for most in [5.1, 1e9, f64::INFINITY] {
        let mut gradients = three_four();
        gradients.clip_norm(most).unwrap();
        assert_eq!(flat(&gradients, "a")[0].to_bits(), 3.0f64.to_bits());
    }
}

#[test]
fn clipping_reports_a_norm_that_is_not_finite() {
    let mut gradients = three_four();
    let bad = Tensor::new(&[f64::NAN], &Device::Cpu).unwrap();
    gradients.0.insert("c".to_owned(), bad);
    assert!(gradients.clip_norm(1.0).unwrap().is_nan());
}

#[test]
fn cosine_starts_at_its_first_rate_and_never_reaches_its_last() {
    let schedule = Schedule::Cosine { from: 0.1, to: 0.02 };
    let found: Vec<f64> = (0..4).map(|epoch| schedule.at(epoch, 4)).collect();
    // cos(0), cos(pi / 4), cos(pi / 2), cos(3 pi / 4)
    let half = std::f64::consts::FRAC_1_SQRT_2;
    let expected = [0.1, 0.02 + 0.04 * (1.0 + half), 0.06, 0.02 + 0.04 * (1.0 - half)];
    assert_relative_eq!(found[..], expected, max_relative = 1e-12);
    // DARTS' search: 0.025 to 0.001 over 50 epochs is at the mean in the middle.
    let darts = Schedule::Cosine { from: 0.025, to: 0.001 };
    assert_relative_eq!(darts.at(25, 50), 0.013, max_relative = 1e-12);
    assert_relative_eq!(darts.at(0, 0), 0.025, max_relative = 1e-12);
}

#[test]
fn constant_stays_and_rates_are_checked() {
    assert_relative_eq!(Schedule::Constant(0.3).at(7, 9), 0.3);
    assert!(Schedule::Constant(0.0).is_valid());
    for bad in [-0.1, f64::NAN, f64::INFINITY] {
        assert!(!Schedule::Constant(bad).is_valid());
        assert!(!Schedule::Cosine { from: bad, to: 0.0 }.is_valid());
        assert!(!Schedule::Cosine { from: 0.1, to: bad }.is_valid());
    }
}
