#![allow(clippy::float_cmp, reason = "counts and zeros are exact")]

use approx::assert_relative_eq;
use candle_core::{Device, Var};

use super::*;

/// Logits ln 3 and 0: probabilities 3/4 and 1/2.
#[test]
fn losses_equal_a_calculation_by_hand() {
    let task = MultiLabel::new(2).unwrap();
    let logits = Tensor::new(&[[3.0_f64.ln(), 0.0]], &Device::Cpu).unwrap();
    let labels = Tensor::new(&[[1.0_f32, 0.0]], &Device::Cpu).unwrap();
    let loss = task.loss(&logits, &labels).unwrap();
    let expected = (4.0_f64 / 3.0).ln() + 2.0_f64.ln();
    assert_relative_eq!(loss.sum.to_scalar::<f64>().unwrap(), expected, max_relative = 1e-12);
    assert_eq!(loss.count, 2.0);
}

/// `sigmoid(x) - y`: one half at a logit of 0, where a head may begin.
#[test]
fn the_slope_at_zero_is_right_and_large_logits_stay_finite() {
    let task = MultiLabel::new(3).unwrap();
    let logits = Var::new(&[[0.0_f32, 1000.0, -1000.0]], &Device::Cpu).unwrap();
    let labels = Tensor::new(&[[1.0_f32, 0.0, 1.0]], &Device::Cpu).unwrap();
    let loss = task.loss(&logits, &labels).unwrap();
    assert_relative_eq!(loss.sum.to_scalar::<f32>().unwrap(), 2000.0 + 2.0_f32.ln());
    let gradient = loss.sum.backward().unwrap().get(&logits).unwrap().to_vec2::<f32>().unwrap();
    assert_eq!(gradient, [[-0.5, 1.0, -1.0]]);
}

#[test]
fn other_shapes_and_settings_are_refused() {
    assert!(MultiLabel::new(0).is_err());
    let task = MultiLabel::new(2).unwrap();
    assert!(task.check(&TargetSpec::Labels(3)).is_err());
    let logits = Tensor::zeros((1, 2), candle_core::DType::F32, &Device::Cpu).unwrap();
    let labels = Tensor::zeros(2, candle_core::DType::F32, &Device::Cpu).unwrap();
    let error = task.loss(&logits, &labels).unwrap_err().to_string();
    let expected = "multi_label: expected logits [batch, labels] with labels of the same shape with 2 \
                    numbers, found an output of [1, 2] with a target of [2]";
    assert_eq!(error, expected);
}
