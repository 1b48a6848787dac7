//! A run is read back from its directory.

use std::fs;

use dartloom_record::{
    Event, Identity, JsonLines, Leg, Observer, ObserverError, RecordError, Run, RunDir, RunLayout,
};
use serde_json::json;

/// A directory with the events of a run, a leg that is finished and a genotype.
fn stored() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let dir = RunDir::open(folder.path()).unwrap();
    let mut log = JsonLines::new(dir.append(RunLayout::EVENTS).unwrap());
    let started =
        Event::RunStarted { name: "small".to_owned(), seed: 3, config: json!({}), plan: None };
    for event in [started, Event::Note { text: "nothing of note".to_owned() }] {
        let _ = log.on_event(&event).unwrap();
    }
    for seed in [12, 3] {
        dir.inside(&RunLayout::seed(seed)).unwrap();
    }
    let seed = dir.inside(&RunLayout::seed(3)).unwrap();
    seed.store("random.json", &Identity::new(), &json!({"seconds": 2.0})).unwrap();
    seed.write("genotype-darts.json", b"{\"version\": 2}").unwrap();
    folder
}

#[test]
fn events_seeds_results_and_genotypes_are_read_back() {
    let folder = stored();
    let run = Run::open(folder.path()).unwrap();
    let names: Vec<_> =
        run.events().unwrap().records.iter().map(|record| record.event.name()).collect();
    assert_eq!(names, ["run_started", "note"]);
    assert_eq!(run.seeds().unwrap(), [3, 12]);
    let layout = RunLayout::of(2);
    let result = |leg: &str| run.result(layout, 3, &Leg::from(leg)).unwrap();
    assert_eq!(result("random"), Some(json!({"seconds": 2.0})));
    assert_eq!(result("search/darts"), None);
    let genotypes = run.genotypes(3).unwrap();
    assert_eq!(genotypes["genotype-darts.json"], json!({"version": 2}));
    assert!(run.genotypes(12).unwrap().is_empty() && run.genotypes(99).unwrap().is_empty());
}

#[test]
fn a_log_of_another_version_is_told_from_a_damaged_one() {
    let folder = stored();
    let log = folder.path().join(RunLayout::EVENTS);
    let events = || Run::open(folder.path()).unwrap().events();
    fs::write(&log, "{\"event\":\"note\",\"text\":\"of version 1\"}\n").unwrap();
    let error = events().unwrap_err();
    let version = ObserverError::Version { line: 1, known: 2, found: 1 }.to_string();
    assert!(error.to_string().ends_with(&version), "{error}");
    fs::write(&log, "neither\n").unwrap();
    let error = events().unwrap_err();
    assert!(
        matches!(error, RecordError::Log { source: ObserverError::Malformed { line: 1, .. }, .. }),
        "{error}"
    );
}

#[test]
fn damage_and_absence_are_told_with_their_file() {
    let folder = stored();
    let run = Run::open(folder.path()).unwrap();
    for name in ["random.json", "genotype-darts.json"] {
        fs::write(folder.path().join("seed-3").join(name), "{").unwrap();
    }
    let result = run.result(RunLayout::of(1), 3, &Leg::Random).unwrap_err();
    assert!(
        matches!(&result, RecordError::Damaged { path, .. } if path.ends_with("seed-3/random.json"))
    );
    let genotypes = run.genotypes(3).unwrap_err();
    assert!(genotypes.to_string().contains("genotype-darts.json"), "{genotypes}");
    assert!(Run::open(folder.path().join("nowhere")).is_err());
}

#[test]
fn other_files_are_read_by_their_names() {
    let folder = stored();
    let run = Run::open(folder.path()).unwrap();
    assert_eq!((run.text("none").unwrap(), run.json("none").unwrap()), (None, None));
    assert_eq!(run.stored("none").unwrap(), None);
    assert!(run.folders().unwrap().contains(&"seed-3".to_owned()));
    fs::write(folder.path().join("odd.txt"), b"a\xffb").unwrap();
    assert_eq!(run.text("odd.txt").unwrap().unwrap(), "a\u{fffd}b");
    fs::write(folder.path().join("plain.json"), "[1]").unwrap();
    assert_eq!(run.json("plain.json").unwrap(), Some(json!([1])));
    fs::write(folder.path().join("plain.json"), "[1,\n}").unwrap();
    let error = run.json("plain.json").unwrap_err().to_string();
    assert!(error.contains("plain.json") && error.contains("line 2"), "{error}");
}

#[test]
fn a_run_is_written_as_long_as_its_lock_is_held() {
    let folder = stored();
    let run = Run::open(folder.path()).unwrap();
    assert!(!run.is_written(), "without a lock nobody writes");
    let lock = fs::File::create(folder.path().join(RunLayout::LOCK)).unwrap();
    assert!(!run.is_written());
    lock.lock().unwrap();
    assert!(run.is_written());
    drop(lock);
    assert!(!run.is_written());
}
