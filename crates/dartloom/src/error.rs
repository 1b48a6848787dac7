//! One error for programs that use several parts.

use thiserror::Error;

/// Whatever can go wrong in any part of dartloom.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// Searching failed.
    #[error(transparent)]
    Search(#[from] dartloom_search::SearchError),
    /// An exploration failed, or a table of architectures is wrong.
    #[error(transparent)]
    Explore(Box<dartloom_search::explore::ExploreError>),
    /// There is no zero-cost score.
    #[error(transparent)]
    ZeroCost(Box<dartloom_search::zero_cost::ZeroCostError>),
    /// Training failed.
    #[error(transparent)]
    Train(#[from] dartloom_train::TrainError),
    /// A network failed.
    #[error(transparent)]
    Net(#[from] dartloom_net::NetError),
    /// An operation failed.
    #[error(transparent)]
    Op(#[from] dartloom_ops::OpError),
    /// A kernel failed.
    #[error(transparent)]
    Kernel(#[from] dartloom_kernels::KernelError),
    /// A relaxation failed.
    #[error(transparent)]
    Relax(#[from] dartloom_relax::RelaxError),
    /// A decoder failed.
    #[error(transparent)]
    Decode(#[from] dartloom_decode::DecodeError),
    /// A space, genotype or weight table is wrong.
    #[error(transparent)]
    Space(#[from] dartloom_space::SpaceError),
    /// A pool of workers or a journal failed.
    #[error(transparent)]
    Dist(#[from] dartloom_dist::DistError),
    /// Data could not be read.
    #[error(transparent)]
    Data(#[from] dartloom_data::DataError),
    /// A metric refused its input.
    #[error(transparent)]
    Metrics(#[from] dartloom_metrics::MetricsError),
    /// An observer failed.
    #[error(transparent)]
    Observer(#[from] dartloom_metrics::ObserverError),
    /// A method that is no preset.
    #[error("unknown method `{found}`; known are {}", known.join(", "))]
    UnknownMethod {
        /// The name.
        found: String,
        /// The names there are.
        known: Vec<&'static str>,
    },
    /// The tensor library failed.
    #[error(transparent)]
    Tensor(#[from] candle_core::Error),
}

impl From<dartloom_search::explore::ExploreError> for Error {
    fn from(error: dartloom_search::explore::ExploreError) -> Self {
        Self::Explore(Box::new(error))
    }
}

impl From<dartloom_search::zero_cost::ZeroCostError> for Error {
    fn from(error: dartloom_search::zero_cost::ZeroCostError) -> Self {
        Self::ZeroCost(Box::new(error))
    }
}
