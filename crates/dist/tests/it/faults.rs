//! The fault table: what is done to a task's process, and what is told.

use std::time::{Duration, Instant};

use dartloom_dist::{Failure, Heard, Rules, TaskEvent, TaskPool, TaskSpec};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::worker::{drain, pool, quick};

/// The failure of a task that stands between two sound ones, which must finish.
fn failure(payload: Value, memory: Option<u64>, rules: Rules) -> (u32, Failure) {
    failure_of(TaskSpec::new(1, payload), memory, rules)
}

fn failure_of(task: TaskSpec, memory: Option<u64>, rules: Rules) -> (u32, Failure) {
    let mut pool = pool(1, memory, rules);
    pool.submit(TaskSpec::new(0, json!({ "echo": "before" }))).unwrap();
    pool.submit(task).unwrap();
    pool.submit(TaskSpec::new(2, json!({ "echo": "after" }))).unwrap();
    let events = drain(&mut pool);
    for sound in [0, 2] {
        let done = |event: &&TaskEvent| matches!(event, TaskEvent::Finished { task, .. } if *task == sound);
        assert_eq!(events.iter().filter(done).count(), 1, "{events:?}");
    }
    let failed = events.iter().find_map(|event| match event {
        TaskEvent::Failed { task: 1, attempts, failure } => Some((*attempts, failure.clone())),
        _ => None,
    });
    failed.unwrap_or_else(|| panic!("{events:?}"))
}

const MIB: u64 = 1 << 20;

#[test]
fn a_task_over_its_memory_limit_is_out_of_memory() {
    let (attempts, failure) = failure(json!({ "hog": 512 * MIB }), Some(128 * MIB), quick());
    let Failure::OutOfMemory { limit, peak, .. } = failure else { panic!("{failure:?}") };
    assert_eq!((attempts, limit), (1, Some(128 * MIB)));
    assert!(peak.is_some_and(|peak| peak < 160 * MIB), "{peak:?}");
    // The same task fits a larger limit.
    let mut pool = pool(1, Some(1024 * MIB), quick());
    pool.submit(TaskSpec::new(0, json!({ "hog": 512 * MIB }))).unwrap();
    let events = drain(&mut pool);
    assert!(matches!(events.last(), Some(TaskEvent::Finished { .. })), "{events:?}");
}

#[test]
fn a_task_predicted_over_the_limit_is_not_started() {
    let task = TaskSpec { memory: Some(200 * MIB), ..TaskSpec::new(1, json!({ "echo": 1 })) };
    let (attempts, failure) = failure_of(task, Some(128 * MIB), quick());
    assert_eq!(attempts, 0);
    assert_eq!(failure, Failure::Rejected { estimate: 200 * MIB, limit: 128 * MIB });
}

#[test]
fn a_panic_an_error_and_a_spoilt_number_are_told_and_not_tried_again() {
    let rows = [
        (json!({ "panic": "boom" }), Failure::Panicked { message: "boom".to_owned() }),
        (
            json!({ "refuse": "no such operation" }),
            Failure::Refused { message: "no such operation".to_owned() },
        ),
        (
            json!({ "spoil": "loss of step 3" }),
            Failure::NonFinite { message: "loss of step 3".to_owned() },
        ),
    ];
    for (payload, expected) in rows {
        assert_eq!(failure(payload, None, quick()), (1, expected));
    }
}

#[test]
fn signals_are_tried_again_and_told() {
    for signal in [9, 15, 6] {
        let (attempts, failure) = failure(json!({ "signal": signal }), None, quick());
        assert_eq!(attempts, 3);
        assert!(
            matches!(failure, Failure::Signal { signal: found, .. } if found == signal),
            "{failure}"
        );
    }
}

