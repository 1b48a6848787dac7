//! The discretisation gap.

use approx::assert_relative_eq;
use candle_core::{Device, Tensor};
use dartloom_data::Loader;
use dartloom_net::{NetError, Supernet};
use dartloom_noise::Noise;
use dartloom_ops::Place;
use dartloom_search::{Judge, SearchError, discretisation_gap};
use dartloom_space::{ArchWeights, Blueprint, Gene, Genotype, Space};

use crate::tiny::{build, first_digits, registry, space, ten, two_ops};

fn genotype(space: &Space, ops: [&str; 2]) -> Genotype {
    let gene = |op: &str, from| Gene { op: op.to_owned(), from, to: 2 };
    let genes = vec![gene(ops[0], 0), gene(ops[1], 1)];
    space.genotype(space.cells().iter().map(|cell| cell.genotype(genes.clone())).collect()).unwrap()
}

fn supernet(space: &Space) -> Supernet {
    let plan = Blueprint::supernet(space, build(&first_digits(1), 2)).unwrap();
    let mut rng = Noise::new(1).stream("weights", 0);
    Supernet::new(&plan, &registry(), &Place::default(), &mut rng).unwrap()
}

fn tables(rows: [[f32; 2]; 2]) -> ArchWeights<Tensor> {
    ArchWeights::of_ops(vec![Tensor::new(&rows, &Device::Cpu).unwrap(); 2])
}

#[test]
fn weights_that_are_decided_already_lose_nothing() {
    let space = space(two_ops(), 1);
    let data = first_digits(20);
    let supernet = supernet(&space);
    let loader = Loader::new(&data, 8).unwrap();
    let genotype = genotype(&space, ["sep_conv_3x3", "skip_connect"]);
    let decided = tables([[0.0, 1.0], [1.0, 0.0]]);
    let judge = Judge { task: ten(), loader: &loader };
    let gap = discretisation_gap(&supernet, &space, &decided, &genotype, judge).unwrap();
    assert_eq!(gap.relaxed_loss.to_bits(), gap.hard_loss.to_bits());
    assert_eq!(gap.relaxed_scores, gap.hard_scores);
    assert!(gap.hard_scores.get("accuracy").is_some());
    assert_relative_eq!(gap.loss(), 0.0);
}

#[test]
fn the_gap_is_hard_minus_relaxed() {
    let space = space(two_ops(), 1);
    let data = first_digits(20);
    let supernet = supernet(&space);
    let loader = Loader::new(&data, 8).unwrap();
    let one = genotype(&space, ["sep_conv_3x3", "skip_connect"]);
    let other = genotype(&space, ["skip_connect", "skip_connect"]);
    let judge = Judge { task: ten(), loader: &loader };
    let mixed = tables([[0.5, 0.5], [0.5, 0.5]]);
    let measure = |weights: &ArchWeights<Tensor>, genotype: &Genotype| {
        discretisation_gap(&supernet, &space, weights, genotype, judge).unwrap()
    };
    let first = measure(&mixed, &one);
    let second = measure(&mixed, &other);
    assert_eq!(first.relaxed_loss.to_bits(), second.relaxed_loss.to_bits());
    assert_ne!(first.hard_loss.to_bits(), second.hard_loss.to_bits());
    assert_relative_eq!(first.loss(), first.hard_loss - first.relaxed_loss);
    assert!(first.loss().abs() > 1e-6);
    // What is lost one way is won the other way round.
    let decided = measure(&tables([[1.0, 0.0], [1.0, 0.0]]), &one);
    assert_relative_eq!(decided.relaxed_loss, second.hard_loss, max_relative = 1e-6);
    assert_relative_eq!(decided.hard_loss, first.hard_loss, max_relative = 1e-6);
}

#[test]
fn genotypes_and_weights_of_other_spaces_are_refused() {
    let two = space(two_ops(), 1);
    let data = first_digits(20);
    let supernet = supernet(&two);
    let loader = Loader::new(&data, 8).unwrap();
    let judge = Judge { task: ten(), loader: &loader };
    let weights = tables([[0.5, 0.5], [0.5, 0.5]]);
    let ops = registry().op_set("other", &["skip_connect", "max_pool_3x3"]).unwrap();
    let stranger = genotype(&space(ops, 1), ["max_pool_3x3", "skip_connect"]);
    let error = discretisation_gap(&supernet, &two, &weights, &stranger, judge).unwrap_err();
    assert!(matches!(error, SearchError::Space(_)), "{error}");
    let own = genotype(&two, ["skip_connect", "skip_connect"]);
    let alone = Genotype::new(dartloom_space::Layout::Space, own.cells()[..1].to_vec()).unwrap();
    let error = discretisation_gap(&supernet, &two, &weights, &alone, judge).unwrap_err();
    assert!(matches!(error, SearchError::Space(_)), "{error}");
    let mut short = weights;
    short.cells.truncate(1);
    let error = discretisation_gap(&supernet, &two, &short, &own, judge).unwrap_err();
    match error {
        SearchError::Net(error) => assert!(matches!(*error, NetError::Weights { cell: 1, .. })),
        other => panic!("{other}"),
    }
}
