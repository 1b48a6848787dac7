//! The committed fixtures.

use std::collections::BTreeSet;

use dartloom_net::Execution;
use dartloom_space::Genotype;
use dartloom_tests::golden::{Outcome, Verdict, fixtures, run};
use serde_json::Value;

fn read(name: &str) -> Value {
    let text = std::fs::read_to_string(fixtures().join(name)).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Cases of methods that the workspace lacks, and of files that lost their inputs, begin with these;
/// nothing else may be pending.
const INCOMPLETE: [&str; 6] = [
    "pure_architecture_distance/graph_distance_cells",
    "pure_genotype_darts",
    "pure_genotype_fairdarts",
    "pure_genotype_pcdarts",
    "pure_lr_schedules",
    "mixed_pcdarts/edge_normalisation.",
];

#[test]
fn every_file_passes() {
    check_all(Execution::default());
}

#[test]
fn every_file_passes_staged() {
    check_all(Execution::Staged);
}

fn check_all(execution: Execution) {
    let mut lines = Vec::new();
    let outcomes =
        run(&fixtures(), execution, &mut |outcome| lines.push(outcome.to_string())).unwrap();
    assert_eq!(lines.len(), outcomes.len());
    let bad: Vec<&Outcome> = outcomes
        .iter()
        .filter(|outcome| match &outcome.verdict {
            Verdict::Pass => false,
            Verdict::Fail(_) => true,
            Verdict::Pending(_) => !INCOMPLETE.iter().any(|case| outcome.name.starts_with(case)),
        })
        .collect();
    assert!(bad.is_empty(), "{bad:#?}");

    let manifest = read("manifest.json");
    for file in manifest["files"].as_object().unwrap().keys() {
        let name = file.rsplit_once('.').unwrap().0;
        let part = format!("{name}/");
        let own = |outcome: &&Outcome| outcome.name == name || outcome.name.starts_with(&part);
        let passed = outcomes.iter().filter(own).filter(|o| o.verdict == Verdict::Pass).count();
        assert!(passed > 0, "{file} has no case that passes");
    }
}

#[test]
fn published_genotypes_are_built_in() {
    let known: BTreeSet<&str> = Genotype::published_names().into_iter().collect();
    let entries = read("genotypes.json");
    let drawn = |entry: &Value| entry["repository"].as_str().unwrap().starts_with('(');
    let entries = entries.as_object().unwrap().iter().filter(|(_, entry)| !drawn(entry));
    let published: BTreeSet<&str> = entries.map(|(name, _)| name.as_str()).collect();
    assert!(published.is_subset(&known), "{:?}", published.difference(&known));
    assert!(published.len() > 30);
}
