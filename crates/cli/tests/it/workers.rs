//! Workers and the machine they work on: full disks, memory, signals.
#![cfg(target_os = "linux")]

use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::program::{Program, Said, said, wait_for};

/// Seconds, not minutes.
const EVOLUTION: &str = r#"(
    data: Digits, scale: Small, layers: 3, nodes: 1, channels: 2, seeds: [0],
    explorers: [(explorer: Evolution(population: 4, sample: 2), rules: (candidates: 6))],
    random: (fit: (epochs: 1, batch: 64)),
    retrain: (channels: 2, layers: 3, fit: (epochs: 1, batch: 64)),
)"#;

fn with_evolution() -> Program {
    let program = Program::new();
    program.write("evolution.ron", EVOLUTION);
    program
}

/// The lines of an explorer's journal, without checksums.
fn journal(program: &Program, out: &str) -> Vec<Value> {
    let text = program.read(&format!("{out}/seed-0/journal.log"));
    let record = |line: &str| line.splitn(4, ' ').nth(3).map(str::to_owned);
    text.lines().map(|line| serde_json::from_str(&record(line).unwrap()).unwrap()).collect()
}

/// The findings of an explorer, without the seconds it took and without its journal's checksum: a
/// journal says which process did what.
fn search(program: &Program, out: &str) -> Value {
    let text = program.read(&format!("{out}/seed-0/search.json"));
    let mut found: Value = serde_json::from_str(&text).unwrap();
    let mut found = found["value"].take();
    found.as_object_mut().unwrap().remove("seconds").unwrap();
    found["files"].as_object_mut().unwrap().remove("journal.log").unwrap();
    found
}

fn signal(child: &Child, name: &str) {
    let status = Command::new("kill").args([name, &child.id().to_string()]).status().unwrap();
    assert!(status.success());
}

/// Starts a run and stops it after its first candidate.
fn begun(program: &Program, out: &str) {
    let child = program.spawn(&["run", "evolution.ron", "--out", out]);
    wait_for(&program.path(&format!("{out}/events.jsonl")), "\"candidate_told\"", 1);
    signal(&child, "-INT");
    let stopped = said(child.wait_with_output().unwrap());
    assert_eq!(stopped.code, Some(130), "{}", stopped.stderr);
}

/// Goes on with a run while `folder` has no room: a shell's words come before the program.
fn without_room(program: &Program, shell: &[&str], folder: &Path) -> Said {
    let mut command = Command::new(shell[0]);
    command.args(&shell[1..]).env("FOLDER", folder).env("PROGRAM", env!("CARGO_BIN_EXE_dartloom"));
    said(command.current_dir(program.path("")).output().unwrap())
}

const GO_ON: &str = "exec \"$PROGRAM\" run evolution.ron --out a";

/// H1: a full disk ends the run with an error and says nothing about any architecture.
#[test]
fn a_full_disk_is_no_candidate_s_failure() {
    let program = with_evolution();
    program.succeed(&["run", "evolution.ron", "--out", "whole"]);
    begun(&program, "a");
    let folder = program.path("a/seed-0/candidates.dir");
    let mount = "mount -t tmpfs -o size=20k tmpfs \"$FOLDER\"";
    let mounts = ["unshare", "-Urm", "sh", "-c", mount];
    // Where nobody may mount, a limit of the size of files does for a disk.
    let limited = format!("trap '' XFSZ; ulimit -f 24; {GO_ON}");
    let mounted = format!("{mount} && {GO_ON}");
    let (words, reason) = match without_room(&program, &mounts, &folder).code {
        Some(0) => (&["unshare", "-Urm", "sh", "-c", &*mounted][..], "No space left on device"),
        _ => (&["sh", "-c", &*limited][..], "File too large"),
    };
    for _ in 0..2 {
        let full = without_room(&program, words, &folder);
        assert_eq!(full.code, Some(1), "{}{}", full.stdout, full.stderr);
        assert!(full.stderr.contains(reason) && full.stdout.is_empty(), "{}", full.stderr);
        assert!(full.stderr.contains("error: task "), "{}", full.stderr);
        let told = journal(&program, "a");
        let text = serde_json::to_string(&told).unwrap();
        assert!(!text.contains("cannot write") && !text.contains("Failed"), "{text}");
    }
    let done = program.succeed(&["run", "evolution.ron", "--out", "a"]);
    assert!(!done.stdout.contains("have no measurement"), "{}", done.stdout);
    assert_eq!(search(&program, "a"), search(&program, "whole"));
}

