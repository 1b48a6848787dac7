//! One error for programs that use several parts.

use std::fmt;

use thiserror::Error;

/// Whatever can go wrong in any part of dartloom.
///
/// Its debug form is its message and those of its causes: what Rust prints where `main` returns it.
#[derive(Error)]
#[non_exhaustive]
pub enum Error {
    /// Searching failed.
    #[error(transparent)]
    Search(Box<dartloom_search::SearchError>),
    /// A comparison failed.
    #[error(transparent)]
    Verdict(Box<dartloom_verdict::VerdictError>),
    /// Operations could not be measured.
    #[error(transparent)]
    Score(Box<dartloom_score::ScoreError>),
    /// An exploration failed, or a table of architectures is wrong.
    #[error(transparent)]
    Explore(Box<dartloom_explore::ExploreError>),
    /// There is no zero-cost score.
    #[error(transparent)]
    ZeroCost(Box<dartloom_score::zero_cost::ZeroCostError>),
    /// A task or a loss makes no sense.
    #[error(transparent)]
    Task(#[from] dartloom_task::TaskError),
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
    /// A trained network cannot be kept, read or used.
    #[error(transparent)]
    Trained(Box<dartloom_verdict::TrainedError>),
    /// A metric refused its input.
    #[error(transparent)]
    Metrics(#[from] dartloom_metrics::MetricsError),
    /// A file of a run, or what is kept in it, cannot be used.
    #[error(transparent)]
    Record(#[from] dartloom_record::RecordError),
    /// A statistic refused its series.
    #[error(transparent)]
    Statistics(#[from] dartloom_record::StatisticsError),
    /// An observer failed.
    #[error(transparent)]
    Observer(#[from] dartloom_record::ObserverError),
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

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut said = self.to_string();
        f.write_str(&said)?;
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            // Most messages of this workspace end with their cause already.
            let text = error.to_string();
            if !said.contains(&text) {
                write!(f, "\n  because: {text}")?;
                said.push_str(&text);
            }
            cause = error.source();
        }
        Ok(())
    }
}

impl From<dartloom_search::SearchError> for Error {
    fn from(error: dartloom_search::SearchError) -> Self {
        Self::Search(Box::new(error))
    }
}

impl From<dartloom_verdict::VerdictError> for Error {
    fn from(error: dartloom_verdict::VerdictError) -> Self {
        Self::Verdict(Box::new(error))
    }
}

impl From<dartloom_verdict::TrainedError> for Error {
    fn from(error: dartloom_verdict::TrainedError) -> Self {
        Self::Trained(Box::new(error))
    }
}

impl From<dartloom_score::ScoreError> for Error {
    fn from(error: dartloom_score::ScoreError) -> Self {
        Self::Score(Box::new(error))
    }
}

impl From<dartloom_explore::ExploreError> for Error {
    fn from(error: dartloom_explore::ExploreError) -> Self {
        Self::Explore(Box::new(error))
    }
}

impl From<dartloom_score::zero_cost::ZeroCostError> for Error {
    fn from(error: dartloom_score::zero_cost::ZeroCostError) -> Self {
        Self::ZeroCost(Box::new(error))
    }
}

#[cfg(test)]
mod tests {
    use dartloom_record::Refused;
    use dartloom_search::SearchError;

    use super::Error;

    #[test]
    fn the_debug_form_is_the_message_with_its_causes_once() {
        let config = SearchError::Config(Refused::new("epochs", "1", "0"));
        let error = Error::from(config);
        assert_eq!(format!("{error:?}"), "epochs: expected 1, found 0");
        assert_eq!(format!("{error:?}"), error.to_string());

        let source = std::io::Error::from(std::io::ErrorKind::NotFound);
        let path = std::path::PathBuf::from("no/such/file");
        let action = "open";
        let file = dartloom_record::RecordError::File { path, action, source };
        let error = Error::from(SearchError::from(file));
        let said = format!("{error:?}");
        assert!(said.starts_with("no/such/file: cannot open: ") && !said.contains("because"));
    }
}
