use std::time::Duration;

use super::{check, handler};
use crate::{Capacity, DistError, Heard, InlinePool, TaskEvent, TaskPool, TaskSpec};

fn inline() -> InlinePool<'static> {
    InlinePool::new(Some(1 << 30), |task, report| handler(&task.payload, report))
}

#[test]
fn the_pool_of_one_thread_obeys() {
    check(&mut || Box::new(inline())).unwrap();
}

/// Tells every result twice.
#[derive(Debug)]
struct Echoing(InlinePool<'static>, Option<TaskEvent>);

impl TaskPool for Echoing {
    fn submit(&mut self, task: TaskSpec) -> Result<(), DistError> {
        self.0.submit(task)
    }

    fn next_event(&mut self, wait: Duration) -> Result<Heard, DistError> {
        if let Some(again) = self.1.take() {
            return Ok(Heard::Event(again));
        }
        let heard = self.0.next_event(wait)?;
        let event = heard.clone().event();
        self.1 = event.filter(|event| matches!(event, TaskEvent::Finished { .. }));
        Ok(heard)
    }

    fn cancel(&mut self, task: u64) -> Result<(), DistError> {
        self.0.cancel(task)
    }

    fn capacity(&self) -> Capacity {
        self.0.capacity()
    }
}

#[test]
fn a_pool_that_tells_results_twice_is_found() {
    let found = check(&mut || Box::new(Echoing(inline(), None)));
    assert!(found.unwrap_err().contains("ended twice"));
}
