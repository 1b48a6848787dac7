//! Errors of a trained network and of its file.

use std::path::PathBuf;

use dartloom_data::{DataError, TargetSpec};
use dartloom_net::NetError;
use dartloom_onnx::OnnxError;
use dartloom_ops::OpError;
use dartloom_record::RecordError;
use dartloom_space::{Outputs, Shape};
use dartloom_train::TrainError;

use crate::VerdictError;

/// The reason why a trained network cannot be kept, read or used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainedError {
    /// There is no file.
    #[error("{}: expected a trained network, found no file", path.display())]
    Missing {
        /// The path.
        path: PathBuf,
    },
    /// A file that is damaged or cannot be read, or a batch or evaluation that failed.
    #[error(transparent)]
    File(Box<TrainError>),
    /// A whole file that holds something else.
    #[error("{}: expected {expected}, found {found}", path.display())]
    Content {
        /// The path.
        path: PathBuf,
        /// The expectation.
        expected: String,
        /// The finding.
        found: String,
    },
    /// A network of other operations, or a value that has no text form.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// Outputs that cannot mean what is said of them.
    #[error("a network that puts out {outputs} does not learn {targets}")]
    Targets {
        /// The outputs of the network.
        outputs: Outputs,
        /// The targets that it is said to have learnt.
        targets: TargetSpec,
    },
    /// Images of another shape than the network was trained for.
    #[error("expected images of {expected} in a batch, found a tensor of {found:?}")]
    Images {
        /// Shape of one image.
        expected: Shape,
        /// Shape of the tensor.
        found: Vec<usize>,
    },
    /// A number of names or constants that is not the network's.
    #[error("{what}: expected {expected}, found {found}")]
    Count {
        /// The thing that was counted.
        what: &'static str,
        /// The network's number.
        expected: usize,
        /// The number that was given.
        found: usize,
    },
    /// Bytes, where nobody has said how they become pixel values.
    #[error("the network has no normalisation: expected pixel values, or `with_normalization`")]
    NoNormalization,
    /// Probabilities of outputs that are none, and cannot become some.
    #[error("a network that has learnt {targets} puts out no logits: it has no probabilities")]
    NoProbabilities {
        /// The targets that it has learnt.
        targets: TargetSpec,
    },
    /// A network that has no ONNX file.
    #[error(transparent)]
    Onnx(#[from] OnnxError),
    /// A comparison that has not trained such a network, or not yet.
    #[error("seed {seed}, {contender}: {reason}")]
    NotTrained {
        /// The seed.
        seed: u64,
        /// The contender.
        contender: String,
        /// The reason.
        reason: String,
    },
    /// The comparison that has trained the network cannot be read.
    #[error(transparent)]
    Comparison(Box<VerdictError>),
    /// The network cannot be built.
    #[error(transparent)]
    Net(Box<NetError>),
    /// The network has other variables, or failed.
    #[error(transparent)]
    Op(#[from] OpError),
    /// Images or their constants are wrong.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The tensor library failed.
    #[error(transparent)]
    Tensor(#[from] candle_core::Error),
}

impl From<TrainError> for TrainedError {
    fn from(error: TrainError) -> Self {
        Self::File(Box::new(error))
    }
}

impl From<NetError> for TrainedError {
    fn from(error: NetError) -> Self {
        Self::Net(Box::new(error))
    }
}

impl From<VerdictError> for TrainedError {
    fn from(error: VerdictError) -> Self {
        Self::Comparison(Box::new(error))
    }
}
