//! What can go wrong while training.

use std::path::PathBuf;

use dartloom_data::DataError;
use dartloom_ops::OpError;
use dartloom_record::{ObserverError, RecordError};
use dartloom_space::Outputs;
use dartloom_task::TaskError;
use thiserror::Error;

use crate::reduce::ReduceError;

/// Why training stopped or a checkpoint could not be used.
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
        /// What was trained.
        phase: String,
        /// Epoch, from 0.
        epoch: usize,
        /// Step in the epoch, from 0.
        step: usize,
        /// Loss or gradient.
        what: String,
        /// Cell, edge and operation whose output was the first that is not finite; of a gradient the
        /// parameter.
        place: Option<String>,
    },
    /// A network that puts out something else than the task asks for.
    #[error(
        "the task asks for {expected}, the network puts out {found}: `Build::outputs` is the task's"
    )]
    Outputs {
        /// What the task asks for.
        expected: Outputs,
        /// What the network puts out.
        found: Outputs,
    },
    /// A network whose output is not what the task needs for a batch.
    #[error("expected an output of shape {expected:?}, images first, found {found:?}")]
    Logits {
        /// Images and what the task needs for each.
        expected: Vec<usize>,
        /// Shape found.
        found: Vec<usize>,
    },
    /// Images to judge with that are others than those to train with.
    #[error("expected test images of {expected}, as those to train with, found {found}")]
    TestImages {
        /// Shape and task of the training images.
        expected: String,
        /// Those of the test images.
        found: String,
    },
    /// A configuration value that makes no sense.
    #[error("{field}: expected {expected}, found {found}")]
    Config {
        /// Name of the field.
        field: &'static str,
        /// What is allowed.
        expected: &'static str,
        /// The value.
        found: String,
    },
    /// A checkpoint that is not one, or is damaged.
    #[error("{}: not a usable checkpoint: expected {expected}, found {found}", path.display())]
    Checkpoint {
        /// The file.
        path: PathBuf,
        /// What was expected.
        expected: String,
        /// What was found.
        found: String,
    },
    /// A state that does not fit what is being trained.
    #[error("the saved state does not fit: expected {expected}, found {found}")]
    State {
        /// What was expected.
        expected: String,
        /// What was found.
        found: String,
    },
}
