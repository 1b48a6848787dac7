//! Errors of cases and folders.

use std::path::PathBuf;

use dartloom_decode::{DagError, DecodeError};
use dartloom_metrics::MetricsError;
use dartloom_net::NetError;
use dartloom_ops::OpError;
use dartloom_relax::RelaxError;
use dartloom_search::SearchError;
use dartloom_space::SpaceError;
use dartloom_task::TaskError;
use dartloom_train::TrainError;
use thiserror::Error;

/// The reason for which a case or a folder could not be run.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum GoldenError {
    /// A file that cannot be read.
    #[error("{}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The error of the system.
        #[source]
        source: std::io::Error,
    },
    /// A file that is not the JSON expected.
    #[error("{}: {source}", path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// The error of the JSON reader.
        #[source]
        source: serde_json::Error,
    },
    /// A tensor that the case needs and its file lacks.
    #[error("tensor `{key}` is missing")]
    MissingTensor {
        /// Its full key.
        key: String,
    },
    /// A field of the manifest or of a JSON file.
    #[error("field `{field}`: expected {expected}, found {found}")]
    Field {
        /// Its name.
        field: String,
        /// The content that should stand there.
        expected: &'static str,
        /// The content found.
        found: String,
    },
    /// A variable of the released code that has no place in our network, or the reverse.
    #[error("variable `{name}` {fault}")]
    Variable {
        /// Its name.
        name: String,
        /// The fault, as the end of a sentence about the variable.
        fault: String,
    },
    /// A part of a case that the runner does not understand.
    #[error("not understood: {what}")]
    NotUnderstood {
        /// The part.
        what: String,
    },
    /// The tensor library failed.
    #[error(transparent)]
    Tensor(#[from] candle_core::Error),
    /// A space, genotype or blueprint was refused.
    #[error(transparent)]
    Space(Box<SpaceError>),
    /// An operation failed.
    #[error(transparent)]
    Op(Box<OpError>),
    /// A network failed.
    #[error(transparent)]
    Net(Box<NetError>),
    /// A relaxation failed.
    #[error(transparent)]
    Relax(Box<RelaxError>),
    /// A loss, optimiser or schedule failed.
    #[error(transparent)]
    Train(Box<TrainError>),
    /// A search failed.
    #[error(transparent)]
    Search(Box<SearchError>),
    /// A loss failed.
    #[error(transparent)]
    Task(Box<TaskError>),
    /// A scorer failed.
    #[error(transparent)]
    Metrics(Box<MetricsError>),
    /// A decoder failed.
    #[error(transparent)]
    Decode(Box<DecodeError>),
}

impl GoldenError {
    pub(crate) fn not_understood(what: impl Into<String>) -> Self {
        Self::NotUnderstood { what: what.into() }
    }
}

impl From<DagError> for GoldenError {
    fn from(source: DagError) -> Self {
        DecodeError::Dag(source).into()
    }
}

/// The errors of the crates are large; boxed they keep ours small.
macro_rules! boxed {
    ($($variant:ident($source:ident)),*) => {$(
        impl From<$source> for GoldenError {
            fn from(source: $source) -> Self {
                Self::$variant(Box::new(source))
            }
        }
    )*};
}

boxed!(
    Space(SpaceError),
    Op(OpError),
    Net(NetError),
    Relax(RelaxError),
    Train(TrainError),
    Task(TaskError),
    Metrics(MetricsError),
    Search(SearchError),
    Decode(DecodeError)
);
