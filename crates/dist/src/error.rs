//! The errors of this crate.

use std::path::PathBuf;

use crate::Mebibytes;

/// The reason for which a pool or a journal cannot do its work.
///
/// A task that fails is not such a reason: see [`Failure`](crate::Failure). A machine that lacks
/// something the task needs is one, because the task is not at fault.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DistError {
    /// A rule makes no sense.
    #[error("{field}: expected {expected}, found {found}")]
    Rules {
        /// The field.
        field: &'static str,
        /// The values that are allowed.
        expected: &'static str,
        /// The value.
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
    /// All results of a pool were wanted while other tasks were open in it.
    #[error("expected a pool without open tasks, found {open}")]
    OpenTasks {
        /// Tasks whose end had not been told.
        open: usize,
    },
    /// A pool's thread could not be started, or is gone.
    #[error("worker {worker}: {message}")]
    Worker {
        /// The worker's number.
        worker: usize,
        /// The event.
        message: String,
    },
    /// A worker's process could not be started, or ended before it took its task, so that its
    /// end says nothing about the task.
    #[error("worker {worker}: its process {happened}")]
    Process {
        /// The worker's number.
        worker: usize,
        /// The event, as the end of a sentence about the process.
        happened: String,
    },
    /// The limit of a worker's memory is less than the memory of its program before any task.
    #[error(
        "workers may have {}, and their program has {} before its task: give them more",
        Mebibytes(*.limit), Mebibytes(*.held)
    )]
    Limit {
        /// The limit, in bytes.
        limit: u64,
        /// Writable data of the process before its task, in bytes.
        held: u64,
    },
    /// The machine let a task down: a disk is full, a file cannot be read. The task is not at
    /// fault and stays open.
    #[error("task {task}: {message}")]
    Machine {
        /// The task.
        task: u64,
        /// The message of the task, which names what the machine lacks.
        message: String,
    },
    /// A worker's process has no thread for its signs of life.
    #[error("a worker cannot start a thread: {source}")]
    Thread {
        /// The system's reason.
        source: std::io::Error,
    },
    /// A worker was not given a job.
    #[error("a worker expects a job as one line on its standard input, found {found}")]
    NoJob {
        /// The beginning of the text that it got instead.
        found: String,
    },
    /// A file of a journal.
    #[error("{}: cannot {action}: {source}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The action that failed.
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
        /// The expected content.
        expected: &'static str,
        /// The content found.
        found: String,
    },
    /// A record of a journal, or the payload of a task, has no JSON form.
    #[error("a value without a JSON form: {source}")]
    Record {
        /// The error of the encoder.
        source: serde_json::Error,
    },
    /// Another process writes the journal now.
    #[error("{}: {owner} writes this journal", .path.display())]
    Busy {
        /// The file.
        path: PathBuf,
        /// The process that writes it.
        owner: String,
    },
    /// Another process has taken over the journal since it was opened.
    #[error("{}: epoch {epoch} of this journal has ended: another process has taken over",
        .path.display())]
    Fenced {
        /// The file.
        path: PathBuf,
        /// The epoch of the process that gets this error.
        epoch: u64,
    },
}
