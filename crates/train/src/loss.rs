//! Losses.

use candle_core::{D, Tensor};

use crate::TrainError;

/// Mean cross-entropy of `logits` `[B, classes]` against `labels` `[B]` (u32), with label
/// smoothing `smoothing` in `[0, 1)`.
///
/// `-(1/B) sum_b [(1 - s) log p_b(y_b) + (s / classes) sum_c log p_b(c)]` with
/// `p = softmax(logits)` and `s = smoothing` (Szegedy et al. 2015, section 7).
///
/// # Errors
/// When shapes or types do not fit.
pub fn cross_entropy(
    logits: &Tensor,
    labels: &Tensor,
    smoothing: f64,
) -> Result<Tensor, TrainError> {
    let log = candle_nn::ops::log_softmax(logits, D::Minus1)?;
    let picked = log.gather(&labels.unsqueeze(1)?, 1)?.squeeze(1)?;
    let hard = picked.mean_all()?.neg()?;
    if smoothing <= 0.0 {
        return Ok(hard);
    }
    let soft = log.mean_all()?.neg()?;
    Ok(((hard * (1.0 - smoothing))? + (soft * smoothing)?)?)
}
