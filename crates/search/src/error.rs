//! What can go wrong while searching.

use dartloom_data::DataError;
use dartloom_decode::DecodeError;
use dartloom_metrics::{MetricsError, ObserverError};
use dartloom_net::NetError;
use dartloom_ops::OpError;
use dartloom_relax::RelaxError;
use dartloom_space::SpaceError;
use dartloom_train::TrainError;
use thiserror::Error;

use crate::explore::ExploreError;

/// Why a search failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SearchError {
    /// Training failed.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// A network failed.
    #[error(transparent)]
    Net(Box<NetError>),
    /// An operation failed.
    #[error(transparent)]
    Op(#[from] OpError),
    /// A relaxation failed.
    #[error(transparent)]
    Relax(#[from] RelaxError),
    /// A relaxation, or a term that reads its weights, that failed or broke its contract on a table
    /// of logits.
    #[error(
        "logits of `{table}`, relaxed by {relaxation}{}: {source}",
        epoch.map(|epoch| format!(" in epoch {epoch}")).unwrap_or_default()
    )]
    Relaxation {
        /// The table: a cell, or `{cell}.edges` for the line that weighs its edges.
        table: String,
        /// The debug form of the relaxation.
        relaxation: String,
        /// The epoch, from 0; `None` where the logits start.
        epoch: Option<usize>,
        /// What is wrong.
        #[source]
        source: Box<RelaxError>,
    },
    /// A decoder failed.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// A space or genotype does not fit.
    #[error(transparent)]
    Space(#[from] SpaceError),
    /// A batch could not be made.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The tensor library failed.
    #[error(transparent)]
    Tensor(#[from] candle_core::Error),
    /// An observer failed.
    #[error(transparent)]
    Observer(#[from] ObserverError),
    /// A discrete search failed.
    #[error(transparent)]
    Explore(Box<ExploreError>),
    /// A discrete search has no result.
    #[error("{explorer}: none of {candidates} candidates could be measured, at last: {last}")]
    NothingMeasured {
        /// What searched.
        explorer: String,
        /// How many it tried.
        candidates: usize,
        /// What became of the last.
        last: String,
    },
    /// A statistic could not be computed.
    #[error(transparent)]
    Metrics(#[from] MetricsError),
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
    /// A stored result that cannot be read back.
    #[error("{file}: expected {expected}, found {found}")]
    Stored {
        /// Name of the file in the run directory.
        file: String,
        /// What was expected.
        expected: &'static str,
        /// What was found.
        found: String,
    },
}

impl From<NetError> for SearchError {
    fn from(error: NetError) -> Self {
        Self::Net(Box::new(error))
    }
}

impl From<ExploreError> for SearchError {
    fn from(error: ExploreError) -> Self {
        Self::Explore(Box::new(error))
    }
}
