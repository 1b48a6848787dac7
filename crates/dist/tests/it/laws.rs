use std::time::Instant;

use dartloom_dist::{TaskEvent, TaskPool, TaskSpec, testkit};
use serde_json::json;

use crate::worker::{drain, pool, quick};

#[test]
fn the_pool_of_processes_obeys() {
    testkit::check(&mut || Box::new(pool(1, Some(1 << 30), quick()))).unwrap();
    testkit::check(&mut || Box::new(pool(3, None, quick()))).unwrap();
}

#[test]
fn peaks_are_measured() {
    let mut pool = pool(1, None, quick());
    pool.submit(TaskSpec::new(0, json!({ "hog": 64 << 20 }))).unwrap();
    let events = drain(&mut pool);
    let Some(TaskEvent::Finished { usage, .. }) = events.last() else { panic!("{events:?}") };
    let peak = usage.peak.unwrap();
    assert!((64 << 20..96 << 20).contains(&peak), "{peak}");
}

/// From submission to result, the process's start and end included. The bar is 5 ms; a loaded
/// machine gets ten times as long before this fails, and `--nocapture` prints the figure.
#[test]
fn dispatch_takes_milliseconds() {
    let mut pool = pool(1, None, quick());
    let mut seconds = Vec::new();
    for id in 0..50 {
        let begin = Instant::now();
        pool.submit(TaskSpec::new(id, json!({ "echo": id }))).unwrap();
        let events = drain(&mut pool);
        assert!(matches!(events.last(), Some(TaskEvent::Finished { .. })), "{events:?}");
        seconds.push(begin.elapsed().as_secs_f64());
    }
    seconds.sort_by(f64::total_cmp);
    let median = 1e3 * seconds[25];
    let slow = 1e3 * seconds[45];
    println!("dispatch: median {median:.2} ms, 90th percentile {slow:.2} ms");
    assert!(median < 50.0, "{median} ms");
}
