//! Waiting for everything that a pool has to do.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use crate::{DistError, Failure, Heard, TaskEvent, TaskPool, TaskSpec};

/// The time for which one call waits. The wait as a whole ends only with the tasks.
const WAIT: Duration = Duration::from_secs(1);

/// The events of a pool until no task is open, as returned by [`TaskPool::events`]. The first error
/// is the last item.
#[derive(Debug)]
pub struct Events<'p> {
    pool: &'p mut dyn TaskPool,
    over: bool,
}

impl<'p> Events<'p> {
    /// The events of `pool`.
    pub fn of(pool: &'p mut dyn TaskPool) -> Self {
        Self { pool, over: false }
    }
}

impl Iterator for Events<'_> {
    type Item = Result<TaskEvent, DistError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.over {
            match self.pool.next_event(WAIT) {
                Ok(Heard::Event(event)) => return Some(Ok(event)),
                Ok(Heard::Nothing) => {}
                Ok(Heard::Idle) => self.over = true,
                Err(error) => {
                    self.over = true;
                    return Some(Err(error));
                }
            }
        }
        None
    }
}

/// Runs tasks and gives their results in the order of the tasks.
pub(super) fn map(
    pool: &mut dyn TaskPool,
    tasks: impl IntoIterator<Item = TaskSpec>,
) -> Result<Vec<Result<Value, Failure>>, DistError> {
    let open = pool.capacity().open;
    if open > 0 {
        return Err(DistError::OpenTasks { open });
    }
    let mut numbers = Vec::new();
    for task in tasks {
        numbers.push(task.id);
        pool.submit(task)?;
    }
    let mut results = BTreeMap::new();
    for event in Events::of(pool) {
        match event? {
            TaskEvent::Finished { task, value, .. } => {
                results.insert(task, Ok(value));
            }
            TaskEvent::Failed { task, failure, .. } => {
                results.insert(task, Err(failure));
            }
            _ => {}
        }
    }
    // Every task ends once: that is a law of pools.
    let result = |task: u64| results.remove(&task).unwrap_or(Err(Failure::Cancelled));
    Ok(numbers.into_iter().map(result).collect())
}
