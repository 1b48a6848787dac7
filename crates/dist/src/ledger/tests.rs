use std::time::Duration;

use serde_json::json;

use super::{Ledger, Worker};
use crate::{DistError, Failure, Rules, TaskEvent, TaskSpec, Usage};

fn at(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

fn ledger(workers: &[Option<u64>]) -> Ledger {
    let workers = workers.iter().enumerate().map(|(n, &memory)| Worker::new(n, memory));
    Ledger::new(workers.collect(), Rules::default())
}

fn task(id: u64, memory: Option<u64>) -> TaskSpec {
    TaskSpec { memory, ..TaskSpec::new(id, json!(null)) }
}

fn killed() -> Failure {
    Failure::Signal { signal: 9, stderr: String::new() }
}

fn exited() -> Failure {
    Failure::Exited { code: 1, stderr: String::new() }
}

fn events(ledger: &mut Ledger) -> Vec<TaskEvent> {
    std::iter::from_fn(|| ledger.event()).collect()
}

fn start(ledger: &mut Ledger, now: f64) -> Option<(u64, usize, u32)> {
    ledger.start(at(now)).map(|start| (start.spec.id, start.worker, start.attempt))
}

#[test]
fn a_large_task_waits_for_a_large_worker_and_smaller_ones_pass() {
    let mut ledger = ledger(&[Some(10), Some(100)]);
    for (id, memory) in [(0, Some(50)), (1, Some(60)), (2, Some(5)), (3, Some(101))] {
        ledger.submit(task(id, memory)).unwrap();
    }
    let rejected = Failure::Rejected { estimate: 101, limit: 100 };
    let expected = TaskEvent::Failed { task: 3, attempts: 0, failure: rejected };
    assert_eq!(events(&mut ledger), [expected]);
    assert_eq!(start(&mut ledger, 0.0), Some((0, 1, 1)));
    assert_eq!(start(&mut ledger, 0.0), Some((2, 0, 1)));
    assert_eq!(start(&mut ledger, 0.0), None);
    ledger.release(1);
    assert_eq!(start(&mut ledger, 0.0), Some((1, 1, 1)));
}

#[test]
fn a_task_that_fits_the_small_worker_leaves_the_large_one_free() {
    let mut ledger = ledger(&[Some(100), Some(10), None]);
    ledger.submit(task(0, Some(5))).unwrap();
    assert_eq!(start(&mut ledger, 0.0), Some((0, 1, 1)));
}

#[test]
fn a_task_that_takes_down_two_workers_is_poison() {
    let mut ledger = ledger(&[None, None, None]);
    ledger.submit(task(7, None)).unwrap();
    assert_eq!(start(&mut ledger, 0.0), Some((7, 0, 1)));
    ledger.fail(7, 0, killed(), at(5.0));
    ledger.release(0);
    // Somebody else tries.
    assert_eq!(start(&mut ledger, 5.0), Some((7, 1, 2)));
    ledger.fail(7, 1, Failure::WorkerLost { seconds: 15.0 }, at(9.0));
    let last = events(&mut ledger).pop().unwrap();
    let lost = Box::new(Failure::WorkerLost { seconds: 15.0 });
    let failure = Failure::Poison { workers: 2, last: lost };
    assert_eq!(last, TaskEvent::Failed { task: 7, attempts: 2, failure });
    assert!(ledger.is_idle());
}

#[test]
fn a_lone_worker_tries_three_times() {
    let mut ledger = ledger(&[None]);
    ledger.submit(task(7, None)).unwrap();
    for attempt in 1..=3 {
        assert_eq!(start(&mut ledger, 10.0), Some((7, 0, attempt)));
        ledger.fail(7, 0, killed(), at(20.0));
        ledger.release(0);
    }
    let last = events(&mut ledger).pop().unwrap();
    assert_eq!(last, TaskEvent::Failed { task: 7, attempts: 3, failure: killed() });
}

#[test]
fn ends_before_a_task_was_taken_are_no_faults_of_the_task() {
    let mut ledger = ledger(&[None, None]);
    ledger.submit(task(7, None)).unwrap();
    let begin = |ledger: &mut Ledger, now: f64| start(ledger, now).unwrap().1;
    // Two workers in vain would be poison, had they taken the task.
    for now in [0.0, 10.0] {
        let worker = begin(&mut ledger, now);
        assert_eq!(ledger.fail_to_start(7, worker, killed(), at(now + 5.0)), None);
        ledger.release(worker);
    }
    let worker = begin(&mut ledger, 20.0);
    assert_eq!(ledger.fail_to_start(7, worker, killed(), at(25.0)), Some(killed()));
    ledger.release(worker);
    // The task is open still, has all its attempts, and its false starts count anew once it was
    // taken.
    for (number, now) in [(1, 30.0), (2, 40.0)] {
        let worker = begin(&mut ledger, now);
        assert_eq!(ledger.fail_to_start(7, worker, killed(), at(now + 5.0)), None);
        ledger.release(worker);
        let worker = begin(&mut ledger, now + 5.0);
        ledger.taken(7);
        ledger.fail(7, worker, exited(), at(now + 9.0));
        ledger.release(worker);
        assert_eq!(ledger.capacity().open, 1, "after {number} faults");
    }
    let worker = begin(&mut ledger, 50.0);
    ledger.put_back(7);
    ledger.release(worker);
    let worker = begin(&mut ledger, 60.0);
    ledger.fail(7, worker, exited(), at(65.0));
    let last = events(&mut ledger).pop().unwrap();
    assert!(matches!(last, TaskEvent::Failed { task: 7, attempts: 9, .. }), "{last:?}");
}

#[test]
fn a_deadline_that_is_none_is_refused() {
    let mut ledger = ledger(&[None]);
    for deadline in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e300] {
        let task = TaskSpec { deadline: Some(deadline), ..task(1, None) };
        let refused = ledger.submit(task);
        assert!(matches!(refused, Err(DistError::Rules { field: "deadline", .. })), "{refused:?}");
    }
    assert!(ledger.is_idle());
}

