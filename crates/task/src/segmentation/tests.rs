#![allow(clippy::float_cmp, reason = "counts and zeros are exact")]

use approx::assert_relative_eq;
use candle_core::Device;

use super::*;
use crate::losses::{Dice, Focal, Over, Tversky};

/// One image of four pixels; probabilities of class 1 are 1/2, 3/4, 1/4 and 1/2.
fn output() -> Tensor {
    let high = 3.0_f64.ln();
    Tensor::new(&[[[[0.0, 0.0, high, 0.0]], [[0.0, high, 0.0, 0.0]]]], &Device::Cpu).unwrap()
}

fn found(task: &Segmentation, mask: [u32; 4]) -> (f64, f64) {
    let loss = task.loss(&output(), &Tensor::new(&[[mask]], &Device::Cpu).unwrap()).unwrap();
    (loss.sum.to_scalar().unwrap(), loss.count)
}

#[test]
fn losses_equal_a_calculation_by_hand() {
    let plain = Segmentation::new(2, Some(255)).unwrap();
    // Labels 1 1 1, and one pixel nobody knows.
    let mask = [1, 1, 1, 255];
    let terms = [2.0_f64.ln(), (4.0_f64 / 3.0).ln(), 4.0_f64.ln()];
    let (sum, count) = found(&plain, mask);
    assert_relative_eq!(sum, terms.iter().sum::<f64>(), max_relative = 1e-12);
    assert_eq!(count, 3.0);
    let weighted = plain.clone().with_weights(vec![1.0, 0.5]).unwrap();
    let (sum, count) = found(&weighted, mask);
    assert_relative_eq!(sum, 0.5 * terms.iter().sum::<f64>(), max_relative = 1e-12);
    assert_eq!(count, 1.5);
    // Dice of class 0: nothing there, 1.5 said; of class 1: 2 * 1.5 over 1.5 + 3.
    let (sum, count) = found(&plain.clone().with_dice(2.0).unwrap(), mask);
    let smooth = 1e-5;
    let dice = (smooth / (1.5 + smooth) + (3.0 + smooth) / (4.5 + smooth)) / 2.0;
    let expected = terms.iter().sum::<f64>() + 2.0 * 3.0 * (1.0 - dice);
    assert_relative_eq!(sum, expected, max_relative = 1e-12);
    assert_eq!(count, 3.0);
}

/// Of class 1 with labels 1 1 0: tp = 5/4, fp = 1/4, fn = 3/4; of class 0: 3/4, 3/4 and 1/4.
#[test]
fn overlaps_equal_a_calculation_by_hand() {
    let plain = Segmentation::new(2, Some(255)).unwrap();
    let loss = |loss: ClassLoss| {
        let (sum, count) = found(&plain.clone().with_loss(loss).unwrap(), [1, 1, 0, 255]);
        sum / count
    };
    let tversky = Tversky { smooth: 1.0, ..Tversky::default() };
    let index = |tp: f64, fp: f64, missed: f64| (tp + 1.0) / (tp + 0.3 * fp + 0.7 * missed + 1.0);
    let indices = [index(0.75, 0.75, 0.25), index(1.25, 0.25, 0.75)];
    let expected = 1.0 - (indices[0] + indices[1]) / 2.0;
    assert_relative_eq!(loss(ClassLoss::Tversky(tversky)), expected, max_relative = 1e-12);
    let foreground = Tversky { background: false, ..tversky };
    let expected = 1.0 - indices[1];
    assert_relative_eq!(loss(ClassLoss::Tversky(foreground)), expected, max_relative = 1e-12);
    let dice = Dice { smooth: 1.0, background: false, over: Over::Image };
    let expected = 1.0 - (2.0 * 1.25 + 1.0) / (1.5 + 2.0 + 1.0);
    assert_relative_eq!(loss(ClassLoss::Dice(dice)), expected, max_relative = 1e-12);
    // With equal weights of both errors the index is the coefficient of twice the term.
    let half = Tversky { alpha: 0.5, beta: 0.5, smooth: 0.5, background: false, over: Over::Batch };
    assert_relative_eq!(loss(ClassLoss::Tversky(half)), expected, max_relative = 1e-12);
}

#[test]
fn a_focal_loss_equals_a_calculation_by_hand() {
    let task = Segmentation::new(2, Some(255)).unwrap().with_weights(vec![3.0, 1.0]).unwrap();
    let task = task.with_loss(ClassLoss::Focal(Focal { gamma: 2.0 })).unwrap();
    let (sum, count) = found(&task, [1, 1, 0, 255]);
    let certain = (4.0_f64 / 3.0).ln() / 16.0;
    assert_relative_eq!(sum, 2.0_f64.ln() / 4.0 + certain + 3.0 * certain, max_relative = 1e-12);
    assert_eq!(count, 3.0);
}

#[test]
fn smoothing_is_for_learning_alone() {
    let task = Segmentation::new(2, Some(255)).unwrap();
    let smoothed = task.smoothed(0.1).unwrap().unwrap();
    let target = Tensor::new(&[[[1_u32, 1, 0, 255]]], &Device::Cpu).unwrap();
    let number = |loss: Loss| loss.sum.to_scalar::<f64>().unwrap();
    let judged = number(smoothed.judged_loss(&output(), &target).unwrap());
    assert_eq!(judged, number(task.loss(&output(), &target).unwrap()));
    assert!(number(smoothed.loss(&output(), &target).unwrap()) > judged);
}

#[test]
fn a_batch_of_ignored_pixels_costs_nothing() {
    let task = Segmentation::new(2, Some(255)).unwrap().with_dice(1.0).unwrap();
    assert_eq!(found(&task, [255; 4]), (0.0, 0.0));
    let target = Tensor::new(&[[[255_u32; 4]]], &Device::Cpu).unwrap();
    let mean = task.loss(&output(), &target).unwrap().mean().unwrap();
    assert_eq!(mean.to_scalar::<f64>().unwrap(), 0.0);
}

#[test]
fn wrong_labels_shapes_and_settings_are_refused() {
    let task = Segmentation::new(2, Some(255)).unwrap();
    let mask = Tensor::new(&[[[0_u32, 1, 7, 255]]], &Device::Cpu).unwrap();
    let error = task.loss(&output(), &mask).unwrap_err().to_string();
    assert_eq!(error, "segmentation: expected labels below 2, found 7");
    let flat = Tensor::new(&[[0_u32, 1, 1, 0]], &Device::Cpu).unwrap();
    assert!(matches!(task.loss(&output(), &flat), Err(TaskError::Shape { .. })));
    assert!(Segmentation::new(2, Some(1)).is_err());
    assert!(Segmentation::new(1, None).is_err());
    assert!(task.clone().with_dice(-1.0).is_err());
    let other = TargetSpec::Mask { classes: 2, ignore: None };
    let error = task.check(&other).unwrap_err().to_string();
    let expected =
        "segmentation needs a mask of 2 classes that ignores 255, found a mask of 2 classes";
    assert_eq!(error, expected);
}