/// H3: the limit counts what candidates use and not what the allocator has reserved.
#[test]
fn a_small_limit_of_memory_finds_what_a_large_one_finds() {
    let program = with_evolution();
    for (out, memory) in [("large", "2GiB"), ("small", "100MiB")] {
        let done =
            program.succeed(&["run", "evolution.ron", "--out", out, "--worker-memory", memory]);
        assert!(!done.stdout.contains("have no measurement"), "{}", done.stdout);
    }
    assert_eq!(search(&program, "small"), search(&program, "large"));
}

/// MiB that the program has before any candidate, as it says where workers may have less.
pub(crate) fn needed(program: &Program, experiment: &str) -> u64 {
    let refused = program.run(&["run", experiment, "--worker-memory", "1MiB"]);
    assert_eq!(refused.code, Some(2), "{}", refused.stderr);
    let message = "--worker-memory: workers may have 1 MiB, and their program has ";
    let (_, rest) =
        refused.stderr.split_once(message).unwrap_or_else(|| panic!("{}", refused.stderr));
    let (number, _) = rest.split_once(" MiB").unwrap();
    number.parse::<f64>().unwrap().ceil() as u64
}

#[test]
fn a_limit_below_what_the_program_needs_is_refused_before_anything_runs() {
    let program = with_evolution();
    assert!(needed(&program, "evolution.ron") < 90);
    assert!(!program.path("runs/evolution/seed-0").exists());
}

/// H22: whatever a run waits for, a wish to stop ends the wait.
#[test]
fn a_run_that_waits_for_workers_stops_within_a_second() {
    let program = with_evolution();
    // Nothing is heard of a stopped process for the 15 s of its lease.
    let child = program.spawn(&["run", "evolution.ron", "--out", "a"]);
    wait_for(&program.path("a/seed-0/journal.log"), "\"Started\"", 2);
    let workers = children(child.id());
    assert!(!workers.is_empty());
    for worker in &workers {
        Command::new("kill").args(["-STOP", worker]).status().unwrap();
    }
    std::thread::sleep(Duration::from_millis(500));
    let begin = Instant::now();
    signal(&child, "-INT");
    let stopped = said(child.wait_with_output().unwrap());
    let seconds = begin.elapsed().as_secs_f64();
    assert_eq!(stopped.code, Some(130), "{}", stopped.stderr);
    assert!(seconds < 1.0, "{seconds} s: {}", stopped.stderr);
    for worker in workers {
        assert!(!Path::new("/proc").join(&worker).join("fd").exists(), "{worker} lives on");
    }
}

/// The processes that a process has started.
fn children(process: u32) -> Vec<String> {
    let tasks = std::fs::read_dir(format!("/proc/{process}/task")).unwrap();
    let of = |task: std::fs::DirEntry| std::fs::read_to_string(task.path().join("children"));
    let found = tasks.filter_map(|task| of(task.unwrap()).ok());
    found.flat_map(|text| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>()).collect()
}

#[test]
fn the_verdict_says_how_many_candidates_failed_and_why() {
    let program = with_evolution();
    program.succeed(&["run", "evolution.ron", "--out", "whole"]);
    // Predictions of the first generation, which is the same whatever fails: one fits, others do
    // not.
    let asked = journal(&program, "whole");
    let mut memory: Vec<u64> =
        asked.iter().filter_map(|record| record["Asked"]["memory"].as_u64()).take(4).collect();
    memory.sort_unstable();
    assert!(memory.len() == 4 && memory[0] < memory[3], "{memory:?}");
    let limit = memory[0].to_string();
    let done = program.succeed(&["run", "evolution.ron", "--worker-memory", &limit]);
    let line = done.stdout.lines().find(|line| line.contains("candidates have no measurement"));
    let line = line.unwrap_or_else(|| panic!("{}", done.stdout));
    assert!(line.contains("tried 6 architectures; "), "{line}");
    assert!(line.contains(" MiB of memory, and ") && line.ends_with(" MiB is the limit"), "{line}");
}
