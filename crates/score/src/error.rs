//! Errors of measuring operations.

use dartloom_data::DataError;
use dartloom_net::NetError;
use dartloom_ops::OpError;
use dartloom_record::{RecordError, Refused};
use dartloom_space::SpaceError;
use dartloom_train::TrainError;
use thiserror::Error;

/// The reason why a benchmark of operations failed. Zero-cost scores have an error of their own
/// ([`ZeroCostError`](crate::zero_cost::ZeroCostError)), because most of their errors describe a
/// network.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ScoreError {
    /// Training failed.
    #[error(transparent)]
    Train(TrainError),
    /// A network failed.
    #[error(transparent)]
    Net(Box<NetError>),
    /// An operation failed.
    #[error(transparent)]
    Op(#[from] OpError),
    /// A space or genotype does not fit.
    #[error(transparent)]
    Space(#[from] SpaceError),
    /// Images could not be read.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A file of a run, or what is kept in it, cannot be used.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// An invalid configuration value.
    #[error(transparent)]
    Config(#[from] Refused),
    /// A training whose result has no score to compare with.
    #[error("{phase}: expected a finite `{score}`, found {found}")]
    NoScore {
        /// Name of the score.
        score: String,
        /// The training.
        phase: String,
        /// The number.
        found: f64,
    },
    /// A stored result that cannot be gone on with.
    #[error(transparent)]
    Stored(Refused),
}

impl From<TrainError> for ScoreError {
    /// Keeps errors of files the same, whichever part met them.
    fn from(error: TrainError) -> Self {
        match error {
            TrainError::Record(error) => Self::Record(error),
            other => Self::Train(other),
        }
    }
}

impl From<NetError> for ScoreError {
    fn from(error: NetError) -> Self {
        Self::Net(Box::new(error))
    }
}
