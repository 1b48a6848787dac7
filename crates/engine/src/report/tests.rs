use std::cell::Cell;
use std::fs;

use dartloom::record::{JsonLines, Where};

use super::*;

thread_local! {
    static NOW: Cell<f64> = const { Cell::new(0.0) };
}

fn note(folder: &Path, text: &str) {
    let dir = RunDir::open(folder).unwrap();
    let mut log = JsonLines::new(dir.append(RunLayout::EVENTS).unwrap());
    let _ = log.on_event(&Event::Note { text: text.to_owned() }).unwrap();
}

fn finished() -> Event {
    Event::PhaseFinished { phase: Where::from("work"), metrics: [].into() }
}

#[test]
fn a_page_stands_beside_results_and_leaves_them_alone() {
    let folder = tempfile::tempdir().unwrap();
    note(folder.path(), "<begun>");
    fs::write(folder.path().join(RunLayout::REPORT), r#"{"seeds":[1,2],"page":{}}"#).unwrap();
    let written = write(folder.path(), None).unwrap();
    assert!(fs::read_to_string(written.html).unwrap().contains("&lt;begun&gt;"));
    let json: Value = serde_json::from_str(&fs::read_to_string(written.json).unwrap()).unwrap();
    assert_eq!(json["seeds"], serde_json::json!([1, 2]));
    assert_eq!(json["page"]["notes"], serde_json::json!(["<begun>"]));
    let names: Vec<_> =
        fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(names.len(), 3, "nothing else is left: {names:?}");
}

#[test]
fn another_file_has_its_numbers_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let out = tempfile::tempdir().unwrap();
    note(folder.path(), "begun");
    let written = write(folder.path(), Some(&out.path().join("a.html"))).unwrap();
    assert_eq!(written.json, out.path().join("a.json"));
    assert!(written.html.is_file() && written.json.is_file());
    assert!(!folder.path().join(RunLayout::PAGE).exists());
}

#[test]
fn what_is_no_run_and_what_is_broken_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let error = write(folder.path(), None).unwrap_err();
    assert!(matches!(error, EngineError::NoRun { .. }) && error.is_of_input(), "{error}");
    note(folder.path(), "begun");
    fs::write(folder.path().join(RunLayout::EVENTS), "nothing\n").unwrap();
    let error = status(folder.path()).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("events.jsonl") && text.contains("line 1"), "{text}");
    assert!(error.is_of_input());
}

#[test]
fn a_page_is_written_again_after_a_pause() {
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join(RunLayout::PAGE);
    let mut pages = Pages::new(RunDir::open(folder.path()).unwrap(), || NOW.get());
    let mut hear = |event: &Event, now: f64| {
        NOW.set(now);
        let _ = pages.on_event(event).unwrap();
        fs::remove_file(&page).is_ok()
    };
    assert!(!hear(&finished(), 0.0), "without a run there is no page, and the run goes on");
    note(folder.path(), "begun");
    assert!(!hear(&finished(), 29.0));
    assert!(hear(&finished(), 30.0));
    assert!(!hear(&finished(), 59.0));
    let stopped = Event::Stopped { phase: Where::from("work"), epoch: 0, step: 0 };
    assert!(hear(&stopped, 59.0), "the last page of a stopped run is not old");
    assert!(!hear(&Event::Note { text: String::new() }, 200.0));
}
