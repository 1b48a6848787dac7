//! Stops training when numbers are not finite.

use candle_core::{DType, Tensor};
use dartloom_ops::Watch;
use dartloom_record::Where;

use crate::TrainError;

/// The position of a training loop, as it appears in [`TrainError::NotFinite`].
#[derive(Clone, Copy, Debug)]
pub struct Finite<'a> {
    /// The phase that is trained.
    pub phase: &'a Where,
    /// Epoch, from 0.
    pub epoch: usize,
    /// Step in the epoch, from 0.
    pub step: usize,
}

impl Finite<'_> {
    /// `value` if it is finite; otherwise an error with the place that `locate` finds.
    ///
    /// `locate` repeats the forward pass with [`first_not_finite`] as its watch, before any
    /// variable has changed, so it sees what the loss saw.
    ///
    /// # Errors
    /// [`TrainError::NotFinite`].
    pub fn check(
        self,
        what: &str,
        value: f64,
        locate: impl FnOnce() -> Option<String>,
    ) -> Result<f64, TrainError> {
        if value.is_finite() {
            return Ok(value);
        }
        Err(TrainError::NotFinite {
            phase: Box::new(self.phase.clone()),
            epoch: self.epoch,
            step: self.step,
            what: what.to_owned(),
            place: locate(),
        })
    }
}

/// Runs `forward` with a watch and returns the place of the first output that is not finite.
pub fn first_not_finite<T, E>(
    forward: impl FnOnce(&mut Watch<'_>) -> Result<T, E>,
) -> Option<String> {
    let mut place = None;
    let mut watch = |at: &dyn std::fmt::Display, value: &Tensor| {
        if place.is_none() && !is_finite(value)? {
            place = Some(at.to_string());
        }
        Ok(())
    };
    // A pass that fails has been watched up to its failure, which is enough here.
    let _ = forward(&mut watch);
    place
}

fn is_finite(value: &Tensor) -> candle_core::Result<bool> {
    // Any NaN or infinity makes this sum NaN; finite values make it zero.
    let sum = (value.detach() * 0.0)?.sum_all()?.to_dtype(DType::F64)?.to_scalar::<f64>()?;
    Ok(sum.is_finite())
}
