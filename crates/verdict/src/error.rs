//! Errors of comparing.

use dartloom_data::DataError;
use dartloom_explore::ExploreError;
use dartloom_net::NetError;
use dartloom_ops::OpError;
use dartloom_record::{ObserverError, RecordError, Refused, StatisticsError, Within};
use dartloom_search::SearchError;
use dartloom_space::SpaceError;
use dartloom_task::TaskError;
use dartloom_train::TrainError;
use thiserror::Error;

/// The reason why a comparison, or a part of one, failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum VerdictError {
    /// The search of a supernet failed.
    #[error(transparent)]
    Search(Box<SearchError>),
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
    /// A batch could not be made.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A file of a run, or what is kept in it, cannot be used.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// An observer failed.
    #[error(transparent)]
    Observer(#[from] ObserverError),
    /// A discrete search failed.
    #[error(transparent)]
    Explore(Box<ExploreError>),
    /// A discrete search has no result.
    #[error("{explorer}: none of {candidates} candidates could be measured, at last: {last}")]
    NothingMeasured {
        /// The explorer that searched.
        explorer: String,
        /// The number of candidates that it tried.
        candidates: usize,
        /// The outcome of the last one.
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
    /// An error about a value inside of another one.
    #[error(transparent)]
    Within(Within<VerdictError>),
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
    /// Targets, outputs and settings that are not those of the task.
    #[error(transparent)]
    Task(#[from] TaskError),
    /// A configuration value that makes no sense.
    #[error(transparent)]
    Config(#[from] Refused),
    /// A stored result that cannot be read back.
    #[error(transparent)]
    Stored(Refused),
}

fn times(count: usize) -> String {
    match count {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        _ => format!("{count} times"),
    }
}

impl VerdictError {
    /// The same error with the place of the value that it is about: `epochs: expected ..` in
    /// `random.fit` is `random.fit.epochs: expected ..`.
    #[must_use]
    pub fn within(self, place: impl Into<String>) -> Self {
        let joined = self.names_a_field();
        Self::Within(Within::new(place, self, joined))
    }

    /// `true` if the text starts with the name of a field.
    fn names_a_field(&self) -> bool {
        match self {
            Self::Config(_)
            | Self::Within(Within { names_a_field: true, .. })
            | Self::Data(DataError::Augmentation { .. })
            | Self::Train(
                TrainError::Config(_) | TrainError::Data(DataError::Augmentation { .. }),
            ) => true,
            Self::Search(error) => error.names_a_field(),
            Self::Explore(error) => matches!(**error, ExploreError::Config(_)),
            _ => false,
        }
    }

    /// The place where numbers stopped being finite, if that is the cause; otherwise the error
    /// itself.
    ///
    /// A network that diverges is a finding about the network. Every other error comes from the
    /// machine or the experiment, and ends the run.
    pub(crate) fn divergence(self) -> Result<String, Self> {
        match self {
            Self::Train(error @ TrainError::NotFinite { .. }) => Ok(error.to_string()),
            Self::Search(error) => match *error {
                SearchError::Train(error @ TrainError::NotFinite { .. }) => Ok(error.to_string()),
                other => Err(other.into()),
            },
            other => Err(other),
        }
    }
}

impl From<TrainError> for VerdictError {
    /// Keeps errors of files the same, whichever part met them.
    fn from(error: TrainError) -> Self {
        match error {
            TrainError::Record(error) => Self::Record(error),
            other => Self::Train(other),
        }
    }
}

impl From<NetError> for VerdictError {
    fn from(error: NetError) -> Self {
        Self::Net(Box::new(error))
    }
}

impl From<ExploreError> for VerdictError {
    fn from(error: ExploreError) -> Self {
        Self::Explore(Box::new(error))
    }
}

impl From<SearchError> for VerdictError {
    fn from(error: SearchError) -> Self {
        match error {
            SearchError::Record(error) => Self::Record(error),
            other => Self::Search(Box::new(other)),
        }
    }
}
