//! Searches that remove candidates and end in a network.

use std::path::Path;

use candle_core::{DType, Tensor};
use dartloom_data::{Loader, Parts, Split};
use dartloom_noise::Noise;
use dartloom_ops::{Mode, Model, Pass, Registry};
use dartloom_record::{Event, Flow, observer_fn};
use dartloom_relax::{Relaxation, Softmax, Sparsemax};
use dartloom_search::testkit::small_search;
use dartloom_search::{
    BilevelConfig, CandidateId, Choices, Kept, PruneConfig, SearchConfig, SearchError, SearchParts,
    SupernetSearch,
};
use dartloom_space::{Build, Genotype, Space};
use dartloom_train::{Outcome, Position, Schedule, Session, Stepper, drive, testkit};

use crate::tiny::{build, darts, first_digits, four_ops, registry, space};

const PRUNE: PruneConfig = PruneConfig { threshold: 0.24, patience: 1, edges: 2, finish_at: 3 };

fn config() -> SearchConfig {
    let bilevel = BilevelConfig {
        rate: Schedule::Constant(0.05),
        arch_rate: Schedule::Constant(0.1),
        ..BilevelConfig::default()
    };
    let prune = Some(PRUNE);
    SearchConfig { epochs: 4, bilevel, prune, ..small_search() }
}

fn parts<'a>(
    (space, registry): (&'a Space, &'a Registry),
    data: &'a Parts<'a>,
    relaxation: impl Relaxation + 'static,
) -> SearchParts<'a> {
    let choices = Choices::of(relaxation);
    SearchParts { choices, build: build(&data.train, 4), ..darts(space, registry, data) }
}

fn sorted(genotype: &Genotype) -> Vec<Vec<(usize, usize, String)>> {
    let cells = genotype.cells().iter().map(|cell| {
        let mut genes: Vec<_> =
            cell.genes.iter().map(|gene| (gene.to, gene.from, gene.op.clone())).collect();
        genes.sort();
        genes
    });
    cells.collect()
}

fn run(
    search: &mut SupernetSearch<'_>,
    path: Option<&Path>,
    stop: impl Fn(&Event) -> bool,
) -> bool {
    let mut observer =
        observer_fn(|event| Ok(if stop(event) { Flow::Stop } else { Flow::Continue }));
    let mut session = Session::new(&mut observer);
    if let Some(path) = path {
        session = session.saved_at(path);
    }
    drive(search, &mut session).unwrap() == Outcome::Finished
}

#[test]
fn a_pruned_search_keeps_the_contract_of_steppers() {
    let space = space(four_ops(), 2);
    let registry = registry();
    let digits = first_digits(48);
    let data = Split::Halves.parts(&digits, 1).unwrap();
    let make = || {
        let parts = parts((&space, &registry), &data, Sparsemax);
        SupernetSearch::new("search", parts, config(), Noise::new(5)).unwrap()
    };
    testkit::check_stepper(&mut make(), &mut make()).unwrap();
}

#[test]
fn stopping_before_and_after_the_decision_equals_never_stopping() {
    let directory = tempfile::tempdir().unwrap();
    let space = space(four_ops(), 2);
    let registry = registry();
    let digits = first_digits(48);
    let data = Split::Halves.parts(&digits, 1).unwrap();
    let go = |path: &Path, stop: &dyn Fn(&Event) -> bool| {
        let parts = parts((&space, &registry), &data, Softmax::default());
        let mut search = SupernetSearch::new("search", parts, config(), Noise::new(5)).unwrap();
        run(&mut search, Some(path), stop)
    };
    let whole = directory.path().join("whole");
    assert!(go(&whole, &|_| false));
    let parted = directory.path().join("parted");
    for (epoch, step) in [(1, 1), (2, 0), (3, 1)] {
        let here = move |event: &Event| matches!(event, Event::Step { epoch: e, step: s, .. } if (*e, *s) == (epoch, step));
        assert!(!go(&parted, &here));
    }
    assert!(go(&parted, &|_| false));
    assert!(std::fs::read(&whole).unwrap() == std::fs::read(&parted).unwrap());
}

/// One epoch of a search: what it reports.
fn epoch(search: &mut SupernetSearch<'_>, epoch: usize) -> [Option<f64>; 3] {
    for step in 0..search.steps_per_epoch() {
        search.step(Position { epoch, step }).unwrap();
    }
    let metrics = search.end_epoch(epoch).unwrap().metrics;
    ["candidates_normal", "candidates_reduce", "arch_loss"].map(|name| metrics.get(name).copied())
}

