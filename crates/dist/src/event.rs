//! The events of a pool.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Failure;

/// Something that happened to a task or a worker.
///
/// A task is started one or more times; between [`TaskEvent::Requeued`] and the next start it
/// waits. It ends with exactly one [`TaskEvent::Finished`] or [`TaskEvent::Failed`], after which it
/// has no further events.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum TaskEvent {
    /// A worker has begun with it.
    Started {
        /// The task.
        task: u64,
        /// The worker's number.
        worker: usize,
        /// The number of times it has been started, this one included.
        attempt: u32,
    },
    /// A report of its handler.
    Progress {
        /// The task.
        task: u64,
        /// The number of this start, from 1.
        attempt: u32,
        /// The value that the handler reported.
        value: Value,
    },
    /// It is done.
    Finished {
        /// The task.
        task: u64,
        /// The worker's number.
        worker: usize,
        /// The number of this start, from 1.
        attempt: u32,
        /// The value that the handler returned.
        value: Value,
        /// The resources it used.
        usage: Usage,
    },
    /// An attempt failed for a reason that may not recur; the task waits to be started again.
    Requeued {
        /// The task.
        task: u64,
        /// The attempt that failed.
        attempt: u32,
        /// The reason.
        failure: Failure,
    },
    /// It failed for good.
    Failed {
        /// The task.
        task: u64,
        /// The number of times it was started; 0 if it was rejected beforehand.
        attempts: u32,
        /// The reason.
        failure: Failure,
    },
    /// A worker rests after several fast failures.
    WorkerLost {
        /// The worker's number.
        worker: usize,
        /// The seconds of its rest.
        rest: f64,
    },
    /// A worker takes tasks again.
    WorkerJoined {
        /// The worker's number.
        worker: usize,
    },
}

impl TaskEvent {
    /// `true` if it is the last of its task.
    pub fn is_end(&self) -> bool {
        matches!(self, Self::Finished { .. } | Self::Failed { .. })
    }
}

/// The resources that an attempt used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Usage {
    /// Seconds from its start to its result.
    pub seconds: f64,
    /// The most memory its process had at once, in bytes; `None` if it was not measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak: Option<u64>,
}
