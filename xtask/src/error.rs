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
}
