//! Scores of operations on the embedded digits.

use dartloom_data::testkit::first_digits;
use dartloom_data::{Parts, Split};
use dartloom_noise::Noise;
use dartloom_ops::testkit::registry;
use dartloom_record::{Event, Flow, RecordError, RunDir, observer_fn};
use dartloom_score::{
    OpBenchmark, OpBenchmarkConfig, OpBenchmarkOutcome, ScoreError, Statistic, residual_proxy,
};
use dartloom_space::distance::{OpScores, SetDistance};
use dartloom_space::{Edge, Genotype, Stem};
use dartloom_task::Classification;
use dartloom_train::{FitConfig, TrainError};
use tempfile::TempDir;

/// Two operations on one edge of two cells, two short trainings each.
fn config() -> OpBenchmarkConfig {
    let fit = FitConfig {
        epochs: 2,
        batch: 16,
        drop_path: 0.0,
        cutout: 0,
        crop_padding: 1,
        flip: false,
        ..FitConfig::default()
    };
    OpBenchmarkConfig {
        ops: vec!["simple_conv_3x3".to_owned(), "skip_connect".to_owned()],
        positions: vec![Edge { from: 2, to: 3 }],
        runs: 2,
        fit,
    }
}

fn run(
    proxy: &Genotype,
    config: OpBenchmarkConfig,
    folder: &TempDir,
    mut stop: impl FnMut(&Event) -> bool,
) -> Result<Option<OpBenchmarkOutcome>, ScoreError> {
    let digits = first_digits(96);
    let data: Parts<'_> = Split::Halves.parts(&digits, 1)?;
    let registry = registry();
    let task = Classification::new(10).map_err(TrainError::from)?;
    let benchmark = OpBenchmark {
        proxy,
        stem: Stem::cifar(1),
        registry: &registry,
        build: dartloom_task::build(4, &task, &digits),
        data: &data,
        task: &task,
        config,
        noise: Noise::new(5),
    };
    let dir = RunDir::open(folder.path())?;
    let mut observer =
        observer_fn(|event| Ok(if stop(event) { Flow::Stop } else { Flow::Continue }));
    benchmark.run(&"ops".into(), &dir, &mut observer)
}

fn whole(proxy: &Genotype, config: OpBenchmarkConfig) -> OpBenchmarkOutcome {
    run(proxy, config, &tempfile::tempdir().unwrap(), |_| false).unwrap().unwrap()
}

#[test]
fn every_operation_is_measured_at_every_place_and_becomes_a_score() {
    let proxy = residual_proxy(2).unwrap();
    let outcome = whole(&proxy, config());
    let places: Vec<(&str, usize, usize)> =
        outcome.runs.iter().map(|run| (run.op.as_str(), run.cell, run.run)).collect();
    let of = |op| [(op, 0, 0), (op, 0, 1), (op, 1, 0), (op, 1, 1)];
    assert_eq!(places, [of("simple_conv_3x3"), of("skip_connect")].concat());
    assert!(outcome.runs.iter().all(|run| (0.0..=1.0).contains(&run.score)));
    // Both operations and both seeds make a difference to the trained network.
    let scores: Vec<u64> = outcome.runs.iter().map(|run| run.score.to_bits()).collect();
    assert_ne!(scores[..4], scores[4..]);

    let statistics = outcome.statistics();
    assert_eq!(statistics.iter().map(|of| of.places).collect::<Vec<_>>(), [2, 2]);
    let scores: OpScores = outcome.scores(Statistic::Median).unwrap();
    let distance = SetDistance::paper(scores);
    assert!(distance.genotypes(&proxy, &proxy).unwrap().mean().abs() < 1e-15);
}

#[test]
fn a_stopped_benchmark_goes_on_to_the_same_outcome() {
    let proxy = residual_proxy(1).unwrap();
    let expected = whole(&proxy, config());
    let folder = tempfile::tempdir().unwrap();
    let mut starts = 0;
    let outcome = loop {
        // Every fifth event from the start of a run is a stop: within and between trainings.
        let mut events = 0;
        let stop = |_: &Event| {
            events += 1;
            events == 5
        };
        starts += 1;
        assert!(starts < 100);
        if let Some(outcome) = run(&proxy, config(), &folder, stop).unwrap() {
            break outcome;
        }
    };
    assert_eq!(outcome, expected);
    assert!(starts > expected.runs.len());
    // The same folder with another plan.
    let other = OpBenchmarkConfig { ops: vec!["sep_conv_3x3".to_owned()], ..config() };
    let error = run(&proxy, other, &folder, |_| false).unwrap_err();
    assert!(matches!(error, ScoreError::Record(RecordError::OtherWork { .. })), "{error}");
    assert!(error.to_string().contains("benchmark.ops"), "{error}");
}

#[test]
fn the_proxy_is_resnet_18() {
    let resnet = Genotype::published("ResNet18").unwrap();
    let proxy = residual_proxy(4).unwrap();
    let distance = SetDistance::paper(OpScores::means());
    assert!(distance.genotypes(&resnet, &proxy).unwrap().mean().abs() < 1e-15);
    assert_eq!(proxy.cells()[0].genes, resnet.cells()[0].genes);
    assert_eq!(OpBenchmarkConfig::default().ops.len(), 12);
    OpBenchmarkConfig::default().check().unwrap();
}

#[test]
fn what_makes_no_sense_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let proxy = residual_proxy(1).unwrap();
    let edge = Edge { from: 2, to: 3 };
    let absent = Edge { from: 1, to: 2 };
    let rows = [
        (OpBenchmarkConfig { ops: Vec::new(), ..config() }, "ops"),
        (OpBenchmarkConfig { ops: vec!["skip_connect".to_owned(); 2], ..config() }, "ops"),
        (OpBenchmarkConfig { ops: vec!["warp".to_owned()], ..config() }, "warp"),
        (OpBenchmarkConfig { positions: vec![edge, edge], ..config() }, "positions"),
        (OpBenchmarkConfig { positions: vec![absent], ..config() }, "1->2"),
        (OpBenchmarkConfig { runs: 0, ..config() }, "runs"),
    ];
    for (config, part) in rows {
        let error = run(&proxy, config, &folder, |_| false).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
    let two_cells = Genotype::published("DARTS_V2").unwrap();
    let error = run(&two_cells, config(), &folder, |_| false).unwrap_err().to_string();
    assert!(error.contains("proxy"), "{error}");
}
