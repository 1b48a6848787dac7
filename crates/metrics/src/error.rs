//! Errors of measuring.

/// Why a meter could not take its input.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum MetricsError {
    /// Logits that are not a matrix, or labels that are not one per row.
    #[error(
        "expected logits [batch, classes] with labels [batch], found {logits:?} and {labels:?}"
    )]
    Shape {
        /// Shape of the logits.
        logits: Vec<usize>,
        /// Shape of the labels.
        labels: Vec<usize>,
    },
    /// Labels that are not integers.
    #[error("expected labels of an integer type, found {found:?}")]
    LabelType {
        /// The type found.
        found: candle_core::DType,
    },
    /// A label that is no column of the logits.
    #[error("row {row}: expected a label from 0 to below {classes}, found {found}")]
    LabelOutOfRange {
        /// The row.
        row: usize,
        /// Columns of the logits.
        classes: usize,
        /// The label.
        found: i64,
    },
    /// A top-k accuracy with k = 0, which nothing can meet.
    #[error("top-k accuracy needs k of at least 1, found 0")]
    ZeroK,
    /// Two top-k accuracies with different k cannot be merged.
    #[error("cannot merge a top-{found} accuracy into a top-{expected} accuracy")]
    MixedK {
        /// The k of the meter merged into.
        expected: usize,
        /// The k of the other.
        found: usize,
    },
    /// A weight that is negative or not finite.
    #[error("expected a finite weight of at least 0, found {found}")]
    Weight {
        /// The weight.
        found: f64,
    },
    /// The tensor library failed while the scores were read.
    #[error("cannot read the tensors: {0}")]
    Tensor(#[from] candle_core::Error),
}