#[test]
fn an_exit_in_a_loop_makes_the_worker_rest_and_is_told_with_its_last_words() {
    let mut pool = pool(1, None, quick());
    pool.submit(TaskSpec::new(0, json!({ "exit": 3 }))).unwrap();
    let events = drain(&mut pool);
    assert!(events.iter().any(|event| matches!(event, TaskEvent::WorkerLost { worker: 0, .. })));
    let Some(TaskEvent::Failed {
        failure: Failure::Exited { code: 3, stderr }, attempts: 3, ..
    }) = events.iter().find(|event| matches!(event, TaskEvent::Failed { .. }))
    else {
        panic!("{events:?}")
    };
    assert!(stderr.contains("leaving with 3"), "{stderr}");
    // After its rest the worker takes tasks again.
    pool.submit(TaskSpec::new(1, json!({ "echo": 1 }))).unwrap();
    let events = drain(&mut pool);
    assert!(matches!(events.first(), Some(TaskEvent::WorkerJoined { worker: 0 })), "{events:?}");
    assert!(matches!(events.last(), Some(TaskEvent::Finished { .. })), "{events:?}");
}

#[test]
fn a_task_that_kills_two_workers_is_poison() {
    let mut pool = pool(2, None, quick());
    pool.submit(TaskSpec::new(0, json!({ "signal": 9 }))).unwrap();
    let events = drain(&mut pool);
    let Some(TaskEvent::Failed { attempts: 2, failure, .. }) = events.last() else {
        panic!("{events:?}")
    };
    assert!(matches!(failure, Failure::Poison { workers: 2, .. }), "{failure}");
}

#[test]
fn a_stopped_process_loses_its_lease_and_its_task_is_tried_again() {
    let begin = Instant::now();
    let mut pool = pool(1, None, quick());
    // SIGSTOP, on the first attempt only.
    pool.submit(TaskSpec::new(0, json!({ "signal": 19, "until": 2 }))).unwrap();
    let events = drain(&mut pool);
    let lost = |event: &TaskEvent| {
        matches!(event, TaskEvent::Requeued { failure: Failure::WorkerLost { .. }, .. })
    };
    assert!(events.iter().any(lost), "{events:?}");
    assert!(matches!(events.last(), Some(TaskEvent::Finished { attempt: 2, .. })), "{events:?}");
    assert!(begin.elapsed() < Duration::from_secs(20));
}

#[test]
fn a_killed_process_is_tried_again_elsewhere() {
    let mut pool = pool(2, None, quick());
    pool.submit(TaskSpec::new(0, json!({ "sleep": 0.6, "echo": "done" }))).unwrap();
    let mut killed = false;
    let mut events = Vec::new();
    while pool.capacity().open > 0 {
        events.extend(pool.next_event(Duration::from_millis(200)).unwrap().event());
        if let (false, Some(&process)) = (killed, pool.processes().get(&0)) {
            kill_process(Pid::from_raw(process as i32).unwrap(), Signal::KILL).unwrap();
            killed = true;
        }
    }
    assert!(events.iter().any(|event| matches!(event, TaskEvent::Requeued { .. })), "{events:?}");
    let Some(TaskEvent::Finished { worker: 1, attempt: 2, value, .. }) = events.last() else {
        panic!("{events:?}")
    };
    assert_eq!(*value, json!("done"));
}

#[test]
fn deadlines_and_stalls_end_a_task() {
    let slow = json!({ "sleep": 60.0 });
    let task = TaskSpec { deadline: Some(0.3), ..TaskSpec::new(1, slow.clone()) };
    assert_eq!(failure_of(task, None, quick()), (1, Failure::Timeout { seconds: 0.3 }));
    let rules = Rules { stall: Some(0.4), ..quick() };
    assert_eq!(failure(slow, None, rules), (1, Failure::Stalled { seconds: 0.4 }));
}

#[test]
fn a_running_task_is_cancelled() {
    let mut pool = pool(1, None, quick());
    pool.submit(TaskSpec::new(0, json!({ "pid": true }))).unwrap();
    while !matches!(
        pool.next_event(Duration::from_secs(30)).unwrap(),
        Heard::Event(TaskEvent::Progress { .. })
    ) {}
    pool.cancel(0).unwrap();
    let events = drain(&mut pool);
    let cancelled = TaskEvent::Failed { task: 0, attempts: 1, failure: Failure::Cancelled };
    assert_eq!(events, [cancelled]);
    pool.submit(TaskSpec::new(1, json!({ "echo": 1 }))).unwrap();
    assert!(matches!(drain(&mut pool).last(), Some(TaskEvent::Finished { .. })));
}
