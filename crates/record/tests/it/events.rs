//! One event of each kind.

use std::collections::BTreeMap;

use dartloom_record::{
    ArchitectureWeights, Candidate, CellEntropy, EdgeWeights, Event, Leg, Objective, RunPlan, Where,
};
use serde_json::json;

pub(crate) fn metrics(values: &[(&str, f64)]) -> BTreeMap<String, f64> {
    values.iter().map(|&(name, value)| (name.to_owned(), value)).collect()
}

fn started() -> Event {
    Event::RunStarted {
        name: "a \"quoted\" name\nof two lines".to_owned(),
        seed: u64::MAX,
        config: json!({"epochs": 50, "rate": 0.025, "nested": [1, null, {"event": "none"}]}),
        plan: Some(RunPlan {
            seeds: vec![0, 1],
            legs: vec![Leg::Random, "search/darts".into()],
            objective: Objective::share("accuracy"),
        }),
    }
}

pub(crate) fn every_kind() -> Vec<Event> {
    let phase = || Where::of_seed(0, Leg::Search("darts".to_owned()));
    let step = |loss, arch_loss| Event::Step {
        phase: phase(),
        epoch: 3,
        step: 7,
        steps: 10,
        loss,
        arch_loss,
    };
    let edge = |among| EdgeWeights { from: 0, to: 2, operations: vec![0.1, 0.9], among };
    vec![
        started(),
        Event::PhaseStarted { phase: phase(), epochs: 50, steps_per_epoch: 10, epoch: 3 },
        step(0.1 + 0.2, None),
        step(2.0, Some(-1e-300)),
        Event::EpochFinished {
            phase: phase(),
            epoch: 3,
            metrics: metrics(&[("accuracy", 1.0 / 3.0), ("loss, mean", 5e-324)]),
        },
        Event::Weights {
            phase: phase(),
            epoch: 3,
            weights: ArchitectureWeights {
                operations: vec!["skip".to_owned(), "conv".to_owned()],
                cells: BTreeMap::from([("normal".to_owned(), vec![edge(None), edge(Some(0.5))])]),
                links: vec![vec![0.25, 0.75]],
            },
        },
        Event::Entropy {
            phase: phase(),
            epoch: 3,
            cells: BTreeMap::from([
                ("normal".to_owned(), CellEntropy { edges: vec![1.0, 0.5], nodes: None }),
                ("reduce".to_owned(), CellEntropy { edges: vec![0.25], nodes: Some(vec![0.0]) }),
            ]),
        },
        Event::Architecture {
            phase: phase(),
            epoch: 3,
            genotype: json!([["skip", 0]]),
            notes: vec!["tie on edge 2".to_owned()],
        },
        Event::RuleHolds {
            phase: phase(),
            epoch: 3,
            rule: "skip count".to_owned(),
            seen: "2 skip connections".to_owned(),
            stops: true,
        },
        Event::ExplorationStarted {
            phase: phase(),
            explorer: "evolution".to_owned(),
            candidates: 20,
            objective: Some(Objective::lower("rmse").with_unit("mm")),
            told: vec![Candidate { quality: Some(0.5), ..Candidate::default() }],
        },
        Event::CandidateTrained { phase: phase(), task: 4, epochs: 2, quality: Some(0.5) },
        Event::CandidateTold {
            phase: phase(),
            task: 4,
            told: 4,
            share: 0.2,
            candidate: Candidate { predicted_memory: Some(1 << 20), ..Candidate::default() },
            best: Some(0.75),
            reason: Some("out of memory".to_owned()),
        },
        Event::Checkpoint { phase: phase(), epoch: 4, step: 0, path: "state/4".to_owned() },
        Event::Note { text: "π".to_owned() },
        Event::PhaseFinished { phase: phase(), metrics: metrics(&[]) },
        Event::Stopped { phase: phase(), epoch: 4, step: 2 },
        Event::Finished { metrics: metrics(&[("accuracy", 1.0)]) },
    ]
}

#[test]
fn the_name_is_the_tag_and_the_phase_the_field() {
    for event in every_kind() {
        let value = serde_json::to_value(&event).unwrap();
        assert_eq!(value["event"], event.name());
        let phase = event.phase().map(|phase| serde_json::to_value(phase).unwrap());
        assert_eq!(value.get("phase"), phase.as_ref());
    }
}

#[test]
fn the_json_form_is_pinned() {
    let [.., stopped, _] = &every_kind()[..] else { panic!("too few") };
    let text = serde_json::to_string(stopped).unwrap();
    assert_eq!(
        text,
        r#"{"event":"stopped","phase":{"seed":0,"leg":"search/darts"},"epoch":4,"step":2}"#
    );
    let text = serde_json::to_string(&every_kind()[2]).unwrap();
    let expected = r#"{"event":"step","phase":{"seed":0,"leg":"search/darts"},"epoch":3,"step":7,"steps":10,"loss":0.30000000000000004}"#;
    assert_eq!(text, expected);
    let text = serde_json::to_string(&every_kind()[8]).unwrap();
    let expected = r#"{"event":"rule_holds","phase":{"seed":0,"leg":"search/darts"},"epoch":3,"rule":"skip count","seen":"2 skip connections","stops":true}"#;
    assert_eq!(text, expected);
    let text = serde_json::to_string(&every_kind()[6]).unwrap();
    let expected = r#"{"event":"entropy","phase":{"seed":0,"leg":"search/darts"},"epoch":3,"cells":{"normal":{"edges":[1.0,0.5]},"reduce":{"edges":[0.25],"nodes":[0.0]}}}"#;
    assert_eq!(text, expected);
}

#[test]
fn floats_that_are_not_finite_are_words() {
    let names = [("a", f64::NAN), ("b", f64::INFINITY), ("c", f64::NEG_INFINITY)];
    let text = serde_json::to_string(&Event::Finished { metrics: metrics(&names) }).unwrap();
    assert_eq!(text, r#"{"event":"finished","metrics":{"a":"NaN","b":"inf","c":"-inf"}}"#);
    let Event::Finished { metrics } = serde_json::from_str(&text).unwrap() else { panic!("kind") };
    assert!(metrics["a"].is_nan());
    assert!(metrics["b"] > f64::MAX && metrics["c"] < f64::MIN);

    let text = r#"{"event":"step","phase":{"leg":"p"},"epoch":0,"step":0,"steps":1,"loss":"-inf","arch_loss":"NaN"}"#;
    let event: Event = serde_json::from_str(text).unwrap();
    let Event::Step { loss, arch_loss, .. } = &event else { panic!("kind") };
    assert!(*loss < f64::MIN && arch_loss.unwrap().is_nan());
    assert_eq!(serde_json::to_string(&event).unwrap(), text);
}

#[test]
fn whole_numbers_are_read_as_floats_and_other_words_refused() {
    let text = r#"{"event":"finished","metrics":{"a":1,"b":-2}}"#;
    let event: Event = serde_json::from_str(text).unwrap();
    assert_eq!(event, Event::Finished { metrics: metrics(&[("a", 1.0), ("b", -2.0)]) });
    for bad in ["null", "\"nan\"", "[]", "true"] {
        let text = format!(r#"{{"event":"finished","metrics":{{"a":{bad}}}}}"#);
        assert!(serde_json::from_str::<Event>(&text).is_err(), "{bad}");
    }
}
