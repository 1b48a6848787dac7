//! A whole search: resuming bit for bit, what an epoch reports.

use std::path::Path;

use approx::assert_relative_eq;
use dartloom_data::{Dataset, Parts, Split};
use dartloom_noise::Noise;
use dartloom_record::{Event, Flow, observer_fn};
use dartloom_search::testkit::small_search;
use dartloom_search::{BilevelConfig, Order, SearchConfig, SupernetSearch};
use dartloom_space::{Genotype, Space};
use dartloom_train::{Outcome, Position, Schedule, Session, Stepper, WeightStep, drive, testkit};

use crate::tiny::{darts, first_digits, registry, space, two_ops};

fn config(order: Order, epochs: usize) -> SearchConfig {
    let bilevel = BilevelConfig {
        order,
        rate: Schedule::Cosine { from: 0.05, to: 0.001 },
        arch_rate: Schedule::Constant(0.02),
        warm_up: 1,
        ..BilevelConfig::default()
    };
    SearchConfig { epochs, bilevel, flip: true, ..small_search() }
}

fn search<'a>(
    space: &'a Space,
    data: &'a Parts<'a>,
    config: SearchConfig,
    seed: u64,
) -> SupernetSearch<'a> {
    let registry = Box::leak(Box::new(registry()));
    let parts = darts(space, registry, data);
    SupernetSearch::new("search", parts, config, Noise::new(seed)).unwrap()
}

#[test]
fn a_search_keeps_the_contract_of_steppers() {
    let space = space(two_ops(), 1);
    let digits = first_digits(32);
    let data = Split::Halves.parts(&digits, 1).unwrap();
    for weight_step in [WeightStep::Sgd, WeightStep::Adam] {
        let mut config = config(Order::First, 3);
        config.bilevel.weight_step = weight_step;
        let make = || search(&space, &data, config.clone(), 5);
        testkit::check_stepper(&mut make(), &mut make()).unwrap();
    }
}

/// Searches in a checkpoint until `stop` says so; true when finished.
fn run(path: &Path, mut stop: impl FnMut(&Event) -> bool) -> bool {
    let space = space(two_ops(), 1);
    let digits = first_digits(48);
    let data = Split::Halves.parts(&digits, 1).unwrap();
    let mut search = search(&space, &data, config(Order::Second, 4), 5);
    let mut observer =
        observer_fn(|event| Ok(if stop(event) { Flow::Stop } else { Flow::Continue }));
    let mut session = Session::new(&mut observer).saved_at(path);
    drive(&mut search, &mut session).unwrap() == Outcome::Finished
}

#[test]
fn stopping_and_going_on_equals_never_stopping() {
    let directory = tempfile::tempdir().unwrap();
    let whole = directory.path().join("whole");
    assert!(run(&whole, |_| false));
    let expected = std::fs::read(&whole).unwrap();
    let halves = directory.path().join("halves");
    let second = |event: &Event| matches!(event, Event::EpochFinished { epoch: 1, .. });
    assert!(!run(&halves, second));
    assert!(run(&halves, |_| false));
    assert!(std::fs::read(&halves).unwrap() == expected, "k + k epochs");
    let middle = directory.path().join("middle");
    for (epoch, step) in [(0, 1), (2, 0), (3, 2)] {
        let here = move |event: &Event| matches!(event, Event::Step { epoch: e, step: s, .. } if (*e, *s) == (epoch, step));
        assert!(!run(&middle, here));
    }
    assert!(run(&middle, |_| false));
    assert!(std::fs::read(&middle).unwrap() == expected, "stops within epochs");
}

#[test]
fn seeds_give_different_searches_and_equal_seeds_equal_ones() {
    let space = space(two_ops(), 1);
    let digits = first_digits(32);
    let data = Split::Halves.parts(&digits, 1).unwrap();
    let losses = |seed| {
        let mut search = search(&space, &data, config(Order::First, 2), seed);
        (0..2)
            .map(|step| search.step(Position { epoch: 1, step }).unwrap())
            .map(|step| (step.loss.to_bits(), step.arch_loss.map(f64::to_bits)))
            .collect::<Vec<_>>()
    };
    assert_eq!(losses(1), losses(1));
    assert_ne!(losses(1), losses(2));
}

