//! Errors of measuring.

/// The reason for which a scorer could not take its input.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum MetricsError {
    /// An output and a target that are not of the shapes that belong together.
    #[error("expected {expected}, found an output of {output:?} with a target of {target:?}")]
    Shape {
        /// The shapes that belong together.
        expected: String,
        /// Shape of the output.
        output: Vec<usize>,
        /// Shape of the target.
        target: Vec<usize>,
    },
    /// Labels that are not integers.
    #[error("expected labels of an integer type, found {found:?}")]
    LabelType {
        /// The type found.
        found: candle_core::DType,
    },
    /// A label that is none of the classes.
    #[error("row {row}, place {place}: expected a label from 0 to below {classes}, found {found}")]
    LabelOutOfRange {
        /// The row of the batch.
        row: usize,
        /// The pixel in this row, row by row of the image; 0 where a row has one label.
        place: usize,
        /// The number of classes.
        classes: usize,
        /// The label.
        found: i64,
    },
    /// A label of several that is neither 0 nor 1.
    #[error("row {row}, label {label}: expected 0 or 1, found {found}")]
    LabelNotBinary {
        /// The row of the batch.
        row: usize,
        /// The label.
        label: usize,
        /// Its value.
        found: f64,
    },
    /// A value to be predicted that is not a finite number.
    #[error("row {row}, value {value}: expected a finite number, found {found}")]
    ValueNotFinite {
        /// The row of the batch.
        row: usize,
        /// The index of the value.
        value: usize,
        /// The value found.
        found: f64,
    },
    /// A setting that makes no sense.
    #[error("{field}: expected {expected}, found {found}")]
    Setting {
        /// Name of the field.
        field: &'static str,
        /// The numbers that are allowed.
        expected: &'static str,
        /// The value.
        found: usize,
    },
    /// A tolerance that is no distance.
    #[error("tolerance: expected a finite number of pixels, at least 0, found {found}")]
    Tolerance {
        /// The tolerance.
        found: f64,
    },
    /// Thresholds of an IoU that cannot be thresholds.
    #[error(
        "thresholds: expected from 1 to 48 rising numbers above 0 and at most 1, found {found:?}"
    )]
    Thresholds {
        /// The thresholds.
        found: Vec<f64>,
    },
    /// A state of another scorer.
    #[error("expected a state of {expected} numbers, found {found}: it is of another scorer")]
    State {
        /// Numbers in the state of this scorer.
        expected: usize,
        /// Numbers in the state to be added.
        found: usize,
    },
    /// The tensor library failed while the outputs were read.
    #[error("cannot read the tensors: {0}")]
    Tensor(#[from] candle_core::Error),
}
