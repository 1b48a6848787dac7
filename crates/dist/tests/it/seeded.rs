//! A hundred pools with faults drawn at random: none hangs, and every task ends once.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use dartloom_dist::{Rules, TaskEvent, TaskPool, TaskSpec};
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::worker::pool;

const TASKS: u64 = 6;

fn payload(rng: &mut ChaCha8Rng) -> Value {
    match rng.random_range(0..10) {
        0 => json!({ "panic": "drawn" }),
        1 => json!({ "exit": 1 }),
        2 => json!({ "hog": 256 << 20 }),
        3 => json!({ "signal": 9, "until": 2 }),
        4 => json!({ "signal": 19, "until": 2 }),
        5 => json!({ "spoil": "drawn" }),
        _ => json!({ "sleep": rng.random_range(0.0..0.05), "echo": 1 }),
    }
}

fn run(seed: u64) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let rules = Rules {
        heartbeat: 0.05,
        lease: 0.5,
        start: 5.0,
        // Somebody from outside may end many a process before it has taken its task.
        attempts: 8,
        rest: 0.05,
        longest_rest: 0.1,
        ..Rules::default()
    };
    let mut pool = pool(2, Some(96 << 20), rules);
    for id in 0..TASKS {
        let deadline = Some(20.0);
        pool.submit(TaskSpec { deadline, ..TaskSpec::new(id, payload(&mut rng)) }).unwrap();
    }
    let begin = Instant::now();
    let mut ends: BTreeMap<u64, u32> = BTreeMap::new();
    while pool.capacity().open > 0 {
        assert!(begin.elapsed() < Duration::from_secs(60), "seed {seed} hangs; ended {ends:?}");
        let event = pool.next_event(Duration::from_millis(20)).unwrap().event();
        if let Some(TaskEvent::Finished { task, .. } | TaskEvent::Failed { task, .. }) = event {
            *ends.entry(task).or_default() += 1;
        }
        // Now and then somebody from outside interferes.
        if rng.random_bool(0.1) {
            let processes: Vec<u32> = pool.processes().into_values().collect();
            let signal = if rng.random_bool(0.5) { Signal::KILL } else { Signal::STOP };
            if let Some(&process) = processes.first() {
                let _ = kill_process(Pid::from_raw(process as i32).unwrap(), signal);
            }
        }
    }
    assert_eq!(ends, (0..TASKS).map(|task| (task, 1)).collect(), "seed {seed}");
}

#[test]
fn no_hang_in_a_hundred_runs_with_faults() {
    let seeds = |start: u64| (start..100).step_by(4);
    std::thread::scope(|scope| {
        for start in 0..4 {
            scope.spawn(move || seeds(start).for_each(run));
        }
    });
}
