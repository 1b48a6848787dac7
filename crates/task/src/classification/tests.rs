#![allow(clippy::float_cmp, reason = "counts and zeros are exact")]

use approx::assert_relative_eq;
use candle_core::{Device, Var};

use super::*;

/// The loss as training computed it before there were tasks, operation by operation.
fn inlined(logits: &Tensor, labels: &Tensor) -> Tensor {
    let log = candle_nn::ops::log_softmax(logits, D::Minus1).unwrap();
    let picked = log.gather(&labels.unsqueeze(1).unwrap(), 1).unwrap().squeeze(1).unwrap();
    picked.mean_all().unwrap().neg().unwrap()
}

fn logits(rows: usize) -> Var {
    let value = |i: usize| ((i * 37 % 101) as f32 / 17.0).sin() * 3.0;
    let values: Vec<f32> = (0..rows * 10).map(value).collect();
    Var::from_tensor(&Tensor::from_vec(values, (rows, 10), &Device::Cpu).unwrap()).unwrap()
}

/// Searches and trainings are repeated to the bit, so the mean of the loss is what it always was.
#[test]
fn value_and_gradient_equal_the_former_mean_to_the_bit() {
    let task = Classification::new(10).unwrap();
    for rows in [1, 2, 3, 5, 6, 7, 11, 13, 32, 49, 96, 100] {
        let logits = logits(rows);
        let labels: Vec<u32> = (0..rows as u32).map(|i| i * 3 % 10).collect();
        let labels = Tensor::new(labels, &Device::Cpu).unwrap();
        let old = inlined(&logits, &labels);
        let new = task.loss(&logits, &labels).unwrap().mean().unwrap();
        let bits = |scalar: &Tensor| scalar.to_scalar::<f32>().unwrap().to_bits();
        assert_eq!(bits(&old), bits(&new), "{rows} rows");
        let gradient = |loss: &Tensor| -> Vec<u32> {
            let store = loss.backward().unwrap();
            let gradient = store.get(&logits).unwrap().flatten_all().unwrap();
            gradient.to_vec1::<f32>().unwrap().into_iter().map(f32::to_bits).collect()
        };
        assert_eq!(gradient(&old), gradient(&new), "{rows} rows");
    }
}

/// Probabilities 1/4 and 3/4 for both images, labels 0 and 1.
#[test]
fn losses_equal_a_calculation_by_hand() {
    let logits = [[0.0, 3.0_f64.ln()], [0.0, 3.0_f64.ln()]];
    let logits = Tensor::new(&logits, &Device::Cpu).unwrap();
    let labels = Tensor::new(&[0_u32, 1], &Device::Cpu).unwrap();
    let found = |task: &Classification| {
        let loss = task.loss(&logits, &labels).unwrap();
        (loss.sum.to_scalar::<f64>().unwrap(), loss.count)
    };
    let a = 4.0_f64.ln();
    let b = (4.0_f64 / 3.0).ln();
    let plain = Classification::new(2).unwrap();
    let (sum, count) = found(&plain);
    assert_relative_eq!(sum, a + b, max_relative = 1e-12);
    assert_eq!(count, 2.0);
    let smooth = plain.clone().with_smoothing(0.2).unwrap();
    assert_relative_eq!(
        found(&smooth).0,
        0.8 * (a + b) + 0.1 * 2.0 * (a + b),
        max_relative = 1e-12
    );
    let judged = smooth.judged_loss(&logits, &labels).unwrap().sum.to_scalar::<f64>().unwrap();
    assert_relative_eq!(judged, a + b, max_relative = 1e-12);
    let weighted = plain.with_weights(vec![3.0, 0.5]).unwrap();
    let (sum, count) = found(&weighted);
    assert_relative_eq!(sum, 3.0 * a + 0.5 * b, max_relative = 1e-12);
    assert_eq!(count, 3.5);
}

#[test]
fn a_label_that_is_no_class_is_told_before_anything_is_gathered() {
    let task = Classification::new(2).unwrap();
    let logits = Tensor::new(&[[0.0_f32, 1.0]], &Device::Cpu).unwrap();
    let error = task.loss(&logits, &Tensor::new(&[5_u32], &Device::Cpu).unwrap()).unwrap_err();
    assert_eq!(error.to_string(), "classification: expected labels below 2, found 5");
}

#[test]
fn other_targets_and_settings_are_refused() {
    let task = Classification::new(2).unwrap();
    let error = task.check(&TargetSpec::Class { classes: 3 }).unwrap_err().to_string();
    assert_eq!(error, "classification needs one of 2 classes, found one of 3 classes");
    assert!(task.check(&TargetSpec::Labels(2)).is_err());
    assert!(Classification::new(1).is_err());
    assert!(task.clone().with_smoothing(1.0).is_err());
    assert!(task.clone().with_weights(vec![1.0]).is_err());
    assert!(task.clone().with_weights(vec![0.0, 0.0]).is_err());
    let smooth = task.clone().with_smoothing(0.1).unwrap();
    assert_ne!(smooth.identity(), task.identity());
    assert_eq!(task.identity(), Classification::new(2).unwrap().identity());
}
