//! The trait of all pools.

mod events;

use std::fmt::Debug;
use std::time::Duration;

use serde_json::Value;

pub use crate::pool::events::Events;
use crate::{DistError, Failure, TaskEvent, TaskSpec};

/// Workers that run tasks and outlive them.
///
/// The pool goes on whatever a task does: a task that is killed, that hangs, or that asks for too
/// much memory ends as [`TaskEvent::Failed`]. A lack of something in the machine, such as space on
/// a disk or a program to start, is an error of the pool and not a failure of the task; the tasks
/// stay open. The laws of `testkit` hold for every pool.
pub trait TaskPool: Debug {
    /// Takes a task, which is started when a worker with enough memory is free.
    ///
    /// # Errors
    /// [`DistError::KnownTask`] for a number that was submitted before, [`DistError::Rules`] for an
    /// invalid deadline. A task that fits no worker is not an error: it fails as
    /// [`Failure::Rejected`](crate::Failure::Rejected).
    fn submit(&mut self, task: TaskSpec) -> Result<(), DistError>;

    /// The next event; waits for it at most this long. [`TaskPool::events`] and [`TaskPool::map`]
    /// wait for all.
    ///
    /// # Errors
    /// When the pool itself cannot go on, or the machine lets a task down; never because of a task.
    /// Asking again tries again.
    fn next_event(&mut self, wait: Duration) -> Result<Heard, DistError>;

    /// Ends an open task; it fails as [`Failure::Cancelled`](crate::Failure::Cancelled). A task
    /// that has ended stays as it is.
    ///
    /// # Errors
    /// [`DistError::UnknownTask`] for a number that was never submitted.
    fn cancel(&mut self, task: u64) -> Result<(), DistError>;

    /// The workers of the pool.
    fn capacity(&self) -> Capacity;

    /// All events until no task is open. [`Events::of`] is the same for a `dyn TaskPool`.
    fn events(&mut self) -> Events<'_>
    where
        Self: Sized,
    {
        Events::of(self)
    }

    /// Runs tasks and gives their results in the order of the tasks.
    ///
    /// # Errors
    /// [`DistError::OpenTasks`] when other tasks are open, whose events would be lost, and those of
    /// [`TaskPool::submit`] and [`TaskPool::next_event`].
    fn map(
        &mut self,
        tasks: impl IntoIterator<Item = TaskSpec>,
    ) -> Result<Vec<Result<Value, Failure>>, DistError>
    where
        Self: Sized,
    {
        events::map(self, tasks)
    }
}

/// A message from a pool.
#[derive(Clone, Debug, PartialEq)]
pub enum Heard {
    /// Something happened.
    Event(TaskEvent),
    /// Nothing happened in the time of the wait, and tasks are open.
    Nothing,
    /// No task is open: nothing will happen before another is submitted.
    Idle,
}

impl Heard {
    /// The event, if there was one.
    pub fn event(self) -> Option<TaskEvent> {
        match self {
            Self::Event(event) => Some(event),
            Self::Nothing | Self::Idle => None,
        }
    }
}

/// The workers of a pool.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capacity {
    /// Memory that each worker may use, in bytes; `None` where there is no limit.
    pub workers: Vec<Option<u64>>,
    /// Workers that rest.
    pub resting: usize,
    /// Tasks whose end has not been reported.
    pub open: usize,
}

impl Capacity {
    /// The most memory a task may need; `None` if some worker has no limit.
    pub fn most_memory(&self) -> Option<u64> {
        let most = self.workers.iter().copied();
        most.reduce(|most, next| Some(most?.max(next?))).flatten()
    }
}

impl<P: TaskPool + ?Sized> TaskPool for Box<P> {
    fn submit(&mut self, task: TaskSpec) -> Result<(), DistError> {
        (**self).submit(task)
    }

    fn next_event(&mut self, wait: Duration) -> Result<Heard, DistError> {
        (**self).next_event(wait)
    }

    fn cancel(&mut self, task: u64) -> Result<(), DistError> {
        (**self).cancel(task)
    }

    fn capacity(&self) -> Capacity {
        (**self).capacity()
    }
}