/// Running statistics of the operations on edges: those that are left, and those that are gone.
fn statistics(search: &SupernetSearch<'_>, space: &Space) -> [Vec<(String, Vec<f32>)>; 2] {
    let kept = search.bilevel().core.architecture.kept().unwrap();
    let ops: Vec<&str> = space.op_set().names().collect();
    let mut found = [Vec::new(), Vec::new()];
    for (name, tensor) in search.bilevel().core.supernet.variables().buffers() {
        let parts: Vec<&str> = name.split('.').collect();
        let ["cells", placed, "edges", row, op, ..] = parts[..] else { continue };
        // A pooling of the same value is computed once for all edges that have it.
        if op == "max_pool_3x3" {
            continue;
        }
        let placement =
            space.network().placements()[placed.parse::<usize>().unwrap()].cell.unwrap();
        let op = ops.iter().position(|name| *name == op).unwrap();
        let gone = !kept.has(CandidateId { cell: placement, row: row.parse().unwrap(), op });
        let values = tensor.flatten_all().unwrap().to_vec1().unwrap();
        found[usize::from(gone)].push((name.clone(), values));
    }
    found
}

#[test]
fn a_pruned_search_ends_in_a_network_that_needs_no_retraining() {
    let space = space(four_ops(), 2);
    let registry = registry();
    let digits = first_digits(64);
    let data = Split::Halves.parts(&digits, 1).unwrap();
    let parts = parts((&space, &registry), &data, Softmax::default());
    let mut search = SupernetSearch::new("search", parts, config(), Noise::new(5)).unwrap();
    let all = 5.0 * 4.0;
    let mut last = [all; 2];
    for index in 0..3 {
        let [normal, reduce, loss] = epoch(&mut search, index);
        let left = [normal.unwrap(), reduce.unwrap()];
        assert!(left.iter().zip(&last).all(|(now, before)| now <= before), "{left:?} {last:?}");
        assert!(loss.is_some());
        if index == 1 {
            assert!(left.iter().sum::<f64>() < 2.0 * all, "nothing is low: {left:?}");
        }
        last = left;
    }
    // Two edges into each of two nodes.
    approx::assert_relative_eq!(last[..], [4.0; 2]);
    let kept: Kept = search.bilevel().core.architecture.kept().unwrap().clone();
    let logits = search.bilevel().core.architecture.snapshot().unwrap();
    let [left, gone] = statistics(&search, &space);
    assert!(!left.is_empty() && !gone.is_empty());
    assert_eq!(epoch(&mut search, 3), [Some(4.0), Some(4.0), None], "logits rest");
    let bits =
        |tensors: &std::collections::BTreeMap<String, Tensor>| crate::tiny::bits(tensors.values());
    assert_eq!(bits(&logits), bits(&search.bilevel().core.architecture.snapshot().unwrap()));
    let after = statistics(&search, &space);
    assert!(after[1] == gone, "what is gone is not computed");
    assert!(after[0].iter().zip(&left).all(|(after, before)| after != before));

    let genotype = search.decode(4).unwrap().genotype;
    assert_eq!(sorted(&genotype), sorted(&kept.genotype(&space).unwrap()));
    assert!(search.gap(&genotype).unwrap().loss().abs() <= 0.0, "nothing is left to lose");
    let network = search.network(&genotype).unwrap();
    let batch = Loader::new(&data.valid, 16).unwrap().batch(0, 0).unwrap();
    let at = dartloom_relax::Progress { epoch: 4, epochs: 4 };
    let mut noise = Noise::new(0).stream("pass", 0);
    for mode in [Mode::eval(), Mode::probe(), Mode::train(), Mode::eval()] {
        let expected = search.bilevel().core.forward(at, &batch.inputs, mode).unwrap();
        let found = network.forward(&batch.inputs, &mut Pass::new(mode, &mut noise)).unwrap().main;
        let largest = |x: &Tensor| {
            let x = x.abs().unwrap().max_all().unwrap().to_dtype(DType::F64).unwrap();
            x.to_scalar::<f64>().unwrap()
        };
        let off = largest(&(&found - &expected).unwrap());
        let size = largest(&expected);
        assert!(off < 1e-5 * size && size > 0.1, "{mode:?}: {off} of {size}");
    }
}

#[test]
fn what_would_be_no_network_is_refused() {
    let space = space(four_ops(), 1);
    let registry = registry();
    let digits = first_digits(32);
    let data = Split::Halves.parts(&digits, 1).unwrap();
    let plain = || parts((&space, &registry), &data, Softmax::default());
    let weighed = plain().choices.with_edges(Softmax::default());
    let partial = Build { partial: 2, ..plain().build };
    for parts in
        [SearchParts { choices: weighed, ..plain() }, SearchParts { build: partial, ..plain() }]
    {
        let error = SupernetSearch::new("search", parts, config(), Noise::new(5)).unwrap_err();
        assert!(
            matches!(&error, SearchError::Config(refused) if refused.what == "prune"),
            "{error}"
        );
    }
    let prune = Some(PruneConfig { finish_at: 9, ..PRUNE });
    let late = SearchConfig { prune, ..config() };
    let error = SupernetSearch::new("search", plain(), late, Noise::new(5)).unwrap_err();
    assert!(error.to_string().starts_with("prune.finish_at: expected"), "{error}");
}
