//! A whole comparison, small.

use std::cell::Cell;

use dartloom_data::Dataset;
use dartloom_decode::TopK;
use dartloom_metrics::{Event, Flow, observer_fn};
use dartloom_relax::{Relaxation, Sigmoid};
use dartloom_search::{
    BilevelConfig, Comparison, ComparisonConfig, RandomConfig, Report, RetrainConfig, SearchConfig,
    SearchError, Split,
};
use dartloom_train::{FitConfig, RunDir, Schedule, TrainError};

use crate::tiny::{first_digits, registry, softmax, space, two_ops};

fn config(seeds: &[u64]) -> ComparisonConfig {
    let fit = FitConfig {
        epochs: 1,
        batch: 8,
        drop_path: 0.0,
        crop_padding: 1,
        flip: false,
        cutout: 0,
        ..FitConfig::default()
    };
    let bilevel = BilevelConfig { arch_rate: Schedule::Constant(0.01), ..BilevelConfig::default() };
    ComparisonConfig {
        channels: 2,
        split: Split::Halves,
        search: SearchConfig {
            epochs: 2,
            batch: 8,
            bilevel,
            crop_padding: 1,
            flip: false,
            ..SearchConfig::default()
        },
        random: RandomConfig { top: 2, fit: fit.clone() },
        retrain: RetrainConfig { channels: 2, layers: 3, fit },
        seeds: seeds.to_vec(),
        ..ComparisonConfig::default()
    }
}

/// Runs in `dir` until the `stop`-th event, if any; every look at the clock is a second later.
fn run_as(
    dir: &RunDir,
    config: ComparisonConfig,
    relaxation: std::sync::Arc<dyn Relaxation>,
    mut on_event: impl FnMut(&Event) -> bool,
) -> Result<Option<Report>, SearchError> {
    let (space, registry, decoder) = (space(two_ops(), 1), registry(), TopK::darts());
    let (train, test) = (first_digits(32), first_digits(12));
    let comparison = Comparison {
        space: &space,
        registry: &registry,
        choices: relaxation.into(),
        decoder: &decoder,
        train: &train,
        test: &test as &dyn Dataset,
        config,
    };
    let now = Cell::new(0.0);
    let clock = || {
        now.set(now.get() + 1.0);
        now.get()
    };
    let mut observer =
        observer_fn(|event| Ok(if on_event(event) { Flow::Stop } else { Flow::Continue }));
    comparison.run(dir, &mut observer, &clock)
}

fn run(
    dir: &RunDir,
    config: ComparisonConfig,
    on_event: impl FnMut(&Event) -> bool,
) -> Result<Option<Report>, SearchError> {
    run_as(dir, config, softmax(), on_event)
}

fn without_seconds(mut report: Report) -> Report {
    for row in &mut report.contenders {
        (row.search_seconds, row.train_seconds) = (0.0, 0.0);
    }
    report
}

