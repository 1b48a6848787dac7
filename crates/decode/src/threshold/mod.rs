//! The rules of FairDARTS and D-DARTS: operations count by themselves, above a threshold.

mod edge;
mod sparse;

pub use edge::EdgeThreshold;
pub use sparse::SparseThreshold;

use crate::DecodeError;

/// The threshold of the released code of FairDARTS and D-DARTS.
const RELEASED: f64 = 0.85;

fn check(threshold: f64) -> Result<(), DecodeError> {
    if threshold.is_finite() { Ok(()) } else { Err(DecodeError::Threshold { found: threshold }) }
}

#[cfg(test)]
mod tests;
