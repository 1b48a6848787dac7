//! The loss of all cases.

use candle_core::Tensor;
use dartloom_task::{Classification, Task as _};

use super::GoldenError;

/// The mean cross-entropy of logits `[batch, classes]` with labels `[batch]`, as the task of the
/// library computes it.
pub(super) fn cross_entropy(logits: &Tensor, labels: &Tensor) -> Result<Tensor, GoldenError> {
    let task = Classification::new(logits.dim(1)?)?;
    Ok(task.loss(logits, labels)?.mean()?)
}
