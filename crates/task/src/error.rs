//! Errors of tasks.

use dartloom_data::{DataError, TargetSpec};
use dartloom_metrics::MetricsError;

/// The reason for which targets or outputs are not those of a task, or a task makes no sense.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum TaskError {
    /// A data set whose targets are of another task.
    #[error("{task} needs {expected}, found {found}")]
    Targets {
        /// The task.
        task: &'static str,
        /// The targets that it can learn from.
        expected: TargetSpec,
        /// The targets of the data set.
        found: TargetSpec,
    },
    /// A data set whose targets are of another kind.
    #[error("{task} needs {expected}, found {found}")]
    Kind {
        /// The task.
        task: &'static str,
        /// The kind of targets that it can learn from.
        expected: &'static str,
        /// The targets of the data set.
        found: TargetSpec,
    },
    /// An output or a target of a shape that does not belong to the task.
    #[error(
        "{task}: expected {expected}, found an output of {output:?} with a target of {target:?}"
    )]
    Shape {
        /// The task.
        task: &'static str,
        /// The shapes that belong together.
        expected: String,
        /// Shape of the output.
        output: Vec<usize>,
        /// Shape of the target.
        target: Vec<usize>,
    },
    /// A label that is not one of the classes. The loader of the data names the sample.
    #[error("{task}: expected labels below {classes}, found {found}")]
    Label {
        /// The task.
        task: &'static str,
        /// The number of classes.
        classes: usize,
        /// The largest label.
        found: u32,
    },
    /// A setting that makes no sense.
    #[error("{field}: expected {expected}, found {found}")]
    Setting {
        /// Name of the field.
        field: &'static str,
        /// The values that are allowed.
        expected: String,
        /// The value.
        found: String,
    },
    /// Totals that are not those of a loss.
    #[error("expected {} sums and {} counts, found {} and {}", expected[0], expected[1], found[0], found[1])]
    Parts {
        /// Numbers of sums and of counts of the loss.
        expected: [usize; 2],
        /// Those of the totals.
        found: [usize; 2],
    },
    /// A data set could not be read.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A scorer refused its setting or its input.
    #[error(transparent)]
    Metrics(#[from] MetricsError),
    /// The tensor library failed.
    #[error(transparent)]
    Tensor(#[from] candle_core::Error),
}
