//! Errors of searching.

use dartloom_data::DataError;
use dartloom_decode::DecodeError;
use dartloom_net::NetError;
use dartloom_ops::OpError;
use dartloom_record::{ObserverError, RecordError, Refused, Within};
use dartloom_relax::RelaxError;
use dartloom_space::SpaceError;
use dartloom_train::TrainError;
use thiserror::Error;

/// The reason why a search failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SearchError {
    /// Training failed.
    #[error(transparent)]
    Train(TrainError),
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
        /// The epoch, from 0; `None` at the start of the logits.
        epoch: Option<usize>,
        /// The error of the relaxation.
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
    /// A file of a run, or what is kept in it, cannot be used.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// An observer failed.
    #[error(transparent)]
    Observer(#[from] ObserverError),
    /// An error about a value inside of another one.
    #[error(transparent)]
    Within(Within<SearchError>),
    /// Logits of a name that no cell has.
    #[error("logits `{found}`: expected one of {}", expected.join(", "))]
    Logits {
        /// The known names.
        expected: Vec<String>,
        /// The name of the logits.
        found: String,
    },
    /// An invalid configuration value.
    #[error(transparent)]
    Config(#[from] Refused),
}

impl SearchError {
    /// The same error with the place of the value that it is about: `epochs: expected ..` in
    /// `random.fit` is `random.fit.epochs: expected ..`.
    #[must_use]
    pub fn within(self, place: impl Into<String>) -> Self {
        let joined = self.names_a_field();
        Self::Within(Within::new(place, self, joined))
    }

    /// `true` if the text starts with the name of a field.
    pub fn names_a_field(&self) -> bool {
        matches!(
            self,
            Self::Config(_)
                | Self::Within(Within { names_a_field: true, .. })
                | Self::Data(DataError::Augmentation { .. })
                | Self::Train(
                    TrainError::Config(_) | TrainError::Data(DataError::Augmentation { .. }),
                )
        )
    }
}

impl From<TrainError> for SearchError {
    /// Keeps errors of files the same, whichever part met them.
    fn from(error: TrainError) -> Self {
        match error {
            TrainError::Record(error) => Self::Record(error),
            other => Self::Train(other),
        }
    }
}

impl From<NetError> for SearchError {
    fn from(error: NetError) -> Self {
        Self::Net(Box::new(error))
    }
}
