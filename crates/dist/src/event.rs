//! What a pool tells.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Failure;

/// Something that happened to a task or a worker.
///
/// A task is started one or more times; between [`TaskEvent::Requeued`] and the next start it
/// waits. It ends with exactly one [`TaskEvent::Finished`] or [`TaskEvent::Failed`], and nothing is
/// told of it afterwards.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum TaskEvent {
    /// A worker has begun with it.
    Started {
        /// The task.
        task: u64,
        /// The worker's number.
        worker: usize,
        /// How often it has been started, from 1.
        attempt: u32,
    },
    /// What its handler reports.
    Progress {
        /// The task.
        task: u64,
        /// Which start.
        attempt: u32,
        /// What the handler said.
        value: Value,
    },
    /// It is done.
    Finished {
        /// The task.
        task: u64,
        /// The worker's number.
        worker: usize,
        /// Which start.
        attempt: u32,
        /// What the handler returned.
        value: Value,
        /// What it took.
        usage: Usage,
    },
    /// An attempt failed in a way that another one may not; the task waits to be started again.
    Requeued {
        /// The task.
        task: u64,
        /// The attempt that failed.
        attempt: u32,
        /// Why.
        failure: Failure,
    },
    /// It failed for good.
    Failed {
        /// The task.
        task: u64,
        /// How often it was started; 0 when it was rejected beforehand.
        attempts: u32,
        /// Why.
        failure: Failure,
    },
    /// A worker rests after several fast failures.
    WorkerLost {
        /// The worker's number.
        worker: usize,
        /// For how many seconds.
        rest: f64,
    },
    /// A worker takes tasks again.
    WorkerJoined {
        /// The worker's number.
        worker: usize,
    },
}

impl TaskEvent {
    /// Whether it is the last of its task.
    pub fn is_end(&self) -> bool {
        matches!(self, Self::Finished { .. } | Self::Failed { .. })
    }
}

/// What an attempt took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Usage {
    /// Seconds from its start to its result.
    pub seconds: f64,
    /// The most memory its process had at once, in bytes; `None` where nobody measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak: Option<u64>,
}
