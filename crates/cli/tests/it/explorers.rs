//! Runs with discrete searches, whose candidates are trained by processes.
#![cfg(target_os = "linux")]

use crate::program::{Program, wait_for};

/// Seconds, not minutes.
const TINY: &str = r#"(
    data: Digits, scale: Small, ops: ["skip_connect", "max_pool_3x3", "sep_conv_3x3"],
    layers: 3, nodes: 2, channels: 2, seeds: [1], stem: Cifar(1),
    explorers: [(explorer: Evolution(population: 2, sample: 2), rules: (candidates: 5))],
    random: (fit: (epochs: 1, batch: 128)),
    retrain: (channels: 2, fit: (epochs: 1, batch: 128)),
)"#;

fn with_tiny() -> Program {
    let program = Program::new();
    program.write("tiny.ron", TINY);
    program
}

/// The verdict without what took time.
fn accuracies(verdict: &str) -> Vec<String> {
    let words = |line: &str| line.split_whitespace().take(5).collect::<Vec<_>>().join(" ");
    let rows = verdict.lines().filter(|line| line.contains('.'));
    rows.take(3).map(words).collect()
}

fn genotype(program: &Program, out: &str) -> String {
    program.read(&format!("{out}/seed-1/genotype.json"))
}

#[test]
fn an_explorer_has_a_row_and_curves_and_survives_being_killed() {
    let program = with_tiny();
    let words = |out| ["run", "tiny.ron", "--out", out];
    let whole = program.succeed(&words("whole"));
    assert!(whole.stdout.contains("regularised evolution"), "{}", whole.stdout);
    assert!(whole.stderr.contains("5 done, candidate"), "{}", whole.stderr);
    for file in ["-best.svg", "-pareto.svg"] {
        let text = program.read(&format!("whole/curves/seed-1-explore-evolution{file}"));
        assert!(text.contains("<svg") && text.contains("candidates"));
    }
    assert_eq!(program.read("whole/curves/seed-1-explore-evolution.csv").lines().count(), 6);

    let mut child = program.spawn(&words("killed"));
    wait_for(&program.path("killed/events.jsonl"), "\"candidate_told\"", 2);
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!program.path("killed/verdict.txt").exists());
    let resumed = program.succeed(&words("killed"));
    assert!(resumed.stderr.contains("going on with the run"), "{}", resumed.stderr);
    assert_eq!(genotype(&program, "killed"), genotype(&program, "whole"));
    assert_eq!(accuracies(&resumed.stdout), accuracies(&whole.stdout));
    // Peaks of processes are measured anew.
    let curve = |out: &str| -> Vec<String> {
        let text = program.read(&format!("{out}/curves/seed-1-explore-evolution.csv"));
        let fields = text.lines().map(|line| line.split(',').take(4).collect::<Vec<_>>().join(","));
        fields.collect()
    };
    assert_eq!(curve("killed"), curve("whole"));

    // Two workers find what one finds.
    let two = [words("two").as_slice(), &["--workers", "2"]].concat();
    program.succeed(&two);
    assert_eq!(genotype(&program, "two"), genotype(&program, "whole"));
}

#[test]
fn candidates_without_memory_fail_and_the_run_says_why() {
    let program = with_tiny();
    // Little more than the program itself needs, and less than any candidate.
    let limit = format!("{}MiB", crate::workers::needed(&program, "tiny.ron") + 1);
    let said = program.run(&["run", "tiny.ron", "--worker-memory", &limit]);
    assert_eq!(said.code, Some(1), "{}", said.stderr);
    assert!(said.stderr.contains("5 done, candidate"), "{}", said.stderr);
    assert!(said.stderr.contains("none of 5 candidates could be measured"), "{}", said.stderr);
}

#[test]
fn candidates_that_stall_are_ended() {
    let program = with_tiny();
    let said = program.run(&["run", "tiny.ron", "--worker-stall", "0.001"]);
    assert_eq!(said.code, Some(1), "{}", said.stderr);
    assert!(said.stderr.contains("no progress for 0.001 s"), "{}", said.stderr);
    let said = program.run(&["run", "tiny.ron", "--worker-stall", "-1", "--overwrite"]);
    assert_eq!(said.code, Some(2), "{}", said.stderr);
}

#[test]
fn explorers_are_named_like_methods_and_stand_beside_them() {
    let program = with_tiny();
    let words = ["run", "tiny.ron", "--method", "local_search,darts", "--set", "search.epochs=1"];
    let batch = ["--set", "search.batch=128"];
    let found = program.succeed(&[words.as_slice(), &batch].concat());
    for part in ["DARTS", "local search", "random search", "tiny ResNet"] {
        assert!(found.stdout.contains(part), "no `{part}` in {}", found.stdout);
    }
    assert!(program.path("runs/tiny-darts-local_search/seed-1/search-local_search.json").exists());
    let wrong = program.run(&["run", "tiny.ron", "--method", "revolution"]);
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.stderr.contains("evolution"), "{}", wrong.stderr);
}

#[test]
fn mistakes_about_explorers_are_refused_where_they_are() {
    let program = Program::new();
    let cases = [
        ("explorers: [(explorer: Revolution)]", "Revolution"),
        ("explorers: [(rules: (candidates: 0))]", "candidates"),
        ("explorers: [(key: \"random\")]", "key"),
        ("explorers: [(), ()]", "different keys"),
        ("explorers: [(ops: [\"sep_conv_9x9\"])]", "sep_conv_9x9"),
    ];
    for (text, message) in cases {
        program.write("wrong.ron", &format!("(data: Digits, scale: Small, {text})"));
        let said = program.run(&["run", "wrong.ron"]);
        assert_eq!(said.code, Some(2), "{text}: {}", said.stderr);
        assert!(said.stderr.contains(message), "{text}: {}", said.stderr);
        assert!(said.stderr.contains("wrong.ron"), "{text}: {}", said.stderr);
    }
}
