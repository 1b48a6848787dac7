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
    /// A number of a configuration that is out of its range.
    #[error("`{name}`: expected {expected}, found {found}")]
    Parameter {
        /// Name of the argument or field.
        name: &'static str,
        /// What it may be.
        expected: &'static str,
        /// What it is.
        found: f64,
    },
    /// A choice among nothing.
    #[error("group {group}: expected at least one entry, found none")]
    EmptyGroup {
        /// Index of the group.
        group: usize,
    },
    /// A line whose length is not that of all groups together.
    #[error("expected a line of {expected} entries, found shape {found:?}")]
    Groups {
        /// Entries of all groups.
        expected: usize,
        /// Shape found.
        found: Vec<usize>,
    },
    /// Two tensors that belong together and differ in shape.
    #[error("{what}: expected shape {expected:?}, found {found:?}")]
    Mismatch {
        /// What was compared.
        what: &'static str,
        /// Shape it should have.
        expected: Vec<usize>,
        /// Shape it has.
        found: Vec<usize>,
    },
    /// A gradient that cannot move a parameter.
    #[error("entry {entry}: expected a finite gradient, found {found}")]
    Gradient {
        /// Entry of the table, counted row after row.
        entry: usize,
        /// Gradient found.
        found: f64,
    },
    /// A tensor operation failed.
    #[error(transparent)]
    Tensor(#[from] candle_core::Error),
}
