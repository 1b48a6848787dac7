//! The contract of scorers.

use std::fmt::Debug;

use candle_core::Tensor;
use dartloom_record::Scores;

use crate::{Details, MetricsError};

/// Something measured batch by batch.
///
/// Laws, for scorers of equal settings: if several scorers have seen the parts of some batches, in
/// any division and order, adding their [`state`](Self::state)s to a new scorer gives the scorer
/// that has seen all batches ([`add`](Self::add)). Scorers that count obey this exactly, scorers
/// that sum up to the rounding of `f64` sums. A scorer that has seen nothing has no scores, and an
/// error leaves a scorer as it was before.
pub trait Scorer: Debug + Send {
    /// Measures a batch of `output`s against its `target`s; shapes and types are the scorer's own.
    ///
    /// # Errors
    /// When the two do not fit; nothing of the batch is counted then.
    fn update(&mut self, output: &Tensor, target: &Tensor) -> Result<(), MetricsError>;

    /// Everything that has been seen, as numbers that [`add`](Self::add) takes.
    ///
    /// The state of a scorer that sums or counts has one length, and two are added number by
    /// number. That of a scorer that ranks holds what it ranks; two are joined.
    fn state(&self) -> Vec<f64>;

    /// Adds everything that a scorer of equal settings has seen.
    ///
    /// # Errors
    /// [`MetricsError::State`] for a state of a length that no such scorer has; nothing is added
    /// then.
    fn add(&mut self, state: &[f64]) -> Result<(), MetricsError>;

    /// The scores so far, without those that have no value.
    fn scores(&self) -> Scores;

    /// Tables and curves behind the scores so far; none by default.
    fn details(&self) -> Details {
        Details::default()
    }
}

/// Adds `from` to `to`, number by number.
pub(crate) fn add(to: &mut [f64], from: &[f64]) -> Result<(), MetricsError> {
    if to.len() != from.len() {
        return Err(MetricsError::State { expected: to.len(), found: from.len() });
    }
    to.iter_mut().zip(from).for_each(|(to, from)| *to += from);
    Ok(())
}

/// `sum / count`, or `None` if the count is 0.
pub(crate) fn share(sum: f64, count: f64) -> Option<f64> {
    (count > 0.0).then(|| sum / count)
}

/// The mean of the values that there are.
pub(crate) fn mean(values: impl IntoIterator<Item = Option<f64>>) -> Option<f64> {
    let mut sum = 0.0;
    let mut count = 0.0;
    for value in values.into_iter().flatten() {
        sum += value;
        count += 1.0;
    }
    share(sum, count)
}
