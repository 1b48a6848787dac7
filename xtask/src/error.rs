//! Everything that can stop a task.

use std::path::PathBuf;

/// The reason for which a task did not succeed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file or folder could not be read or removed.
    #[error("cannot access {path}: {source}")]
    Access {
        /// Its path.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// The work tree could not be listed.
    #[error("cannot list the work tree: {0}")]
    Walk(#[from] ignore::Error),
    /// A manifest is not TOML.
    #[error("{path} is not TOML: {source}")]
    Manifest {
        /// Its name.
        path: String,
        /// The system's error.
        source: Box<toml::de::Error>,
    },
    /// A program could not be started.
    #[error("cannot start `{command}`: {source}")]
    Start {
        /// The command line.
        command: String,
        /// The system's error.
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
        /// Their number.
        failures: usize,
    },
    /// No step of that name.
    #[error("no step is called `{found}`; the steps are {known}")]
    UnknownStep {
        /// The name that was asked for.
        found: String,
        /// The names there are.
        known: String,
    },
    /// A step failed.
    #[error("step `{step}` failed: {source}")]
    Step {
        /// Its name.
        step: &'static str,
        /// The parser's error.
        source: Box<Error>,
    },
    /// A program printed something else than figures.
    #[error("`{command}` printed no figures: expected {expected}, found `{found}`")]
    Figures {
        /// The command line.
        command: String,
        /// The words that were looked for.
        expected: String,
        /// The line that stood there.
        found: String,
    },
    /// Both implementations made the same step and found different numbers.
    #[error("{case}: not the same step: {what} differs by {difference:.1e}, {limit:.0e} at most")]
    Unequal {
        /// The case.
        case: String,
        /// Its name.
        what: String,
        /// Relative difference.
        difference: f64,
        /// The values that are accepted.
        limit: f64,
    },
    /// There is no browser.
    #[error("no browser answers; tried {tried}")]
    NoBrowser {
        /// The names that were tried.
        tried: String,
    },
    /// A page made a browser speak.
    #[error("the browser's console says:\n{said}")]
    Console {
        /// Its lines.
        said: String,
    },
    /// Some benchmarks did not succeed.
    #[error("{failures} of the benchmarks failed")]
    Benchmarks {
        /// Their number.
        failures: usize,
    },
}
