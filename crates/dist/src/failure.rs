//! Reasons for which a task has no result.

use serde::{Deserialize, Serialize};

use crate::{Mebibytes, words};

/// The reason for which an attempt, or a task, has no result.
///
/// This is a value and not an error: pools exist to survive failures, and none ends the work of
/// other tasks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[serde(deny_unknown_fields)]
pub enum Failure {
    /// Its process wanted more memory than its limit, or than the machine has.
    #[error("out of memory: limit {}, peak {}", shown(*.limit), shown(*.peak))]
    OutOfMemory {
        /// Its predicted peak, in bytes.
        estimate: Option<u64>,
        /// The memory that it may have, in bytes.
        limit: Option<u64>,
        /// The most it had when it was last heard of, in bytes.
        peak: Option<u64>,
    },
    /// It was predicted to need more memory than any worker has, and was never started.
    #[error("rejected: it needs {} and workers have {}", Mebibytes(*.estimate), Mebibytes(*.limit))]
    Rejected {
        /// Its predicted peak, in bytes.
        estimate: u64,
        /// The most any worker has, in bytes.
        limit: u64,
    },
    /// It took longer than its deadline.
    #[error("no result after {seconds} s")]
    Timeout {
        /// The deadline.
        seconds: f64,
    },
    /// Its process lived but reported no progress.
    #[error("no progress for {seconds} s")]
    Stalled {
        /// The seconds without progress.
        seconds: f64,
    },
    /// Its handler panicked.
    #[error("panicked: {message}")]
    Panicked {
        /// Its message.
        message: String,
    },
    /// A number in it was not finite.
    #[error("not finite: {message}")]
    NonFinite {
        /// The name and the place of the number.
        message: String,
    },
    /// Its handler returned an error.
    #[error("{message}")]
    Refused {
        /// The error.
        message: String,
    },
    /// A signal ended its process.
    #[error("ended by signal {signal}{}", after(.stderr))]
    Signal {
        /// The signal's number.
        signal: i32,
        /// The last lines it wrote to stderr.
        stderr: String,
    },
    /// Its process ended without a result.
    #[error("its process exited with {code}{}", after(.stderr))]
    Exited {
        /// The exit code.
        code: i32,
        /// The last lines it wrote to stderr.
        stderr: String,
    },
    /// Nothing was heard of its process for as long as a lease.
    #[error("nothing was heard of its worker for {seconds} s")]
    WorkerLost {
        /// The lease.
        seconds: f64,
    },
    /// It took down several workers, and is not tried on a further one.
    #[error("it ended {workers} workers, at last: {last}")]
    Poison {
        /// The number of workers.
        workers: usize,
        /// The last failure.
        last: Box<Failure>,
    },
    /// Its submitter cancelled it.
    #[error("cancelled")]
    Cancelled,
}

impl Failure {
    /// `true` if another attempt may end otherwise because the cause lay outside of the handler.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Signal { .. } | Self::Exited { .. } | Self::WorkerLost { .. })
    }
}

fn shown(bytes: Option<u64>) -> String {
    bytes.map_or_else(|| "unknown".to_owned(), |bytes| Mebibytes(bytes).to_string())
}

fn after(stderr: &str) -> String {
    words::last(stderr).map_or_else(String::new, |line| format!(": {line}"))
}
