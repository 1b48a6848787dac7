//! The committed fixtures.

use std::collections::BTreeSet;

use dartloom_ops::Execution;
use dartloom_space::Genotype;
use dartloom_tests::golden::{Outcome, Verdict, fixtures, run};
use serde_json::Value;
use sha2::{Digest, Sha256};

fn read(name: &str) -> Value {
    let text = std::fs::read_to_string(fixtures().join(name)).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Families of capabilities that the workspace lacks; nothing else may be pending.
const PENDING: [&str; 0] = [];

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
    let failed = |outcome: &&Outcome| matches!(outcome.verdict, Verdict::Fail(_));
    let bad: Vec<&Outcome> = outcomes.iter().filter(failed).collect();
    assert!(bad.is_empty(), "{bad:#?}");
    let pending = outcomes.iter().filter(|o| matches!(o.verdict, Verdict::Pending(_)));
    assert_eq!(pending.map(|outcome| outcome.name.as_str()).collect::<Vec<_>>(), PENDING);

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
fn every_file_is_the_one_that_was_measured() {
    let manifest = read("manifest.json");
    for (file, entry) in manifest["files"].as_object().unwrap() {
        let digest = Sha256::digest(std::fs::read(fixtures().join(file)).unwrap());
        let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(entry["sha256"], digest, "{file}");
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
