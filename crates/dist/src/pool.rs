//! The trait of all pools.

use std::fmt::Debug;
use std::time::Duration;

use crate::{DistError, TaskEvent, TaskSpec};

/// Workers that run tasks and outlive them.
///
/// Whatever a task does, the pool goes on: a task that is killed, that hangs, or that asks for too
/// much memory ends as [`TaskEvent::Failed`]. The laws of `testkit` hold for every pool.
pub trait TaskPool: Debug {
    /// Takes a task; it is started when a worker is free whose memory it fits.
    ///
    /// # Errors
    /// [`DistError::KnownTask`] for a number that was submitted before. A task that fits no worker
    /// is no error: it fails as [`Failure::Rejected`](crate::Failure::Rejected).
    fn submit(&mut self, task: TaskSpec) -> Result<(), DistError>;

    /// The next event, waited for at most this long; `None` when there was none, and at once when
    /// no task is open.
    ///
    /// # Errors
    /// When the pool itself cannot go on; never because of a task.
    fn next_event(&mut self, wait: Duration) -> Result<Option<TaskEvent>, DistError>;

    /// Ends an open task; it fails as [`Failure::Cancelled`](crate::Failure::Cancelled). One that has
    /// ended stays as it is.
    ///
    /// # Errors
    /// [`DistError::UnknownTask`] for a number that was never submitted.
    fn cancel(&mut self, task: u64) -> Result<(), DistError>;

    /// What the pool has.
    fn capacity(&self) -> Capacity;
}

/// What a pool has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capacity {
    /// Memory that each worker may use, in bytes; `None` where there is no limit.
    pub workers: Vec<Option<u64>>,
    /// Workers that rest.
    pub resting: usize,
    /// Tasks whose end has not been told.
    pub open: usize,
}

impl Capacity {
    /// The most memory a task may need; `None` when some worker has no limit.
    pub fn most_memory(&self) -> Option<u64> {
        let most = self.workers.iter().copied();
        most.reduce(|most, next| Some(most?.max(next?))).flatten()
    }
}

impl<P: TaskPool + ?Sized> TaskPool for Box<P> {
    fn submit(&mut self, task: TaskSpec) -> Result<(), DistError> {
        (**self).submit(task)
    }

    fn next_event(&mut self, wait: Duration) -> Result<Option<TaskEvent>, DistError> {
        (**self).next_event(wait)
    }

    fn cancel(&mut self, task: u64) -> Result<(), DistError> {
        (**self).cancel(task)
    }

    fn capacity(&self) -> Capacity {
        (**self).capacity()
    }
}
