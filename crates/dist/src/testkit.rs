//! Laws of all pools.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use crate::worker::TaskError;
use crate::{DistError, Failure, Heard, TaskEvent, TaskPool, TaskSpec};

/// The handler that the workers of a pool under test run: `{"echo": VALUE}` returns the value after
/// two reports of progress; `{"refuse": TEXT}`, `{"spoil": TEXT}` and `{"panic": TEXT}` fail; for
/// `{"machine": TEXT}` the machine lets the task down.
///
/// # Errors
/// As the payload asks.
///
/// # Panics
/// As the payload asks.
#[allow(clippy::panic, reason = "the laws say what becomes of a panic")]
pub fn handler(payload: &Value, report: &mut dyn FnMut(Value)) -> Result<Value, TaskError> {
    let text = |key: &str| payload.get(key).and_then(Value::as_str).map(str::to_owned);
    if let Some(text) = text("panic") {
        panic!("{text}");
    }
    if let Some(text) = text("refuse") {
        return Err(TaskError::Other(text));
    }
    if let Some(text) = text("spoil") {
        return Err(TaskError::NonFinite(text));
    }
    if let Some(text) = text("machine") {
        return Err(TaskError::Machine(text));
    }
    report(json!(1));
    report(json!(2));
    payload.get("echo").cloned().ok_or_else(|| TaskError::Other("nothing to do".to_owned()))
}

/// The time for which a law waits for an event: far longer than a sound pool needs.
const PATIENCE: Duration = Duration::from_secs(60);

/// Checks a pool whose workers run [`handler`]; `make` gives a new one, whose largest worker may
/// use at most 2^40 bytes.
///
/// # Errors
/// The law that does not hold, and the observation that contradicts it.
pub fn check(make: &mut dyn FnMut() -> Box<dyn TaskPool>) -> Result<(), String> {
    every_task_ends_once(&mut *make())?;
    numbers_are_used_once(&mut *make())?;
    what_is_too_large_is_never_started(&mut *make())?;
    what_the_machine_lacks_ends_no_task(&mut *make())?;
    cancelled_tasks_stay_cancelled(&mut *make())
}

fn submit(pool: &mut dyn TaskPool, id: u64, payload: Value) -> Result<(), String> {
    pool.submit(TaskSpec::new(id, payload)).map_err(|error| error.to_string())
}

/// All events until the pool has nothing left to do.
fn drain(pool: &mut dyn TaskPool) -> Result<Vec<TaskEvent>, String> {
    let mut events = Vec::new();
    loop {
        match pool.next_event(PATIENCE).map_err(|error| error.to_string())? {
            Heard::Event(event) => events.push(event),
            Heard::Nothing => {
                return Err(format!("nothing happens for {PATIENCE:?}; so far {events:?}"));
            }
            Heard::Idle => break,
        }
    }
    match pool.capacity().open {
        0 => Ok(events),
        open => Err(format!("{open} tasks are open in an idle pool; so far {events:?}")),
    }
}

/// The error that a pool gives, whatever happens before.
fn trouble(pool: &mut dyn TaskPool) -> Result<DistError, String> {
    loop {
        match pool.next_event(PATIENCE) {
            Err(error) => return Ok(error),
            Ok(Heard::Event(event)) if !event.is_end() => {}
            Ok(other) => return Err(format!("expected an error of the pool, found {other:?}")),
        }
    }
}

fn what_the_machine_lacks_ends_no_task(pool: &mut dyn TaskPool) -> Result<(), String> {
    submit(pool, 5, json!({ "machine": "the disk is full" }))?;
    // It is tried again as often as events are asked for.
    for _ in 0..2 {
        match trouble(pool)? {
            DistError::Machine { task: 5, message } if message == "the disk is full" => {}
            other => return Err(format!("expected what the machine lacks, found {other:?}")),
        }
        if pool.capacity().open != 1 {
            return Err("a task that the machine let down has ended".to_owned());
        }
    }
    pool.cancel(5).map_err(|error| error.to_string())?;
    let ends = drain(pool)?.into_iter().filter(TaskEvent::is_end).count();
    if ends == 1 { Ok(()) } else { Err(format!("expected one end, found {ends}")) }
}