#[test]
fn an_epoch_reports_losses_entropies_and_the_architecture() {
    let space = space(two_ops(), 1);
    let digits = first_digits(32);
    let data = Split::Halves.parts(&digits, 1).unwrap();
    let mut search = search(&space, &data, config(Order::First, 2), 1);
    assert_eq!(search.steps_per_epoch(), 2);
    let step = |search: &mut SupernetSearch<'_>, epoch, step| {
        search.step(Position { epoch, step }).unwrap()
    };
    let losses = [step(&mut search, 0, 0), step(&mut search, 0, 1)];
    assert!(losses.iter().all(|step| step.arch_loss.is_none()), "warm-up");
    let report = search.end_epoch(0).unwrap();
    let mean = (losses[0].loss + losses[1].loss) / 2.0;
    assert_relative_eq!(report.metrics["train_loss"], mean, max_relative = 1e-12);
    assert!(!report.metrics.contains_key("arch_loss"));
    assert_relative_eq!(report.metrics["rate"], 0.05, max_relative = 1e-12);
    let names: Vec<_> = report.metrics.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "entropy_normal",
            "entropy_reduce",
            "parameter_free_operations",
            "rate",
            "train_loss",
            "valid_accuracy",
            "valid_loss"
        ]
    );
    // Logits start near zero: nothing is decided.
    assert!(report.metrics["entropy_normal"] > 0.999);
    let edges = &report.entropies["normal"].edges;
    assert_eq!(edges.len(), space.cells()[0].graph.edges().len());
    let mean = edges.iter().sum::<f64>() / edges.len() as f64;
    assert_relative_eq!(report.metrics["entropy_normal"], mean, max_relative = 1e-12);
    let weights = &report.weights.unwrap();
    let told = &weights.cells["normal"];
    for (edge, told) in space.cells()[0].graph.edges().iter().zip(told) {
        assert_eq!((edge.from, edge.to), (told.from, told.to));
        assert_relative_eq!(told.operations.iter().sum::<f64>(), 1.0, max_relative = 1e-5);
    }
    assert_eq!(told.len(), edges.len());
    let (genotype, _) = report.architecture.unwrap();
    let genotype: Genotype = serde_json::from_value(genotype).unwrap();
    let free = genotype.cells().iter().flat_map(|cell| &cell.genes);
    let free = free.filter(|gene| gene.op == "skip_connect").count();
    assert_relative_eq!(report.metrics["parameter_free_operations"], free as f64);
    assert_eq!(search.decode(0).unwrap().genotype, genotype);
    let losses = [step(&mut search, 1, 0), step(&mut search, 1, 1)];
    let report = search.end_epoch(1).unwrap();
    let mean = losses.iter().filter_map(|step| step.arch_loss).sum::<f64>() / 2.0;
    assert_relative_eq!(report.metrics["arch_loss"], mean, max_relative = 1e-12);
    let gap = search.gap(&genotype).unwrap();
    assert!(gap.relaxed_loss.is_finite() && gap.hard_loss.is_finite());
}

#[test]
fn the_cost_counts_every_pass_with_a_gradient() {
    let space = space(two_ops(), 1);
    let digits = first_digits(32);
    let data = Split::Halves.parts(&digits, 1).unwrap();
    // Two epochs of two steps of eight images, one epoch of warm-up, three units per pass.
    for (order, passes) in [(Order::First, 2 + 1), (Order::Second, 2 + 4)] {
        let search = search(&space, &data, config(order, 2), 1);
        let image = search.bilevel().core.supernet.cost().macs;
        assert_eq!(search.training_macs(), 3 * image * 8 * 2 * passes);
    }
}

#[test]
fn more_images_per_batch_than_there_are_are_refused() {
    let space = space(two_ops(), 1);
    let digits = first_digits(9);
    let data = Split::Halves.parts(&digits, 1).unwrap();
    let registry = registry();
    let parts = darts(&space, &registry, &data);
    let config = SearchConfig { batch: 64, ..config(Order::First, 2) };
    let error = SupernetSearch::new("search", parts, config, Noise::new(1)).unwrap_err();
    let images = data.train.len();
    let expected = format!(
        "batch: expected no more than the images that move weights, found 64 of {images} images"
    );
    assert_eq!(error.to_string(), expected);
}
