//! Processes end with their pool.

use std::path::Path;
use std::time::{Duration, Instant};

use dartloom_dist::{Heard, TaskEvent, TaskPool, TaskSpec};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use crate::worker::{pool, quick};

fn ends(process: u64) {
    let begin = Instant::now();
    // A process that its new parent has not waited for yet has ended all the same.
    let alive = || {
        let stat =
            std::fs::read_to_string(Path::new("/proc").join(process.to_string()).join("stat"));
        stat.is_ok_and(|stat| !stat.contains(") Z "))
    };
    while alive() {
        assert!(begin.elapsed() < Duration::from_secs(10), "{process} lives on");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn process(pool: &mut impl TaskPool) -> u64 {
    pool.submit(TaskSpec::new(0, json!({ "pid": true }))).unwrap();
    loop {
        let heard = pool.next_event(Duration::from_secs(30)).unwrap();
        if let Heard::Event(TaskEvent::Progress { value, .. }) = heard {
            return value.as_u64().unwrap();
        }
    }
}

#[test]
fn a_dropped_pool_leaves_no_process() {
    let mut pool = pool(1, None, quick());
    let process = process(&mut pool);
    drop(pool);
    ends(process);
}

/// Set in the process that this test kills.
const OWNER: &str = "DIST_TEST_OWNER";

#[test]
fn a_killed_owner_leaves_no_process() {
    if std::env::var_os(OWNER).is_some() {
        let mut pool = pool(1, None, quick());
        println!("\nworker {}", process(&mut pool));
        std::thread::sleep(Duration::from_secs(60));
    }
    let test = "orphans::a_killed_owner_leaves_no_process";
    let mut owner = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(OWNER, "1")
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let output = std::io::BufReader::new(owner.stdout.take().unwrap());
    let worker = std::io::BufRead::lines(output)
        .find_map(|line| line.unwrap().strip_prefix("worker ").map(|pid| pid.parse().unwrap()))
        .unwrap();
    kill_process(Pid::from_child(&owner), Signal::KILL).unwrap();
    owner.wait().unwrap();
    ends(worker);
}

#[test]
fn a_pool_is_dropped_at_once_although_somebody_holds_a_process_s_output() {
    // It leaves its process group, and lives on with the output that the pool listens to.
    let script = "setsid sleep 20 & echo started >&2; read line; sleep 20";
    let launch = dartloom_dist::Launch::new("sh", ["-c", script]);
    let config = dartloom_dist::LocalConfig { rules: quick(), ..Default::default() };
    let mut pool = dartloom_dist::LocalPool::new(&launch, config).unwrap();
    pool.submit(TaskSpec::new(0, json!(null))).unwrap();
    let heard = pool.next_event(Duration::from_secs(30)).unwrap();
    assert!(matches!(heard, Heard::Event(TaskEvent::Started { .. })), "{heard:?}");
    std::thread::sleep(Duration::from_millis(300));
    let begin = Instant::now();
    drop(pool);
    assert!(begin.elapsed() < Duration::from_secs(2), "{:?}", begin.elapsed());
}