#[test]
fn fast_failures_make_a_worker_rest_ever_longer() {
    let mut ledger = ledger(&[None]);
    let mut now = 0.0;
    let mut rests = Vec::new();
    for id in 0..16 {
        ledger.submit(task(id, None)).unwrap();
    }
    while rests.len() < 6 {
        if start(&mut ledger, now).is_none() {
            now += 1.0;
            continue;
        }
        let task = events(&mut ledger).into_iter().find_map(|event| match event {
            TaskEvent::Started { task, .. } => Some(task),
            _ => None,
        });
        ledger.fail(task.unwrap(), 0, exited(), at(now + 0.5));
        ledger.release(0);
        rests.extend(events(&mut ledger).into_iter().filter_map(|event| match event {
            TaskEvent::WorkerLost { rest, .. } => Some(rest),
            _ => None,
        }));
    }
    assert_eq!(rests, [10.0, 20.0, 40.0, 80.0, 100.0, 100.0]);
    assert_eq!(ledger.capacity().resting, 1);
}

#[test]
fn slow_failures_and_sound_answers_do_not_count() {
    let mut ledger = ledger(&[None]);
    let answers = [exited(), exited(), Failure::Panicked { message: String::new() }, exited()];
    for (id, failure) in (0..).zip(answers) {
        ledger.submit(task(id, None)).unwrap();
        start(&mut ledger, 0.0).unwrap();
        ledger.fail(id, 0, failure, at(0.1));
        ledger.cancel(id).unwrap();
        ledger.release(0);
    }
    assert_eq!(ledger.capacity().resting, 0);
    for id in 4..9 {
        ledger.submit(task(id, None)).unwrap();
        start(&mut ledger, 0.0).unwrap();
        ledger.fail(id, 0, exited(), at(1.5));
        ledger.cancel(id).unwrap();
        ledger.release(0);
    }
    assert_eq!(ledger.capacity().resting, 0);
}

#[test]
fn a_late_result_counts_while_the_task_is_open_and_never_afterwards() {
    let mut ledger = ledger(&[None, None]);
    ledger.submit(task(1, None)).unwrap();
    let done = |attempt| TaskEvent::Finished {
        task: 1,
        worker: 0,
        attempt,
        value: json!(attempt),
        usage: Usage::default(),
    };
    start(&mut ledger, 0.0).unwrap();
    ledger.fail(1, 0, Failure::WorkerLost { seconds: 15.0 }, at(15.0));
    assert!(start(&mut ledger, 15.0).is_some());
    events(&mut ledger);
    ledger.finish(1, 0, done(1));
    ledger.finish(1, 1, done(2));
    ledger.fail(1, 1, killed(), at(16.0));
    ledger.tell(1, TaskEvent::Progress { task: 1, attempt: 2, value: json!(null) });
    assert_eq!(events(&mut ledger), [done(1)]);
    assert!(matches!(ledger.submit(task(1, None)), Err(DistError::KnownTask { task: 1 })));
    assert!(matches!(ledger.cancel(2), Err(DistError::UnknownTask { task: 2 })));
    assert!(!ledger.cancel(1).unwrap());
}
