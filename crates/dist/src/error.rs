//! The errors of this crate.

use std::path::PathBuf;

/// Why a pool or a journal cannot do what was asked. What becomes of tasks is no error: see
/// [`Failure`](crate::Failure).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DistError {
    /// A rule makes no sense.
    #[error("{field}: expected {expected}, found {found}")]
    Rules {
        /// The field.
        field: &'static str,
        /// What it may be.
        expected: &'static str,
        /// What it is.
        found: String,
    },
    /// A task of this number was submitted before.
    #[error("task {task} was submitted before")]
    KnownTask {
        /// The number.
        task: u64,
    },
    /// No task of this number was submitted.
    #[error("task {task} was never submitted")]
    UnknownTask {
        /// The number.
        task: u64,
    },
    /// A pool's thread could not be started, or is gone.
    #[error("worker {worker}: {message}")]
    Worker {
        /// The worker's number.
        worker: usize,
        /// What happened.
        message: String,
    },
    /// A worker was not given a job.
    #[error("a worker expects a job as one line on its standard input, found {found}")]
    NoJob {
        /// What it was given.
        found: String,
    },
    /// A file of a journal.
    #[error("{}: cannot {action}: {source}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A line in the middle of a journal is damaged.
    #[error("{}:{line}: expected {expected}, found {found}", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What it should be.
        expected: &'static str,
        /// What it is.
        found: String,
    },
    /// A record has no JSON form.
    #[error("a record without a JSON form: {source}")]
    Record {
        /// Why.
        source: serde_json::Error,
    },
    /// Another process writes the journal now.
    #[error("{}: {owner} writes this journal", .path.display())]
    Busy {
        /// The file.
        path: PathBuf,
        /// Who.
        owner: String,
    },
    /// Another process has taken over the journal since it was opened.
    #[error("{}: epoch {epoch} of this journal has ended: another process has taken over",
        .path.display())]
    Fenced {
        /// The file.
        path: PathBuf,
        /// The epoch of the process that hears of it.
        epoch: u64,
    },
}
