//! This test program as its own worker.

use std::time::Duration;

use dartloom_dist::worker::{Assignment, Reporter, TaskError, serve};
use dartloom_dist::{Launch, LocalConfig, LocalPool, Rules, TaskEvent, TaskPool, testkit};
use rustix::process::{Signal, getpid, kill_process};
use serde_json::{Value, json};

/// Set in workers alone.
const WORKER: &str = "DIST_TEST_WORKER";

/// Rules in which what takes seconds takes tenths.
pub(crate) fn quick() -> Rules {
    Rules { heartbeat: 0.05, lease: 1.5, rest: 0.2, longest_rest: 0.4, ..Rules::default() }
}

pub(crate) fn launch() -> Launch {
    launch_as("1")
}

/// A worker that does before its task what `role` says.
pub(crate) fn launch_as(role: &str) -> Launch {
    let arguments = ["--exact", "worker::child", "--nocapture", "--test-threads=1"];
    let mut launch = Launch::new(std::env::current_exe().unwrap(), arguments);
    launch.environment.push((WORKER.to_owned(), role.to_owned()));
    launch
}

pub(crate) fn pool(workers: usize, memory: Option<u64>, rules: Rules) -> LocalPool {
    let config = LocalConfig { rules, ..LocalConfig::new(workers, 1, memory) };
    LocalPool::new(&launch(), config).unwrap()
}

/// All events until nothing is open; panics when nothing happens for long.
pub(crate) fn drain(pool: &mut LocalPool) -> Vec<TaskEvent> {
    let mut events = Vec::new();
    while pool.capacity().open > 0 {
        let heard = pool.next_event(Duration::from_secs(60)).unwrap();
        events.push(heard.event().unwrap_or_else(|| panic!("nothing for a minute: {events:?}")));
    }
    events
}

/// A worker when it is started as one, and nothing otherwise.
#[test]
fn child() {
    let Some(role) = std::env::var_os(WORKER) else { return };
    match role.to_str() {
        Some("no data") => {
            eprintln!("error: images.idx: cannot read it");
            std::process::exit(2);
        }
        Some("killed") => kill_process(getpid(), Signal::KILL).unwrap(),
        Some("slow") => std::thread::sleep(Duration::from_secs(60)),
        _ => {}
    }
    // Before the task, and so beyond every task's doing.
    let _held = (role.to_str() == Some("large")).then(|| vec![1_u8; 64 << 20]);
    // What a program prints does not disturb.
    println!("hello");
    print!("half a line");
    let code = serve(std::io::stdin(), std::io::stdout(), run);
    std::process::exit(if code.is_ok() { 0 } else { 2 });
}

fn run(task: &Assignment, reporter: &mut Reporter<'_>) -> Result<Value, TaskError> {
    let number = |key: &str| task.payload.get(key).and_then(Value::as_f64);
    let pause = |seconds: f64| std::thread::sleep(Duration::from_secs_f64(seconds));
    // Trouble that an attempt is spared from the given one on.
    if number("until").is_some_and(|until| f64::from(task.attempt) >= until) {
        return Ok(json!(task.attempt));
    }
    if let Some(seconds) = number("sleep") {
        pause(seconds);
    }
    if let Some(bytes) = number("hog") {
        let mut held = Vec::new();
        for _ in 0..(bytes as usize >> 20) {
            held.push(vec![1_u8; 1 << 20]);
        }
        return Ok(json!(held.len()));
    }
    if let Some(signal) = number("signal") {
        kill_process(getpid(), Signal::from_named_raw(signal as i32).unwrap()).unwrap();
        pause(60.0);
    }
    if let Some(code) = number("exit") {
        eprintln!("leaving with {code}");
        std::process::exit(code as i32);
    }
    if task.payload.get("pid").is_some() {
        reporter.progress(json!(std::process::id()));
        pause(60.0);
    }
    testkit::handler(&task.payload, &mut |value| reporter.progress(value))
}
