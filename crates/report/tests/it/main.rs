//! A stored run is drawn by whoever has its directory.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic in a helper is a failing test")]

mod page;
mod small_run;

use dartloom_record::{
    Candidate, Event, JsonLines, Leg, Objective, Observer, Run, RunDir, RunLayout, Where,
};
use dartloom_report::{Drawings, ReportError, drawings};
use dartloom_space::Genotype;
use tempfile::TempDir;

fn explored() -> Where {
    Where::of_seed(3, Leg::Explore("evolution".to_owned()))
}

/// The events of a small run: one architecture, and a discrete search of three candidates, one of
/// which failed.
fn events() -> Vec<Event> {
    let genotype = serde_json::to_value(Genotype::published("DARTS_V2").unwrap()).unwrap();
    let phase = Where::of_seed(3, Leg::Search("darts".to_owned()));
    let mut events = vec![
        Event::RunStarted {
            name: "small".to_owned(),
            seed: 3,
            config: serde_json::json!({}),
            plan: None,
        },
        Event::Architecture { phase, epoch: 4, genotype, notes: Vec::new() },
        Event::ExplorationStarted {
            phase: explored(),
            explorer: "regularised evolution".to_owned(),
            candidates: 3,
            objective: Some(Objective::share("accuracy")),
            told: Vec::new(),
        },
    ];
    let measured = |quality, parameters| Candidate {
        quality: Some(quality),
        parameters: Some(parameters),
        ..Candidate::default()
    };
    let told = [measured(0.5, 300), Candidate::default(), measured(0.75, 200)];
    events.extend((0_u32..).zip(told).map(|(task, candidate)| Event::CandidateTold {
        phase: explored(),
        task: u64::from(task),
        told: task as usize + 1,
        share: f64::from(task + 1) / 3.0,
        candidate,
        best: Some(0.5),
        reason: None,
    }));
    events
}

/// A directory in which a run has written its events.
fn stored(events: &[Event]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let dir = RunDir::open(folder.path()).unwrap();
    let mut log = JsonLines::new(dir.append(RunLayout::EVENTS).unwrap());
    for event in events {
        let _ = log.on_event(event).unwrap();
    }
    folder
}

#[test]
fn a_stored_run_is_drawn_as_it_was_while_it_went_on() {
    let folder = stored(&events());
    let drawn = drawings(&Run::open(folder.path()).unwrap()).unwrap();
    let names: Vec<&str> = drawn.iter().map(|file| file.name.as_str()).collect();
    let cells =
        ["normal", "reduce"].map(|cell| format!("cells/seed-3-search-darts-epoch-004-{cell}"));
    let mut expected: Vec<String> = cells
        .iter()
        .flat_map(|cell| [".dot", ".svg"].map(|ending| format!("{cell}{ending}")))
        .collect();
    let curves = ["-best.svg", "-memory.svg", "-pareto.svg", ".csv"];
    expected.extend(curves.map(|ending| format!("curves/seed-3-explore-evolution{ending}")));
    expected.push("genotypes/seed-3-search-darts-epoch-004.json".to_owned());
    assert_eq!(names, expected);

    let live = tempfile::tempdir().unwrap();
    let mut observer = Drawings::new(RunDir::open(live.path()).unwrap());
    for event in events() {
        let _ = observer.on_event(&event).unwrap();
    }
    for file in &drawn {
        let written = std::fs::read_to_string(live.path().join(&file.name)).unwrap();
        assert_eq!(written, file.text, "{}", file.name);
    }
}

#[test]
fn candidates_stand_in_a_table_in_the_order_in_which_they_were_told() {
    let folder = stored(&events());
    let drawn = drawings(&Run::open(folder.path()).unwrap()).unwrap();
    let table = drawn.iter().find(|file| file.name.ends_with(".csv")).unwrap();
    let expected = "told,accuracy,parameters,predicted_memory,peak_memory\n\
                    1,0.5,300,,\n2,,,,\n3,0.75,200,,\n";
    assert_eq!(table.text, expected);
    for file in drawn.iter().filter(|file| file.name.ends_with(".svg")) {
        assert!(file.text.contains("<svg") && file.text.trim_end().ends_with("</svg>"));
    }
}

#[test]
fn a_run_that_has_told_nothing_has_no_drawings() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(drawings(&Run::open(folder.path()).unwrap()).unwrap(), []);
}

#[test]
fn what_is_no_genotype_and_what_another_version_has_written_is_refused() {
    let mut all = events();
    let Event::Architecture { genotype, .. } = &mut all[1] else { panic!("an architecture") };
    *genotype = serde_json::json!({"cells": 3});
    let folder = stored(&all);
    let error = drawings(&Run::open(folder.path()).unwrap()).unwrap_err();
    assert!(matches!(error, ReportError::Genotype { epoch: 4, .. }), "{error}");

    let old = "{\"event\":\"phase_started\",\"phase\":\"seed 3 search\",\"epochs\":1,\
               \"steps_per_epoch\":1,\"epoch\":0}\n";
    std::fs::write(folder.path().join(RunLayout::EVENTS), old).unwrap();
    let error = drawings(&Run::open(folder.path()).unwrap()).unwrap_err();
    assert!(matches!(error, ReportError::Record(_)), "{error}");
}
