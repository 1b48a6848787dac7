//! Reasons for which nothing was measured.

use std::path::{Path, PathBuf};

use dartloom::space::text::suggestion;
use dartloom_engine::EngineError;
use thiserror::Error;

/// The reason for which a benchmark has no figures.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BenchError {
    /// A file, a name or a size that the engine refuses; or the work itself.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// An option that makes no sense.
    #[error("{option}: expected {expected}, found {found}")]
    OptionValue {
        /// The option.
        option: &'static str,
        /// The values that it may have.
        expected: &'static str,
        /// The value found.
        found: String,
    },
    /// A kernel that is not there.
    #[error("`{found}` is no {what} and no file; {}", suggestion(found, known))]
    UnknownName {
        /// The name.
        found: String,
        /// Whatever it was to be a name of.
        what: &'static str,
        /// The names there are.
        known: Vec<String>,
    },
    /// A genotype without a chain of cells.
    #[error("`{found}` belongs to a space of its own; only genotypes of chains can be counted")]
    NoChain {
        /// Its name.
        found: String,
    },
    /// A tensor of a parity file that cannot be used.
    #[error("{}: tensor `{tensor}`: expected {expected}, found {found}", path.display())]
    Parity {
        /// The file.
        path: PathBuf,
        /// Name of the tensor.
        tensor: String,
        /// The values that it must have.
        expected: String,
        /// The value found.
        found: String,
    },
    /// A process that did not do what it was started for.
    #[error("{case}: the process that trains it failed: {message}")]
    Child {
        /// The network that it was to train.
        case: String,
        /// Its words.
        message: String,
    },
    /// A thread pool that cannot be started.
    #[error("cannot start a thread pool: {0}")]
    Threads(#[from] rayon::ThreadPoolBuildError),
}

impl BenchError {
    /// True when what was given is at fault, and not the work or the machine.
    pub fn is_of_input(&self) -> bool {
        match self {
            Self::Engine(error) => error.is_of_input(),
            Self::Child { .. } | Self::Threads(_) => false,
            _ => true,
        }
    }

    /// The work itself failed with `error`.
    pub(crate) fn work(error: impl Into<dartloom::Error>) -> Self {
        Self::Engine(EngineError::work(error))
    }

    /// A value was refused with `error`.
    pub(crate) fn input(error: impl Into<dartloom::Error>) -> Self {
        Self::Engine(EngineError::input(error))
    }

    /// The content of the file at `path` was refused with `error`.
    pub(crate) fn content(path: &Path, error: impl Into<dartloom::Error>) -> Self {
        Self::Engine(EngineError::content(path, error))
    }
}
