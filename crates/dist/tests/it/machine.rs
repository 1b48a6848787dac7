//! A machine that lacks something ends the wait for events, but no task.

use std::time::{Duration, Instant};

use dartloom_dist::{
    DistError, Heard, Launch, LocalConfig, LocalPool, Rules, TaskEvent, TaskPool, TaskSpec,
};
use rustix::process::{Resource, Rlimit, setrlimit};
use serde_json::json;

use crate::worker::{drain, launch, launch_as, pool, quick};

/// The error of a pool of two workers that cannot go on; its tasks are still open.
fn trouble(launch: &Launch, rules: Rules) -> DistError {
    let config = LocalConfig { rules, ..LocalConfig::new(2, 1, None) };
    let mut pool = LocalPool::new(launch, config).unwrap();
    for id in 0..4 {
        pool.submit(TaskSpec::new(id, json!({ "echo": id }))).unwrap();
    }
    let error = loop {
        match pool.next_event(Duration::from_secs(60)) {
            Ok(Heard::Event(event)) if !event.is_end() => {}
            Ok(other) => panic!("{other:?}"),
            Err(error) => break error,
        }
    };
    assert_eq!(pool.capacity().open, 4);
    error
}

fn said(launch: &Launch, rules: Rules) -> String {
    let error = trouble(launch, rules);
    assert!(matches!(error, DistError::Process { .. }), "{error:?}");
    error.to_string()
}

#[test]
fn a_program_that_is_not_there_ends_the_wait() {
    let launch = Launch::new("no/such/dartloom", ["worker"]);
    let said = said(&launch, quick());
    assert!(said.contains("could not be started: No such file"), "{said}");
}

#[test]
fn a_program_that_ends_before_it_listens_ends_the_wait_with_its_words() {
    let said = said(&launch_as("no data"), quick());
    let expected = "exited with 2 before it took its task: error: images.idx: cannot read it";
    assert!(said.contains(expected), "{said}");
}

#[test]
fn processes_that_are_killed_before_their_tasks_are_started_again_and_then_told() {
    let said = said(&launch_as("killed"), quick());
    assert!(said.contains("did not come to take its task: ended by signal 9"), "{said}");
}

#[test]
fn a_program_that_never_listens_is_told_after_its_time_to_start() {
    let rules = Rules { start: 0.3, attempts: 2, ..quick() };
    let said = said(&launch_as("slow"), rules);
    assert!(said.contains("has not taken its task after 0.3 s"), "{said}");
}

#[test]
fn what_is_loaded_before_a_task_counts_against_no_lease_or_deadline() {
    let mut slow = launch();
    // A program that needs longer to start than a lease, a deadline and a stall allow.
    slow.arguments.splice(
        0..0,
        ["-c".into(), "sleep 1; exec \"$0\" \"$@\"".into(), slow.program.clone().into()],
    );
    slow.program = "sh".into();
    let rules = Rules { heartbeat: 0.05, lease: 0.5, stall: Some(0.5), ..quick() };
    let mut pool = LocalPool::new(&slow, LocalConfig { rules, ..LocalConfig::default() }).unwrap();
    let task = TaskSpec { deadline: Some(0.5), ..TaskSpec::new(0, json!({ "echo": 1 })) };
    pool.submit(task).unwrap();
    let events = drain(&mut pool);
    assert!(matches!(events.last(), Some(TaskEvent::Finished { attempt: 1, .. })), "{events:?}");
}

#[test]
fn a_limit_that_the_program_itself_breaks_is_told() {
    const MIB: u64 = 1 << 20;
    let config = |memory| LocalConfig { rules: quick(), ..LocalConfig::new(1, 1, memory) };
    for limit in [MIB, 60 * MIB] {
        let found = LocalPool::try_out(&launch_as("large"), &config(Some(limit)));
        let Err(DistError::Limit { limit: told, held }) = found else { panic!("{found:?}") };
        assert!(told == limit && held > 64 * MIB, "{told} {held}");
    }
    LocalPool::try_out(&launch_as("large"), &config(Some(256 * MIB))).unwrap();
    LocalPool::try_out(&launch(), &config(None)).unwrap();
    // A pool that was not tried out finds it at its first task.
    let mut pool = pool(1, Some(MIB), quick());
    pool.submit(TaskSpec::new(0, json!({ "echo": 1 }))).unwrap();
    let found = pool.events().find_map(Result::err).unwrap();
    assert!(found.to_string().starts_with("workers may have 1 MiB, and their program"), "{found}");
}

