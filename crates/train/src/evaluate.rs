//! Loss and accuracy over a data set.

use candle_core::Tensor;
use dartloom_data::Loader;
use dartloom_metrics::{Accuracy, Scorer};

use crate::{TrainError, cross_entropy};

/// What an evaluation found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evaluation {
    /// Mean cross-entropy over the images.
    pub loss: f64,
    /// Share of images classified right.
    pub accuracy: f64,
}

/// Runs `forward` (images to logits) over one epoch of `loader`.
///
/// # Errors
/// The error of `forward` or of the loader; [`TrainError::Config`] when there are no images.
pub fn evaluate<E: From<TrainError>>(
    loader: &Loader<'_>,
    mut forward: impl FnMut(&Tensor) -> Result<Tensor, E>,
) -> Result<Evaluation, E> {
    let (mut sum, mut count) = (0.0, 0.0);
    let mut accuracy = Accuracy::new();
    for step in 0..loader.batches_per_epoch() {
        let batch = loader.batch(0, step).map_err(TrainError::from)?;
        let logits = forward(&batch.inputs)?.detach();
        let images = batch.targets.elem_count() as f64;
        let value = scalar(&cross_entropy(&logits, &batch.targets, 0.0)?)?;
        sum += images * value;
        count += images;
        accuracy.update(&logits, &batch.targets).map_err(TrainError::from)?;
    }
    match accuracy.value() {
        Some(accuracy) => Ok(Evaluation { loss: sum / count, accuracy }),
        None => Err(TrainError::Config {
            field: "evaluation data",
            expected: "at least one image",
            found: "none".to_owned(),
        }
        .into()),
    }
}

/// A scalar tensor as f64.
pub(crate) fn scalar(tensor: &Tensor) -> Result<f64, TrainError> {
    Ok(tensor.to_dtype(candle_core::DType::F64)?.to_scalar::<f64>()?)
}
