//! What can be wrong with logits, weights or a relaxation.

use thiserror::Error;

/// Why logits could not become weights.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RelaxError {
    /// Logits or weights that are not a table with at least one candidate per row.
    #[error("expected a table [rows, candidates >= 1], found shape {found:?}")]
    Shape {
        /// Shape found.
        found: Vec<usize>,
    },
    /// A temperature that is not a positive, finite number.
    #[error("expected a positive, finite temperature, found {found}")]
    Temperature {
        /// Temperature found.
        found: f64,
    },
    /// A weight that has no share in a sum: negative, NaN or infinite.
    #[error("row {row}, candidate {column}: expected a finite weight >= 0, found {found}")]
    Weight {
        /// Row of the table.
        row: usize,
        /// Candidate within the row.
        column: usize,
        /// Weight found.
        found: f64,
    },
    /// A tensor operation failed.
    #[error(transparent)]
    Tensor(#[from] candle_core::Error),
}
