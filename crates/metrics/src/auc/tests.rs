use candle_core::{Device, Tensor};

use super::*;

fn auc(logits: &[f32], labels: &[u8]) -> Option<f64> {
    let mut scorer = Auc::new(DEFAULT_BINS).unwrap();
    let logits = Tensor::new(logits, &Device::Cpu).unwrap();
    scorer.update(&logits, &Tensor::new(labels, &Device::Cpu).unwrap()).unwrap();
    scorer.value()
}

/// Positive 2 and -1, negative 1 and -2: of four pairs three are in order.
#[test]
fn the_area_is_the_share_of_pairs_in_order() {
    assert_eq!(auc(&[2.0, -1.0, 1.0, -2.0], &[1, 1, 0, 0]), Some(0.75));
    assert_eq!(auc(&[3.0, -3.0], &[1, 0]), Some(1.0));
    assert_eq!(auc(&[3.0, -3.0], &[0, 1]), Some(0.0));
    assert_eq!(auc(&[0.5, 0.5, 0.5], &[0, 1, 1]), Some(0.5), "equal ones count half");
}

#[test]
fn one_kind_alone_has_no_area() {
    assert_eq!(auc(&[1.0, 2.0], &[1, 1]), None);
    assert_eq!(auc(&[1.0, 2.0], &[0, 0]), None);
}

#[test]
fn nan_and_infinities_are_the_worst_and_the_ends() {
    assert_eq!(auc(&[f32::NAN, 0.0], &[1, 0]), Some(0.0));
    assert_eq!(auc(&[0.0, f32::NAN], &[1, 0]), Some(0.0));
    assert_eq!(auc(&[f32::INFINITY, f32::NEG_INFINITY], &[1, 0]), Some(1.0));
}

#[test]
fn what_is_no_binary_label_is_named() {
    let mut scorer = Auc::new(2).unwrap();
    let logits = Tensor::new(&[[0.0_f32], [1.0]], &Device::Cpu).unwrap();
    let labels = Tensor::new(&[[1.0_f32], [0.5]], &Device::Cpu).unwrap();
    let error = scorer.update(&logits, &labels).unwrap_err().to_string();
    assert_eq!(error, "row 1, label 0: expected 0 or 1, found 0.5");
    assert_eq!(Auc::new(1).unwrap_err().to_string(), "bins: expected from 2 to 1048576, found 1");
}
