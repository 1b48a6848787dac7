//! A pool without processes: a task runs when its events are asked for, one after the other.

use std::collections::VecDeque;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use serde_json::Value;

use crate::ledger::{Ledger, Start, Worker};
use crate::worker::{TaskError, panic_text};
use crate::{Capacity, DistError, Failure, Heard, Rules, TaskEvent, TaskPool, TaskSpec, Usage};

/// A function that runs a task. It gets the task's number and payload, and a function that takes
/// reports of progress.
type Handler<'a> =
    Box<dyn FnMut(&TaskSpec, &mut dyn FnMut(Value)) -> Result<Value, TaskError> + 'a>;

/// A pool of one worker that is the caller's own thread: the default in programs that embed the
/// library, and for tasks that cannot fail.
///
/// Panics are caught and become [`Failure::Panicked`]. A task that runs out of memory, aborts or
/// hangs takes the caller with it, which only another process can survive. Deadlines are not kept,
/// and durations are reported as 0. [`LocalPool`](crate::LocalPool) is the pool that survives its
/// tasks.
pub struct InlinePool<'a> {
    ledger: Ledger,
    handler: Handler<'a>,
    told: VecDeque<TaskEvent>,
}

impl fmt::Debug for InlinePool<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InlinePool").field("ledger", &self.ledger).finish_non_exhaustive()
    }
}

impl<'a> InlinePool<'a> {
    /// A pool that runs `handler`; tasks that need more than `memory` bytes are rejected.
    pub fn new(
        memory: Option<u64>,
        handler: impl FnMut(&TaskSpec, &mut dyn FnMut(Value)) -> Result<Value, TaskError> + 'a,
    ) -> Self {
        let ledger = Ledger::new(vec![Worker::new(0, memory)], Rules::default());
        Self { ledger, handler: Box::new(handler), told: VecDeque::new() }
    }

    /// Runs a task.
    ///
    /// # Errors
    /// [`DistError::Machine`] if the machine let it down; it waits again then.
    fn run(&mut self, Start { spec, worker, attempt }: &Start) -> Result<(), DistError> {
        let task = spec.id;
        let worker = *worker;
        let attempt = *attempt;
        let ledger = &mut self.ledger;
        let mut report = |value| ledger.tell(task, TaskEvent::Progress { task, attempt, value });
        let handler = &mut self.handler;
        let result = catch_unwind(AssertUnwindSafe(|| handler(spec, &mut report)));
        let failure = match result {
            Ok(Ok(value)) => {
                let usage = Usage::default();
                let event = TaskEvent::Finished { task, worker, attempt, value, usage };
                self.ledger.finish(task, worker, event);
                self.ledger.release(worker);
                return Ok(());
            }
            Ok(Err(error)) => error.failure(),
            Err(panic) => Ok(Failure::Panicked { message: panic_text(&*panic) }),
        };
        self.ledger.release(worker);
        match failure {
            Ok(failure) => {
                self.ledger.fail(task, worker, failure, Duration::ZERO);
                Ok(())
            }
            Err(message) => {
                self.ledger.put_back(task);
                Err(DistError::Machine { task, message })
            }
        }
    }
}

impl TaskPool for InlinePool<'_> {
    fn submit(&mut self, task: TaskSpec) -> Result<(), DistError> {
        self.ledger.submit(task)
    }

    fn next_event(&mut self, _: Duration) -> Result<Heard, DistError> {
        while let Some(event) = self.ledger.event() {
            self.told.push_back(event);
        }
        if self.told.is_empty()
            && let Some(start) = self.ledger.start(Duration::ZERO)
        {
            let run = self.run(&start);
            while let Some(event) = self.ledger.event() {
                self.told.push_back(event);
            }
            run?;
        }
        // Nothing is ever waited for here.
        Ok(self.told.pop_front().map_or(Heard::Idle, Heard::Event))
    }

    fn cancel(&mut self, task: u64) -> Result<(), DistError> {
        self.ledger.cancel(task).map(|_| ())
    }

    fn capacity(&self) -> Capacity {
        self.ledger.capacity()
    }
}
