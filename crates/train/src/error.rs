//! Errors of training.

use std::path::PathBuf;

use dartloom_data::DataError;
use dartloom_ops::OpError;
use dartloom_record::{ObserverError, RecordError, Where};
use dartloom_space::Outputs;
use dartloom_task::TaskError;
use thiserror::Error;

use crate::reduce::ReduceError;

/// The reason why training stopped or a checkpoint could not be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TrainError {
    /// The network failed, or its variables could not be read or set.
    #[error(transparent)]
    Op(#[from] OpError),
    /// A batch could not be made.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The tensor library failed.
    #[error(transparent)]
    Tensor(#[from] candle_core::Error),
    /// The task refused an output, a target or a setting.
    #[error(transparent)]
    Task(#[from] TaskError),
    /// A file, or what is kept in it, cannot be used.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// Another rank failed.
    #[error(transparent)]
    Reduce(#[from] ReduceError),
    /// An observer failed.
    #[error(transparent)]
    Observer(#[from] ObserverError),
    /// A loss that is not finite; weights have not been updated with it.
    #[error("{phase}, epoch {epoch}, step {step}: the {what} is not finite{}",
        place.as_ref().map(|p| format!("; first seen at {p}")).unwrap_or_default())]
    NotFinite {
        /// The phase that was trained.
        phase: Box<Where>,
        /// Epoch, from 0.
        epoch: usize,
        /// Step in the epoch, from 0.
        step: usize,
        /// Loss or gradient.
        what: String,
        /// Cell, edge and operation whose output was the first that is not finite; for a gradient,
        /// the parameter.
        place: Option<String>,
    },
    /// A network whose outputs are not those of the task.
    #[error(
        "the task asks for {expected}, the network puts out {found}: `Build::outputs` is the task's"
    )]
    Outputs {
        /// The outputs of the task.
        expected: Outputs,
        /// The outputs of the network.
        found: Outputs,
    },
    /// A network whose output is not what the task needs for a batch.
    #[error("expected an output of shape {expected:?}, images first, found {found:?}")]
    Logits {
        /// Shape needed: the images, and what the task needs for each.
        expected: Vec<usize>,
        /// Shape found.
        found: Vec<usize>,
    },
    /// Test images whose shape or task differs from the training images.
    #[error("expected test images of {expected}, as those to train with, found {found}")]
    TestImages {
        /// Shape and task of the training images.
        expected: String,
        /// Those of the test images.
        found: String,
    },
    /// An invalid configuration value.
    #[error("{field}: expected {expected}, found {found}")]
    Config {
        /// Name of the field.
        field: &'static str,
        /// The allowed values.
        expected: &'static str,
        /// The value that was given.
        found: String,
    },
    /// A file that is not a checkpoint, or a damaged one.
    #[error("{}: not a usable checkpoint: expected {expected}, found {found}", path.display())]
    Checkpoint {
        /// The file.
        path: PathBuf,
        /// The expected content.
        expected: String,
        /// The content found.
        found: String,
    },
    /// A state that does not fit what is being trained.
    #[error("the saved state does not fit: expected {expected}, found {found}")]
    State {
        /// The expected state.
        expected: String,
        /// The state found.
        found: String,
    },
}
