//! What can stop a task.

use std::path::PathBuf;

/// Why a task did not succeed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file or folder could not be read or removed.
    #[error("cannot access {path}: {source}")]
    Access {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The work tree could not be listed.
    #[error("cannot list the work tree: {0}")]
    Walk(#[from] ignore::Error),
    /// A manifest is not TOML.
    #[error("{path} is not TOML: {source}")]
    Manifest {
        /// Which one.
        path: String,
        /// Why.
        source: Box<toml::de::Error>,
    },
    /// A program could not be started.
    #[error("cannot start `{command}`: {source}")]
    Start {
        /// The command line.
        command: String,
        /// Why.
        source: std::io::Error,
    },
    /// A program ended badly.
    #[error("`{command}` failed: {status}")]
    Failed {
        /// The command line.
        command: String,
        /// Its exit status.
        status: std::process::ExitStatus,
    },
    /// Tidy found breaches.
    #[error("tidy: {failures} failures")]
    Untidy {
        /// How many.
        failures: usize,
    },
    /// No step of that name.
    #[error("no step is called `{found}`; the steps are {known}")]
    UnknownStep {
        /// What was asked for.
        found: String,
        /// The names there are.
        known: String,
    },
    /// A step failed.
    #[error("step `{step}` failed: {source}")]
    Step {
        /// Its name.
        step: &'static str,
        /// Why.
        source: Box<Error>,
    },
    /// A program printed something else than figures.
    #[error("`{command}` printed no figures: expected {expected}, found `{found}`")]
    Figures {
        /// The command line.
        command: String,
        /// What was looked for.
        expected: String,
        /// What stood there.
        found: String,
    },
    /// Both implementations made the same step and found different numbers.
    #[error("{case}: not the same step: {what} differs by {difference:.1e}, {limit:.0e} at most")]
    Unequal {
        /// The case.
        case: String,
        /// Which number.
        what: String,
        /// Relative difference.
        difference: f64,
        /// What is accepted.
        limit: f64,
    },
    /// Some benchmarks did not succeed.
    #[error("{failures} of the benchmarks failed")]
    Benchmarks {
        /// How many.
        failures: usize,
    },
}
