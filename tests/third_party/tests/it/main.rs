//! A whole comparison of somebody else's parts.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic in a helper is a failing test")]

use std::fs;
use std::path::{Path, PathBuf};

use dartloom::record::{self, Leg, RunLayout};
use dartloom_engine::experiment::{self, Chosen};
use dartloom_engine::run::{Host, Options, Outcome, Run, Start};
use dartloom_engine::{EngineError, Plan};
use third_party::{Uses, catalog};

const EXPERIMENT: &str = include_str!("../../corners.ron");

/// An empty folder of this name.
fn folder(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

/// The plan of an experiment whose file is written into `folder`.
fn plan(folder: &Path, text: &str, uses: &Uses) -> Result<Plan, EngineError> {
    let path = folder.join("corners.ron");
    fs::write(&path, text).unwrap();
    Plan::with(experiment::load(&path, &Chosen::default())?, "corners.ron", &catalog(uses))
}

#[test]
fn parts_named_in_a_file_are_searched_with_and_judged_by() {
    let folder = folder("whole");
    let uses = Uses::default();
    let clock = || 0.0;
    let host = Host {
        command: Vec::new(),
        system: "any".to_owned(),
        worker: None,
        clock: &clock,
        date: || f64::NAN,
    };
    let options = Options { out: folder.join("run"), ..Options::default() };
    let open = || {
        let plan = plan(&folder, EXPERIMENT, &uses).unwrap();
        Run::open(plan, &options, &host, &mut |line| panic!("{line}")).unwrap()
    };
    let mut run = open();
    let before = (uses.relaxation.value(), uses.decoder.value());
    let Outcome::Finished { report, verdict } = run.go(Vec::new(), &host).unwrap() else {
        panic!("nobody stopped it")
    };
    assert_eq!(report.methods.len(), 1);
    assert!(verdict.contains("squares"), "{verdict}");
    assert!(uses.relaxation.value() > before.0 && uses.decoder.value() > before.1);
    assert_eq!(uses.data.value(), 1);
    assert!(uses.losses.value() > 0 && uses.scorers.value() > 0);
    drop(run);

    // One edge a node is what this decoder keeps, and no other.
    let text = fs::read_to_string(options.out.join("seed-7/genotype.json")).unwrap();
    let genotype: dartloom::space::Genotype = dartloom::serde_json::from_str(&text).unwrap();
    assert!(genotype.cells().iter().all(|cell| cell.genes.len() == 2), "{text}");

    check_record(&options.out);

    // The stored experiment names the parts, and is known as the same one.
    let stored = fs::read_to_string(options.out.join("experiment.ron")).unwrap();
    for part in ["Corners(64)", "Margin(1.0)", "Squares", "FirstEdges(1)"] {
        assert!(stored.contains(part), "{part} in {stored}");
    }
    assert_eq!(*open().start(), Start::Finished(verdict));
}

/// Reads the run back as whoever has only its directory.
fn check_record(out: &Path) {
    let run = record::Run::open(out).unwrap();
    assert_eq!(run.seeds().unwrap(), [7]);
    let log = run.events().unwrap();
    assert!(log.truncated.is_none());
    let names: Vec<&str> = log.records.iter().map(|record| record.event.name()).collect();
    assert_eq!((names.first(), names.last()), (Some(&"run_started"), Some(&"finished")));
    let layout = RunLayout::of(1);
    for leg in ["search/darts", "random", "retrain/darts", "retrain/random", "retrain/baseline"] {
        let result = run.result(layout, 7, &Leg::from(leg)).unwrap();
        assert!(result.is_some_and(|result| result["seconds"].is_number()), "{leg}");
    }
    assert!(run.genotypes(7).unwrap().contains_key(&layout.genotype("darts")));
}

#[test]
fn other_settings_are_another_experiment() {
    let folder = folder("other");
    let uses = Uses::default();
    let read = |text: &str| plan(&folder, text, &uses).unwrap().experiment().clone();
    let one = read(EXPERIMENT);
    let other = read(&EXPERIMENT.replace("Margin(1.0)", "Margin(2.0)"));
    let differences = experiment::differences(&one, &other).unwrap();
    assert!(differences.len() == 1 && differences[0].starts_with("task"), "{differences:?}");
}

#[test]
fn a_task_of_other_targets_is_refused_before_any_work() {
    let folder = folder("refused");
    let uses = Uses::default();
    let rows = [
        ("Regression()", "corners.ron: task: regression needs values, found one of 4 classes"),
        ("Margins(1.0)", "corners.ron: task: unknown name `Margins`"),
        ("Margin(\"wide\")", "corners.ron: task: "),
    ];
    for (task, message) in rows {
        let text = EXPERIMENT.replace("Margin(1.0)", task);
        let error = plan(&folder, &text, &uses).unwrap_err().to_string();
        assert!(error.starts_with(message), "{error}");
    }
    assert_eq!(uses.losses.value(), 0);
}
