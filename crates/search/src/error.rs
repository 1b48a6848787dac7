//! What can go wrong while searching.

use dartloom_data::DataError;
use dartloom_decode::DecodeError;
use dartloom_net::NetError;
use dartloom_ops::OpError;
use dartloom_record::{ObserverError, StatisticsError};
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
        /// The [name](crate::Architecture::name) of the logits.
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
    Statistics(#[from] StatisticsError),
    /// No network could be trained.
    #[error("none of {networks} networks could be trained, at last: {last}")]
    NothingTrained {
        /// Number of networks that were tried.
        networks: usize,
        /// The reason of the last.
        last: String,
    },
    /// A configuration value inside of another one.
    #[error("{field}.{source}")]
    Within {
        /// The place of the other value.
        field: String,
        /// The error about it, its field first.
        source: Box<SearchError>,
    },
    /// A value that makes no network or part of one.
    #[error("{field}: {source}")]
    Of {
        /// The field.
        field: String,
        /// The error about its value.
        source: Box<SearchError>,
    },
    /// Images whose sides cannot be halved as often as a network halves them.
    #[error(
        "images of {height}x{width} cannot be halved {}; sides that are multiples of {step} can, such as \
         {}x{} ({source})",
        times(*halvings), height.next_multiple_of(*step), width.next_multiple_of(*step)
    )]
    Halvings {
        /// Rows of an image.
        height: usize,
        /// Columns of an image.
        width: usize,
        /// Number of halvings in the network.
        halvings: usize,
        /// Sides must be multiples of this: 2 to the number of halvings.
        step: usize,
        /// The first layer that they do not fit.
        source: Box<SpaceError>,
    },
    /// Logits of a name that no cell has.
    #[error("logits `{found}`: expected one of {}", expected.join(", "))]
    Logits {
        /// The names that there are.
        expected: Vec<String>,
        /// The name of the logits.
        found: String,
    },
    /// Data of a task that this search does not know.
    #[error("expected images with one class each, found {found}")]
    Task {
        /// What was found.
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

fn times(count: usize) -> String {
    match count {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        _ => format!("{count} times"),
    }
}

impl SearchError {
    /// The same error with the place of the value that it is about: `epochs: expected ..` in
    /// `random.fit` is `random.fit.epochs: expected ..`.
    #[must_use]
    pub fn within(self, field: impl Into<String>) -> Self {
        let (field, source) = (field.into(), Box::new(self));
        if source.names_a_field() {
            Self::Within { field, source }
        } else {
            Self::Of { field, source }
        }
    }

    /// True where the text starts with the name of a field.
    fn names_a_field(&self) -> bool {
        match self {
            Self::Config { .. }
            | Self::Within { .. }
            | Self::Data(DataError::Augmentation { .. })
            | Self::Train(
                TrainError::Config { .. } | TrainError::Data(DataError::Augmentation { .. }),
            ) => true,
            Self::Explore(error) => matches!(**error, ExploreError::Config { .. }),
            _ => false,
        }
    }

    /// The place where numbers stopped being finite, if that is what went wrong; the error itself otherwise.
    ///
    /// A network that diverges says something about the network; every other error says something about
    /// the machine or the experiment, and ends what runs.
    pub(crate) fn divergence(self) -> Result<String, Self> {
        match self {
            Self::Train(error @ TrainError::NotFinite { .. }) => Ok(error.to_string()),
            other => Err(other),
        }
    }
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
