//! Quantities accumulated over batches and merged over workers.

use crate::MetricsError;

mod accuracy;
mod mean;

pub use accuracy::Accuracy;
pub use mean::Mean;

/// Something measured batch by batch.
///
/// Laws, for meters of equal settings: updating with all samples equals updating several meters with parts of them
/// and merging those, in any division and order. Counting meters meet them exactly, summing ones up to the rounding
/// of `f64` sums. A meter that has seen nothing has no value.
///
/// `update` and `merge` are fallible because what they are given can disagree with the meter (a label out of range, a
/// meter of another k); after an error the meter is as it was before.
pub trait Meter {
    /// What one update takes.
    type Sample<'a>;

    /// Adds a sample.
    ///
    /// # Errors
    /// When the sample does not fit; the meter is unchanged then.
    fn update(&mut self, sample: Self::Sample<'_>) -> Result<(), MetricsError>;

    /// Adds everything `other` has seen.
    ///
    /// # Errors
    /// When the settings of the two differ; the meter is unchanged then.
    fn merge(&mut self, other: &Self) -> Result<(), MetricsError>;

    /// The quantity so far, or `None` when nothing has been seen.
    fn value(&self) -> Option<f64>;

    /// Forgets everything seen; settings stay.
    fn reset(&mut self);
}

#[cfg(test)]
mod tests;
