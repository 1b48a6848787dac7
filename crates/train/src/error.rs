//! What can go wrong while training.

use std::path::PathBuf;

use dartloom_data::DataError;
use dartloom_net::NetError;
use dartloom_ops::OpError;
use dartloom_record::ObserverError;
use dartloom_space::Outputs;
use dartloom_task::TaskError;
use thiserror::Error;

use crate::Difference;

/// Why training stopped or a checkpoint could not be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TrainError {
    /// The network failed.
    #[error(transparent)]
    Net(Box<NetError>),
    /// Variables could not be read or set.
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
    /// A file or directory that cannot be read or written.
    #[error("{}: cannot {action}: {source}", path.display())]
    File {
        /// The path.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// The system's reason.
        #[source]
        source: std::io::Error,
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
    /// A checkpoint or result of something else.
    #[error("{}: belongs to other work: {}", path.display(),
        differences.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    OtherWork {
        /// The file.
        path: PathBuf,
        /// Every value in which it is.
        differences: Vec<Difference>,
    },
    /// A stored result that is not as it was written.
    #[error("{}: damaged: expected {expected}, found {found}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What was expected.
        expected: String,
        /// What was found.
        found: String,
    },
    /// A stored result in a form of another version of this crate.
    #[error("{}: expected version {known}, found {found}", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// The version that is known.
        known: u32,
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

impl From<NetError> for TrainError {
    fn from(error: NetError) -> Self {
        Self::Net(Box::new(error))
    }
}
