//! Whole runs: finished, repeated, stopped, killed.
#![cfg(unix)]

use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command};

use crate::program::{Program, said, wait_for};

/// Seconds, not minutes.
const TINY: &str = r#"(
    data: Digits, scale: Small, ops: ["skip_connect", "max_pool_3x3", "sep_conv_3x3"],
    layers: 3, nodes: 2, channels: 2, seeds: [1], stem: Cifar(1),
    search: (epochs: 1, batch: 128),
    random: (fit: (epochs: 1, batch: 128)),
    retrain: (channels: 2, fit: (epochs: 1, batch: 128)),
)"#;

/// Everything that must not depend on an interruption of the run.
const FOUND: [&str; 3] =
    ["seed-1/genotype.json", "seed-1/weights.json", "seed-1/search.safetensors"];

fn signal(child: &Child, name: &str) {
    let status = Command::new("kill").args([name, &child.id().to_string()]).status().unwrap();
    assert!(status.success());
}

fn with_tiny() -> Program {
    let program = Program::new();
    program.write("tiny.ron", TINY);
    program
}

#[test]
fn a_run_ends_with_a_verdict_and_is_not_repeated() {
    let program = with_tiny();
    let first = program.succeed(&["run", "tiny.ron"]);
    for part in
        ["contender", "DARTS", "random search", "tiny ResNet", "discretisation gap", "One seed"]
    {
        assert!(first.stdout.contains(part), "no `{part}` in {}", first.stdout);
    }
    assert!(first.stderr.contains("seed 1 search/darts: epoch 1/1"), "{}", first.stderr);
    assert!(first.stderr.contains("architectures tried"), "{}", first.stderr);
    let files = ["experiment.ron", "run.json", "metrics.csv", "log.txt", "report.json"];
    for file in files.into_iter().chain(FOUND) {
        assert!(!program.read_bytes(&format!("runs/tiny/{file}")).is_empty(), "{file}");
    }
    assert_eq!(program.read("runs/tiny/verdict.txt"), first.stdout);
    for line in program.read("runs/tiny/events.jsonl").lines() {
        let event: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(event["event"].is_string() && event["seconds"].is_f64(), "{line}");
    }
    program.read("runs/tiny/genotypes/seed-1-search-darts-epoch-000.json");
    assert!(
        program.read("runs/tiny/cells/seed-1-search-darts-epoch-000-normal.svg").contains("<svg")
    );
    program.read("runs/tiny/cells/seed-1-search-darts-epoch-000-reduce.dot");

    let events = program.read("runs/tiny/events.jsonl");
    let second = program.succeed(&["run", "tiny.ron"]);
    assert_eq!(second.stdout, first.stdout);
    assert!(second.stderr.contains("--overwrite"), "{}", second.stderr);
    assert_eq!(program.read("runs/tiny/events.jsonl"), events, "nothing was run again");

    let other = program.run(&["run", "tiny.ron", "--set", "search.epochs=2"]);
    assert_eq!(other.code, Some(2));
    assert!(other.stderr.contains("search.epochs: 1 there, 2 here"), "{}", other.stderr);

    let anew = program.succeed(&["run", "tiny.ron", "--set", "search.epochs=2", "--overwrite"]);
    assert!(anew.stderr.contains("seed 1 search/darts: epoch 2/2"), "{}", anew.stderr);
}

#[test]
fn foreign_directories_are_left_alone() {
    let program = with_tiny();
    program.write("mine/thesis.tex", "years of work");
    let said = program.run(&["run", "tiny.ron", "--out", "mine", "--overwrite"]);
    assert_eq!(said.code, Some(2), "{}", said.stderr);
    assert!(said.stderr.contains("--out"), "{}", said.stderr);
    let beside = program.run(&["run", "tiny.ron", "--out", ".", "--overwrite"]);
    assert_eq!(beside.code, Some(2), "{}", beside.stderr);
    assert_eq!(program.read("mine/thesis.tex"), "years of work");
    assert_eq!(program.read("tiny.ron"), TINY);
}

/// Four epochs of searching.
const LONGER: [&str; 4] = ["run", "tiny.ron", "--set", "search.epochs=4"];