#[test]
fn a_program_is_tried_out_before_there_is_work() {
    let config = LocalConfig { rules: Rules { start: 0.3, ..quick() }, ..LocalConfig::default() };
    let said = |launch: &Launch| LocalPool::try_out(launch, &config).unwrap_err().to_string();
    assert!(said(&Launch::new("no/such", ["worker"])).contains("No such file"));
    assert!(said(&launch_as("no data")).contains("images.idx"));
    assert!(said(&launch_as("slow")).contains("has not taken its task after 0.3 s"));
    assert!(said(&launch_as("killed")).contains("signal 9"));
}

#[test]
fn a_task_that_is_cancelled_before_its_process_is_there_does_not_run() {
    let begin = Instant::now();
    let mut pool = pool(1, None, quick());
    for id in 0..20 {
        pool.submit(TaskSpec::new(id, json!({ "sleep": 60.0 }))).unwrap();
        let heard = pool.next_event(Duration::from_secs(30)).unwrap();
        assert!(matches!(heard, Heard::Event(TaskEvent::Started { .. })), "{heard:?}");
        pool.cancel(id).unwrap();
        let ends: Vec<_> = pool.events().map(Result::unwrap).collect();
        assert!(matches!(ends[..], [TaskEvent::Failed { .. }]), "{ends:?}");
    }
    assert!(begin.elapsed() < Duration::from_secs(30), "{:?}", begin.elapsed());
}

#[test]
fn all_results_are_had_however_long_they_take() {
    let mut pool = pool(2, None, quick());
    let tasks = (0..4).map(|id| {
        // Longer than a wait, and the first one longest.
        let payload = json!({ "sleep": 1.5 - 0.3 * id as f64, "echo": id });
        if id == 2 {
            TaskSpec::new(id, json!({ "refuse": "no" }))
        } else {
            TaskSpec::new(id, payload)
        }
    });
    let results = pool.map(tasks).unwrap();
    let shown: Vec<String> = results
        .iter()
        .map(|r| r.as_ref().map_or_else(|e| e.to_string(), |v| v.to_string()))
        .collect();
    assert_eq!(shown, ["0", "1", "no", "3"]);
    // Events of others would be lost.
    pool.submit(TaskSpec::of(9, &json!({ "echo": 9 })).unwrap()).unwrap();
    let refused = pool.map([TaskSpec::new(10, json!(null))]);
    assert!(matches!(refused, Err(DistError::OpenTasks { open: 1 })), "{refused:?}");
    assert_eq!(pool.events().filter(|event| event.as_ref().unwrap().is_end()).count(), 1);
}

#[test]
fn a_table_of_files_that_is_full_for_a_moment_is_waited_for() {
    // In a process of its own, which has no file left for a pipe until some are closed again.
    const ALONE: &str = "DIST_TEST_ALONE";
    if std::env::var_os(ALONE).is_none() {
        let test = "machine::a_table_of_files_that_is_full_for_a_moment_is_waited_for";
        let mut alone = std::process::Command::new(std::env::current_exe().unwrap());
        let status = alone.args(["--exact", test]).env(ALONE, "1").status().unwrap();
        assert!(status.success());
        return;
    }
    let few = Rlimit { current: Some(64), maximum: Some(64) };
    setrlimit(Resource::Nofile, few).unwrap();
    let mut pool = pool(1, None, quick());
    pool.submit(TaskSpec::new(0, json!({ "echo": 1 }))).unwrap();
    let held: Vec<_> = std::iter::from_fn(|| std::fs::File::open("/dev/null").ok()).collect();
    let first = pool.next_event(Duration::from_millis(300));
    let begin = Instant::now();
    std::thread::sleep(Duration::from_millis(50));
    drop(held);
    assert!(matches!(first, Ok(Heard::Event(TaskEvent::Started { .. }))), "{first:?}");
    let events = drain(&mut pool);
    // The first try was in vain.
    assert!(begin.elapsed() >= Duration::from_millis(90), "{:?}", begin.elapsed());
    assert!(matches!(events.last(), Some(TaskEvent::Finished { attempt: 1, .. })), "{events:?}");
}
