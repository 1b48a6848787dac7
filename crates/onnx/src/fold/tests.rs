#![allow(clippy::unwrap_used, reason = "a test stops at what it cannot make")]

use std::collections::BTreeMap;

use dartloom_space::{Dropout, Layer};

use super::*;
use crate::Array;

fn norm_of_two() -> BTreeMap<String, Array> {
    let arrays = [
        ("running_mean", [1.0, -2.0]),
        ("running_var", [4.0 - 1e-5, 0.25 - 1e-5]),
        ("weight", [3.0, 0.5]),
        ("bias", [10.0, 20.0]),
    ];
    let array = |values: [f32; 2]| Array::new(vec![2], values.to_vec()).unwrap();
    arrays.map(|(name, values)| (format!("a.1.{name}"), array(values))).into()
}

fn close(found: &[f64], expected: &[f64]) {
    let far = |(a, b): (&f64, &f64)| (a - b).abs() > 1e-6;
    assert_eq!(found.len(), expected.len());
    assert!(!found.iter().zip(expected).any(far), "{found:?}, expected {expected:?}");
}

#[test]
fn a_norm_is_a_factor_and_a_summand() {
    let arrays = norm_of_two();
    let draft = Draft::new(&arrays, true, &[]);
    // Deviations 2 and 1/2.
    let learned = Affine::of_norm(&draft, "a.1", 2, true).unwrap();
    close(&learned.factor, &[1.5, 1.0]);
    close(&learned.summand, &[10.0 - 1.5, 20.0 + 2.0]);
    let plain = Affine::of_norm(&draft, "a.1", 2, false).unwrap();
    close(&plain.factor, &[0.5, 2.0]);
    close(&plain.summand, &[-0.5, 4.0]);
    close(&plain.after_bias(&[1.0, 10.0]).summand, &[0.0, 24.0]);
}

#[test]
fn weights_are_scaled_by_the_channel_they_put_out() {
    let norm = Affine { factor: vec![2.0, 3.0], summand: vec![0.0, 1.0] };
    // Of a convolution: all weights of a channel follow each other.
    assert_eq!(norm.weights(&[1.0, 1.0, 1.0, 1.0], 2), [2.0, 2.0, 3.0, 3.0]);
    // Of a transposed one: channels of the output inside those of the input.
    assert_eq!(norm.weights(&[1.0, 1.0, 1.0, 1.0], 1), [2.0, 3.0, 2.0, 3.0]);
    let [first, second] = norm.split(1);
    assert_eq!((first.factor, second.biases()), (vec![2.0], vec![1.0]));
}

#[test]
fn a_convolution_absorbs_its_bias_always_and_a_norm_when_asked() {
    let norm = Layer::Norm { channels: 2, affine: true };
    let bias = Layer::Bias { channels: 2 };
    let dropout = Layer::Dropout(Dropout::new(0.5).unwrap());
    let conv = || Layer::pointwise(2, 2);
    let all = [conv(), Layer::Identity, bias, dropout, norm.clone(), Layer::Relu];
    let behind = |fold| Absorbed::behind(&all, 0, fold);
    assert_eq!(behind(true), Absorbed { bias: Some(2), norm: Some((4, true)), last: Some(4) });
    assert_eq!(behind(false), Absorbed { bias: Some(2), norm: None, last: Some(2) });
    // What stands behind something else stays.
    let far = [conv(), Layer::Relu, norm];
    assert_eq!(Absorbed::behind(&far, 0, true), Absorbed::default());
}
