//! Cross-entropy against closed forms, and evaluation.

use approx::assert_relative_eq;
use candle_core::{DType, Device, Tensor, Var};
use dartloom_data::Loader;
use dartloom_task::{Classification, Task as _};
use dartloom_train::{TrainError, evaluate};

use crate::small::first_digits;

const LOGITS: [[f64; 3]; 2] = [[1.0, 2.0, 0.5], [0.0, -1.0, 3.0]];
const LABELS: [u32; 2] = [1, 0];

fn labels() -> Tensor {
    Tensor::new(&LABELS, &Device::Cpu).unwrap()
}

/// The mean of a classification's loss.
fn cross_entropy(logits: &Tensor, labels: &Tensor, smoothing: f64) -> Result<Tensor, TrainError> {
    let task = Classification::new(logits.dim(1)?)?.with_smoothing(smoothing)?;
    Ok(task.loss(logits, labels)?.mean()?)
}

fn value(smoothing: f64) -> f64 {
    let logits = Tensor::new(&LOGITS, &Device::Cpu).unwrap();
    cross_entropy(&logits, &labels(), smoothing).unwrap().to_scalar().unwrap()
}

/// Softmax of a row, by its definition.
fn softmax(row: [f64; 3]) -> [f64; 3] {
    let sum: f64 = row.iter().map(|x| x.exp()).sum();
    row.map(|x| x.exp() / sum)
}

#[test]
fn cross_entropy_has_its_closed_form() {
    let rows = LOGITS.map(softmax);
    let hard = -(rows[0][1].ln() + rows[1][0].ln()) / 2.0;
    assert_relative_eq!(value(0.0), hard, max_relative = 1e-12);
    assert_relative_eq!(value(0.0), 1.765_126_343_932_687, max_relative = 1e-12);
    let uniform = -rows.iter().flatten().map(|p| p.ln()).sum::<f64>() / 6.0;
    assert_relative_eq!(value(0.1), 0.9 * hard + 0.1 * uniform, max_relative = 1e-12);
    assert_relative_eq!(value(0.1), 1.773_459_677_266_020_3, max_relative = 1e-12);
}

#[test]
fn its_gradient_is_probability_minus_smoothed_label() {
    for smoothing in [0.0, 0.1, 0.7] {
        let logits = Var::from_tensor(&Tensor::new(&LOGITS, &Device::Cpu).unwrap()).unwrap();
        let loss = cross_entropy(logits.as_tensor(), &labels(), smoothing).unwrap();
        let gradients = loss.backward().unwrap();
        let found = gradients.get(&logits).unwrap().to_vec2::<f64>().unwrap();
        for (row, label) in LABELS.into_iter().enumerate() {
            for (column, p) in softmax(LOGITS[row]).into_iter().enumerate() {
                let hit = if column == label as usize { 1.0 - smoothing } else { 0.0 };
                let expected = (p - hit - smoothing / 3.0) / 2.0;
                assert_relative_eq!(found[row][column], expected, epsilon = 1e-12);
            }
        }
    }
}

#[test]
fn large_logits_do_not_overflow() {
    let logits = Tensor::new(&[[1000.0f32, 0.0], [-1000.0, 0.0]], &Device::Cpu).unwrap();
    let labels = Tensor::new(&[0u32, 0], &Device::Cpu).unwrap();
    let loss = cross_entropy(&logits, &labels, 0.0).unwrap().to_scalar::<f32>().unwrap();
    assert_relative_eq!(loss, 500.0);
}

#[test]
fn labels_beyond_the_classes_are_an_error() {
    let logits = Tensor::zeros((2, 3), DType::F32, &Device::Cpu).unwrap();
    let labels = Tensor::new(&[0u32, 3], &Device::Cpu).unwrap();
    assert!(cross_entropy(&logits, &labels, 0.0).is_err());
}

#[test]
fn evaluation_weighs_a_short_last_batch_by_its_images() {
    let data = first_digits(10);
    let loader = Loader::new(&data, 4).unwrap();
    // All logits equal: the loss is ln 10 everywhere. The first image of every batch is told apart
    // by a logit for class 0, so the mean over images differs from the mean over batches.
    let task = dartloom_task::Classification::new(10).unwrap();
    let mut losses = Vec::new();
    let found = evaluate(&loader, &task, |images| -> Result<Tensor, TrainError> {
        let count = images.dim(0)?;
        let mut values = vec![0.0f32; count * 10];
        values[0] = 5.0;
        let logits = Tensor::from_vec(values, (count, 10), &Device::Cpu)?;
        losses.push(count);
        Ok(logits)
    })
    .unwrap();
    assert_eq!(losses, [4, 4, 2]);
    let mut expected = 0.0;
    for index in 0..10 {
        let label = dartloom_data::digits().train.labels()[index];
        let marked = [0, 4, 8].contains(&index);
        let sum = if marked { 5f64.exp() + 9.0 } else { 10.0 };
        expected += sum.ln() - if marked && label == 0 { 5.0 } else { 0.0 };
    }
    assert_relative_eq!(found.loss, expected / 10.0, max_relative = 1e-6);
    assert!((0.0..=1.0).contains(&found.score()));
}