fn every_task_ends_once(pool: &mut dyn TaskPool) -> Result<(), String> {
    let refused = Failure::Refused { message: "no".to_owned() };
    let spoilt = Failure::NonFinite { message: "loss".to_owned() };
    let panicked = Failure::Panicked { message: "oh".to_owned() };
    let ends = [
        (json!({ "echo": [1, "two"] }), Ok(json!([1, "two"]))),
        (json!({ "refuse": "no" }), Err(refused)),
        (json!({ "echo": null }), Ok(json!(null))),
        (json!({ "spoil": "loss" }), Err(spoilt)),
        (json!({ "panic": "oh" }), Err(panicked)),
        (json!({ "echo": 6 }), Ok(json!(6))),
    ];
    for (id, (payload, _)) in (10..).zip(&ends) {
        submit(pool, id, payload.clone())?;
    }
    let mut reports = BTreeMap::new();
    let mut found = BTreeMap::new();
    for event in drain(pool)? {
        let (task, end) = match event {
            TaskEvent::Started { task, .. } => {
                reports.insert(task, Vec::new());
                continue;
            }
            TaskEvent::Progress { task, value, .. } => {
                let told = reports.get_mut(&task).ok_or("progress before the start")?;
                told.push(value);
                continue;
            }
            TaskEvent::Finished { task, value, .. } => (task, Ok(value)),
            TaskEvent::Failed { task, failure, .. } => (task, Err(failure)),
            other => return Err(format!("nothing was to be tried again: {other:?}")),
        };
        if !reports.contains_key(&task) || found.insert(task, end).is_some() {
            return Err(format!("task {task} ended twice, or before its start"));
        }
    }
    for (id, (_, expected)) in (10..).zip(ends) {
        let end = found.remove(&id);
        if end.as_ref() != Some(&expected) {
            return Err(format!("task {id}: expected {expected:?}, found {end:?}"));
        }
        let steps = if expected.is_ok() { vec![json!(1), json!(2)] } else { Vec::new() };
        if reports.get(&id) != Some(&steps) {
            return Err(format!("task {id}: expected reports {steps:?}, found {reports:?}"));
        }
    }
    Ok(())
}

fn numbers_are_used_once(pool: &mut dyn TaskPool) -> Result<(), String> {
    submit(pool, 3, json!({ "echo": 1 }))?;
    for _ in 0..2 {
        match pool.submit(TaskSpec::new(3, json!({ "echo": 2 }))) {
            Err(DistError::KnownTask { task: 3 }) => {}
            other => return Err(format!("a number was used again: {other:?}")),
        }
        drain(pool)?;
    }
    match pool.cancel(4) {
        Err(DistError::UnknownTask { task: 4 }) => Ok(()),
        other => Err(format!("a number nobody used was cancelled: {other:?}")),
    }
}

fn what_is_too_large_is_never_started(pool: &mut dyn TaskPool) -> Result<(), String> {
    let Some(limit) = pool.capacity().most_memory() else { return Ok(()) };
    let estimate = limit + 1;
    let large = TaskSpec { memory: Some(estimate), ..TaskSpec::new(0, json!({ "echo": 1 })) };
    pool.submit(large).map_err(|error| error.to_string())?;
    let failure = Failure::Rejected { estimate, limit };
    let expected = [TaskEvent::Failed { task: 0, attempts: 0, failure }];
    let found = drain(pool)?;
    if found == expected { Ok(()) } else { Err(format!("expected a rejection, found {found:?}")) }
}

fn cancelled_tasks_stay_cancelled(pool: &mut dyn TaskPool) -> Result<(), String> {
    for id in 0..3 {
        submit(pool, id, json!({ "echo": id }))?;
    }
    pool.cancel(1).map_err(|error| error.to_string())?;
    let events = drain(pool)?;
    let of = |event: &TaskEvent| match event {
        TaskEvent::Started { task, .. }
        | TaskEvent::Finished { task, .. }
        | TaskEvent::Progress { task, .. } => *task == 1,
        _ => false,
    };
    let failure = Failure::Cancelled;
    let cancelled = TaskEvent::Failed { task: 1, attempts: 0, failure };
    if events.iter().any(of) || events.iter().filter(|event| **event == cancelled).count() != 1 {
        return Err(format!("expected one cancelled task that never started, found {events:?}"));
    }
    // One that has ended stays as it is.
    pool.cancel(0).map_err(|error| error.to_string())?;
    let after = drain(pool)?;
    if after.is_empty() { Ok(()) } else { Err(format!("an ended task was told again: {after:?}")) }
}

#[cfg(test)]
mod tests;