#[test]
fn an_interrupted_run_finds_what_an_uninterrupted_one_finds() {
    let program = with_tiny();
    let words = |out| [LONGER.as_slice(), &["--out", out]].concat();
    let whole = program.succeed(&words("whole"));

    let mut child = program.spawn(&words("killed"));
    wait_for(&program.path("killed/events.jsonl"), "\"epoch_finished\"", 2);
    child.kill().unwrap();
    assert_eq!(child.wait().unwrap().signal(), Some(9), "it was killed, not finished");
    assert!(!program.path("killed/verdict.txt").exists());
    let resumed = program.succeed(&words("killed"));
    assert!(resumed.stderr.contains("going on with the run"), "{}", resumed.stderr);

    let child = program.spawn(&words("stopped"));
    wait_for(&program.path("stopped/events.jsonl"), "\"epoch_finished\"", 1);
    signal(&child, "-INT");
    let stopped = said(child.wait_with_output().unwrap());
    assert_eq!(stopped.code, Some(130), "{}", stopped.stderr);
    assert!(stopped.stderr.contains("to go on: "), "{}", stopped.stderr);
    assert_eq!(stopped.stdout, "");
    assert!(program.read("stopped/events.jsonl").contains("\"stopped\""));
    program.succeed(&words("stopped"));

    for file in FOUND {
        let expected = program.read_bytes(&format!("whole/{file}"));
        for out in ["killed", "stopped"] {
            assert_eq!(program.read_bytes(&format!("{out}/{file}")), expected, "{out}/{file}");
        }
    }
    // Table and sentence, too, but for the times.
    let sentence = |text: &str| text.lines().find(|l| l.starts_with("One seed")).map(str::to_owned);
    assert!(sentence(&whole.stdout).is_some());
    assert_eq!(sentence(&resumed.stdout), sentence(&whole.stdout));
}

/// Two methods, two epochs each.
const TWO: [&str; 6] =
    ["run", "tiny.ron", "--method", "darts,pc_darts", "--set", "search.epochs=2"];

#[test]
fn two_methods_share_a_table_and_go_on_where_the_second_was_killed() {
    let program = with_tiny();
    // A fourth of the channels must be one at least.
    let words = |out| [&TWO[..], &["--set", "channels=4", "--out", out]].concat();
    let whole = program.succeed(&words("whole"));
    let rows = ["DARTS  ", "PC-DARTS  ", "random search  ", "tiny ResNet  "];
    let lines: Vec<&str> = whole.stdout.lines().collect();
    let place = |row: &str| lines.iter().position(|line| line.starts_with(row));
    let places = rows.map(|row| place(row).unwrap_or_else(|| panic!("{row}: {}", whole.stdout)));
    assert!(places.is_sorted(), "{}", whole.stdout);
    for name in ["DARTS", "PC-DARTS"] {
        let sentence = format!("One seed cannot tell whether searching with {name} is worth it");
        assert!(whole.stdout.contains(&sentence), "{}", whole.stdout);
        assert!(place(&format!("{name}: discretisation gap")).is_some(), "{}", whole.stdout);
    }
    let report: serde_json::Value =
        serde_json::from_str(&program.read("whole/report.json")).unwrap();
    assert_eq!(report["contenders"].as_array().unwrap().len(), 4);
    assert_eq!(report["methods"][1]["name"], "PC-DARTS");
    assert_eq!(report["methods"][1]["paired"].as_array().unwrap().len(), 2);
    program.read("whole/genotypes/seed-1-search-pc_darts-epoch-000.json");

    let mut child = program.spawn(&words("killed"));
    // The first method has two epochs: the third is the second method's.
    wait_for(&program.path("killed/events.jsonl"), "\"epoch_finished\"", 3);
    child.kill().unwrap();
    assert_eq!(child.wait().unwrap().signal(), Some(9), "it was killed, not finished");
    assert!(!program.path("killed/seed-1/search-pc_darts.json").exists());
    let resumed = program.succeed(&words("killed"));
    assert!(!resumed.stderr.contains("search/darts: epoch"), "{}", resumed.stderr);
    assert!(resumed.stderr.contains("search/pc_darts: epoch 2/2"), "{}", resumed.stderr);
    for file in ["genotype-pc_darts.json", "weights-pc_darts.json", "search-pc_darts.safetensors"] {
        let expected = program.read_bytes(&format!("whole/seed-1/{file}"));
        assert_eq!(program.read_bytes(&format!("killed/seed-1/{file}")), expected, "{file}");
    }

    // The written experiment is one to run.
    let same = program.succeed(&["run", "whole/experiment.ron", "--out", "whole"]);
    assert_eq!(same.stdout, whole.stdout);
}

#[test]
fn rules_of_a_file_are_run() {
    let program = Program::new();
    let method = r#"method: [
        (preset: "darts", title: "GDAS", relaxation: Gumbel(), penalties: [(kind: Entropy, to: 0.1)]),
        (preset: "darts", title: "DARTS-", auxiliary_skip: true,
            penalties: [(kind: BetaDecay, from: 0, to: 50), (kind: ConcaveNorm(0.5), to: 0.01)]),
        (preset: "gaea_erm", title: "EGDAS", relaxation: Gumbel(simplex: true)),
        "fair_darts",
    ], data: Digits"#;
    program.write("rules.ron", &TINY.replacen("data: Digits", method, 1));
    let said = program.succeed(&["run", "rules.ron"]);
    for name in ["GDAS", "DARTS-", "EGDAS", "FairDARTS"] {
        assert!(said.stdout.contains(&format!("searching with {name} ")), "{}", said.stdout);
    }
    for key in ["gdas", "darts", "gaea_erm", "fair_darts"] {
        program.read(&format!("runs/rules/seed-1/search-{key}.json"));
    }
}