#[test]
fn a_comparison_ends_in_a_report_and_can_be_stopped_anywhere() {
    let temporary = tempfile::tempdir().unwrap();
    let dir = RunDir::open(temporary.path().join("whole")).unwrap();
    let mut finished = Vec::new();
    let whole = run(&dir, config(&[1, 2]), |event| {
        match event {
            Event::PhaseFinished { phase, .. } => finished.push(phase.clone()),
            Event::Finished { .. } => finished.push("all".to_owned()),
            _ => (),
        }
        false
    });
    let whole = whole.unwrap().unwrap();
    let legs = ["search", "random", "retrain-searched", "retrain-random", "retrain-baseline"];
    let phases = [1, 2].into_iter().flat_map(|seed| legs.map(|leg| format!("seed {seed} {leg}")));
    assert_eq!(finished, phases.chain(["all".to_owned()]).collect::<Vec<_>>());
    assert_eq!(whole.gaps.len(), 2);
    assert!(whole.random_tried.iter().all(|&tried| tried >= 1));
    for row in &whole.contenders {
        assert_eq!(row.accuracies.len(), 2);
        assert!(row.parameters > 0.0 && row.macs > 0.0 && row.train_seconds > 0.0, "{row:?}");
    }
    let [method, random, _] = &whole.contenders[..] else { panic!("three rows") };
    assert!(random.search_macs <= method.search_macs, "random search keeps the search's budget");
    for file in ["weights.json", "genotype.json", "search.json", "retrain-baseline.json"] {
        assert!(dir.file("seed-2").join(file).exists(), "{file}");
    }

    let stopped = RunDir::open(temporary.path().join("stopped")).unwrap();
    let mut runs = 0;
    let report = loop {
        runs += 1;
        assert!(runs < 100);
        let mut events = 0;
        let stop = |_: &Event| {
            events += 1;
            events > 7
        };
        if let Some(report) = run(&stopped, config(&[1, 2]), stop).unwrap() {
            break report;
        }
    };
    assert!(runs > 5, "{runs}");
    assert_eq!(without_seconds(report), without_seconds(whole.clone()));

    // Nothing is repeated, and another seed does not disturb the ones that are done.
    let mut steps = 0;
    let count = |event: &Event| {
        steps += usize::from(matches!(event, Event::Step { .. }));
        false
    };
    assert_eq!(run(&dir, config(&[1, 2]), count).unwrap().unwrap(), whole);
    assert_eq!(steps, 0);
    let one = run(&dir, config(&[2]), |_| false).unwrap().unwrap();
    assert_eq!(one.contenders[0].accuracies, whole.contenders[0].accuracies[1..]);
    assert!(!one.worth_it);
}

#[test]
fn results_of_another_configuration_are_refused() {
    let temporary = tempfile::tempdir().unwrap();
    let dir = RunDir::open(temporary.path()).unwrap();
    run(&dir, config(&[1]), |_| false).unwrap().unwrap();
    let mut longer = config(&[1]);
    longer.search.epochs = 3;
    let error = run(&dir, longer, |_| false).unwrap_err();
    assert!(matches!(&error, SearchError::Stored { .. }), "{error}");
    assert!(error.to_string().contains("search.json"), "{error}");
    let sigmoid = std::sync::Arc::new(Sigmoid);
    let error = run_as(&dir, config(&[1]), sigmoid, |_| false).unwrap_err();
    assert!(matches!(error, SearchError::Stored { .. }), "{error}");
    // A checkpoint in the middle of a leg belongs to its configuration, too.
    let dir = RunDir::open(temporary.path().join("other")).unwrap();
    let first = |event: &Event| matches!(event, Event::Step { .. });
    assert!(run(&dir, config(&[1]), first).unwrap().is_none());
    let mut longer = config(&[1]);
    longer.search.epochs = 3;
    let error = run(&dir, longer, |_| false).unwrap_err();
    let refused = matches!(error, SearchError::Train(TrainError::Checkpoint { .. }));
    assert!(refused, "{error}");
}

#[test]
fn damaged_results_are_refused_by_name() {
    let temporary = tempfile::tempdir().unwrap();
    let dir = RunDir::open(temporary.path()).unwrap();
    run(&dir, config(&[1]), |_| false).unwrap().unwrap();
    let inside = dir.inside("seed-1").unwrap();
    for leg in ["search", "random", "retrain-searched", "retrain-random", "retrain-baseline"] {
        let file = format!("{leg}.json");
        let good = inside.read(&file).unwrap().unwrap();
        for bad in [&good[..good.len() / 2], "", "[]", "{}"] {
            inside.write(&file, bad.as_bytes()).unwrap();
            let error = run(&dir, config(&[1]), |_| false).unwrap_err();
            assert!(matches!(&error, SearchError::Stored { file: f, .. } if *f == file), "{error}");
        }
        inside.write(&file, good.as_bytes()).unwrap();
    }
    // A result without the architecture it should hold is no baseline in disguise.
    let good = inside.read("random.json").unwrap().unwrap();
    let mut value: serde_json::Value = serde_json::from_str(&good).unwrap();
    value.as_object_mut().unwrap().remove("genotype");
    inside.write("random.json", value.to_string().as_bytes()).unwrap();
    let error = run(&dir, config(&[1]), |_| false).unwrap_err();
    assert!(error.to_string().contains("random.json: expected the genotype"), "{error}");
}
