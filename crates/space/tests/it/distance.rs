//! Distances of architectures: published figures, and laws.

use std::collections::BTreeSet;

use approx::assert_relative_eq;
use dartloom_space::distance::{
    EdgeSet, Frame, OpScores, Pairing, PathEdit, PositionDistance, Scale, SetDistance,
};
use dartloom_space::{CellGenotype, Gene, Genotype, Layout, OpSet, Space, SpaceError, Stem};
use proptest::prelude::*;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

fn published(name: &str) -> Genotype {
    Genotype::published(name).unwrap()
}

fn official(scores: OpScores, a: &str, b: &str) -> f64 {
    let distance = SetDistance::official(scores);
    distance.genotypes(&published(a), &published(b)).unwrap().mean()
}

/// The one figure of the paper's table of distances that follows from what was released with it.
#[test]
fn resnets_are_as_far_apart_as_published() {
    let means = official(OpScores::means(), "ResNet18", "ResNet50");
    assert_relative_eq!(means, 0.0836, epsilon = 5e-5);
    assert_relative_eq!(means, 0.084, epsilon = 5e-4);
    let medians = official(OpScores::medians(), "ResNet18", "ResNet50");
    assert_relative_eq!(medians, 0.0835, epsilon = 5e-5);
    // On the paper's own scale, which divides by the number of operations.
    let paper = SetDistance::paper(OpScores::means());
    let mean = paper.genotypes(&published("ResNet18"), &published("ResNet50")).unwrap().mean();
    assert_relative_eq!(mean, 6.91, epsilon = 5e-3);
    assert_relative_eq!(mean, means * OpScores::means().sum() / 12.0, epsilon = 1e-12);
}

const SPARSE: [&str; 2] =
    ["ResNet50_cifar10_threshold_sparse_0.85", "ResNet50_cifar100_threshold_sparse_0.85"];

/// A counterexample: the paper's distance is 0 for some architectures that differ.
#[test]
fn different_published_cells_are_at_distance_0_by_sets_but_not_by_position() {
    let first_cells = SPARSE.map(|name| {
        let cell = published(name).cells()[0].clone();
        Genotype::new(Layout::PerCell { reductions: Vec::new() }, vec![cell]).unwrap()
    });
    let [a, b] = &first_cells;
    let genes = |genotype: &Genotype| -> BTreeSet<(usize, usize, String)> {
        let genes = genotype.cells()[0].genes.iter();
        genes.map(|gene| (gene.from, gene.to, gene.op.clone())).collect()
    };
    assert_ne!(genes(a), genes(b));
    assert_eq!([genes(a).len(), genes(b).len()], [12, 12]);

    let by_sets = SetDistance::official(OpScores::means()).genotypes(a, b).unwrap();
    assert!(by_sets.mean().abs() < 1e-15);
    let by_position = PositionDistance::new(Frame::of_genotype(a), OpScores::means());
    // Six nodes have 27 edges.
    let scores = OpScores::means();
    let left = genes(a);
    let right = genes(b);
    let differing = left.symmetric_difference(&right).map(|(_, _, op)| scores.get(op).unwrap());
    let share = differing.sum::<f64>() / (27.0 * scores.sum());
    assert!(share > 1.0 / 27.0 / 12.0);
    assert_relative_eq!(by_position.genotypes(a, b).unwrap(), share, epsilon = 1e-12);
}

/// A cell of one input pair and two own nodes with one operation per edge, by hand.
#[test]
fn distances_agree_with_hand_computation() {
    let scores = OpScores::from_json(r#"{"a": 1, "b": 2, "c": 5}"#).unwrap();
    let set = |edges: &[&[&str]]| -> EdgeSet {
        edges.iter().map(|ops| ops.iter().map(|op| (*op).to_owned()).collect()).collect()
    };
    let x = set(&[&["a"], &["b", "c"]]);
    let y = set(&[&["a"], &["a", "b"], &[]]);
    let by = |scale| SetDistance { scale, ..SetDistance::paper(scores.clone()) };
    let found = by(Scale::Share).cells(&x, &y).unwrap();
    // {b, c} is 5 + 1 from {a, b}, 2 + 5 from nothing, 8 from {a}; of y, {a, b} is 2 from {a},
    // nothing 1 from {a}.
    assert_relative_eq!(found.forward, 6.0 / 8.0, epsilon = 1e-15);
    assert_relative_eq!(found.backward, 2.0 / 8.0, epsilon = 1e-15);
    assert_relative_eq!(found.symmetric(), 6.0 / 8.0, epsilon = 1e-15);
    let found = by(Scale::Mean).cells(&x, &y).unwrap();
    assert_relative_eq!(found.forward, 6.0 / 3.0, epsilon = 1e-15);

    // Two cells of two edges each: 4 edges of weight 8.
    let a = chain(&[&[("a", 0, 2)], &[("b", 0, 2), ("c", 0, 2)]], &[]);
    let b = chain(&[&[("a", 1, 2)], &[("c", 0, 2)]], &[]);
    let by_position = PositionDistance::new(Frame::of_genotype(&a), scores);
    let expected = (1.0 + 1.0 + 2.0) / (4.0 * 8.0);
    assert_relative_eq!(by_position.genotypes(&a, &b).unwrap(), expected, epsilon = 1e-15);
}

fn chain(cells: &[&[(&str, usize, usize)]], reductions: &[usize]) -> Genotype {
    let cells = cells.iter().enumerate().map(|(index, genes)| {
        let gene = |&(op, from, to): &(&str, usize, usize)| Gene { op: op.to_owned(), from, to };
        let genes: Vec<Gene> = genes.iter().map(gene).collect();
        let concat = vec![genes.iter().map(|gene| gene.to).max().unwrap()];
        CellGenotype { name: format!("cell_{index}"), inputs: 2, genes, concat, residual: false }
    });
    Genotype::new(Layout::PerCell { reductions: reductions.to_vec() }, cells.collect()).unwrap()
}

#[test]
fn chains_of_different_length_are_refused_or_cut() {
    let short = published("ResNet18");
    let long = published("Xception");
    let by = |pairing| SetDistance { pairing, ..SetDistance::official(OpScores::means()) };
    let refused = by(Pairing::Positions).genotypes(&short, &long).unwrap_err();
    let SpaceError::Mismatch { expected, found, .. } = &refused else { panic!("{refused}") };
    assert!(expected.starts_with('4') && found == "13", "{refused}");
    // Xception has three distinct cells, ResNet-18 one.
    let cut = by(Pairing::Shorter).genotypes(&short, &long).unwrap();
    assert_eq!((cut.cells.len(), cut.left_out), (4, 9));
    let listed = by(Pairing::Listed).genotypes(&short, &long).unwrap();
    assert_eq!((listed.cells.len(), listed.left_out), (1, 2));
}

#[test]
fn two_cells_stand_where_they_stand_in_a_chain() {
    let darts = published("DARTS_V2");
    let chain = Genotype::new(
        Layout::PerCell { reductions: vec![2, 5] },
        (0..8).map(|i| darts.cells()[usize::from(i == 2 || i == 5)].clone()).collect(),
    );
    let distance = SetDistance::paper(OpScores::means());
    let found = distance.genotypes(&darts, &chain.unwrap()).unwrap();
    assert_eq!(found.cells.len(), 8);
    assert!(found.mean().abs() < 1e-15);
    let other = distance.genotypes(&darts, &published("PC_DARTS_cifar")).unwrap();
    assert_eq!(other.cells.len(), 2);
    assert!(other.mean() > 0.0);
}

#[test]
fn what_cannot_be_compared_says_why() {
    let means = OpScores::means;
    let set = SetDistance::paper(means());
    let unknown = chain(&[&[("attention", 0, 2)]], &[]);
    let error = set.genotypes(&unknown, &unknown).unwrap_err().to_string();
    assert!(error.contains("cell 0") && error.contains("attention"), "{error}");

    let of = |genotype: &Genotype| PositionDistance::new(Frame::of_genotype(genotype), means());
    assert!(matches!(
        of(&unknown).genotypes(&unknown, &unknown),
        Err(SpaceError::NoScore { op, .. }) if op == "attention"
    ));
    let a = chain(&[&[("skip_connect", 0, 2)]], &[]);
    let deeper = chain(&[&[("skip_connect", 0, 3)]], &[]);
    assert!(matches!(of(&a).genotypes(&a, &deeper), Err(SpaceError::UnknownEdge { .. })));
    let strided = chain(&[&[("skip_connect", 0, 2)]], &[0]);
    assert!(matches!(of(&a).genotypes(&a, &strided), Err(SpaceError::Mismatch { .. })));

    let unet = Space::unet(OpSet::builtin("S_o").unwrap(), 1, 1, Stem::cifar(1)).unwrap();
    let inside = unet.sample(1, &mut ChaCha8Rng::seed_from_u64(0));
    let error = set.genotypes(&a, &inside).unwrap_err().to_string();
    assert!(error.contains("a chain") && error.contains("a space of its own"), "{error}");
}

#[test]
fn a_repeated_cell_counts_wherever_it_stands() {
    let resnet = published("ResNet18");
    let Layout::Sequence { sequence, reductions } = resnet.layout() else { panic!() };
    let cells = sequence.iter().map(|&cell| resnet.cells()[cell].clone()).collect();
    let unrolled = Layout::PerCell { reductions: reductions.clone() };
    let unrolled = Genotype::new(unrolled, cells).unwrap();
    let frame = Frame::of_genotype(&resnet);
    assert_eq!((frame.cells(), frame.edges()), (4, 4 * 14));
    assert_eq!(frame, Frame::of_genotype(&unrolled));
    let by_position = PositionDistance::new(frame, OpScores::means());
    assert!(by_position.genotypes(&resnet, &unrolled).unwrap().abs() < 1e-15);
}

/// A space of two cells of three nodes, operations of `S_o`.
fn space() -> Space {
    Space::individual(OpSet::builtin("S_o").unwrap(), 2, 3, Stem::cifar(1)).unwrap()
}

/// Any genotype of the space: any operations on any edges, few enough for collisions.
fn any_genotype() -> impl Strategy<Value = Genotype> {
    let space = space();
    let edges = space.cells()[0].graph.edges().len();
    let cell = prop::collection::btree_set((0..edges, 0..3_usize), 1..8);
    prop::collection::vec(cell, 2).prop_filter_map("a valid genotype", move |cells| {
        let ops: Vec<String> = space.op_set().names().map(str::to_owned).collect();
        let cells = space.cells().iter().zip(cells).map(|(spec, genes)| {
            let gene = |(row, op): (usize, usize)| {
                let edge = spec.graph.edges()[row];
                Gene { op: ops[op].clone(), from: edge.from, to: edge.to }
            };
            spec.genotype(genes.into_iter().map(gene).collect())
        });
        space.genotype(cells.collect()).ok()
    })
}

proptest! {
    #[test]
    fn the_distance_by_position_is_a_metric(
        a in any_genotype(), b in any_genotype(), c in any_genotype(),
    ) {
        let distance = PositionDistance::new(Frame::of_space(&space()), OpScores::medians());
        let d = |a: &Genotype, b: &Genotype| distance.genotypes(a, b).unwrap();
        prop_assert_eq!(d(&a, &b).abs() < 1e-15, a.cells() == b.cells());
        prop_assert!(d(&a, &a).abs() < 1e-15);
        prop_assert_eq!(d(&a, &b).to_bits(), d(&b, &a).to_bits());
        // One part in 1e12 for sums in another order.
        prop_assert!(d(&a, &c) <= d(&a, &b) + d(&b, &c) + 1e-12);
        prop_assert!((0.0..=1.0).contains(&d(&a, &b)));
    }

    /// Of the laws of a metric, the paper's distance keeps these.
    #[test]
    fn the_distance_of_sets_is_symmetric_and_keeps_the_triangle_inequality(
        a in any_genotype(), b in any_genotype(), c in any_genotype(),
    ) {
        let distance = SetDistance::paper(OpScores::means());
        let d = |a: &Genotype, b: &Genotype| distance.genotypes(a, b).unwrap().mean();
        prop_assert!(d(&a, &a).abs() < 1e-15);
        prop_assert_eq!(d(&a, &b).to_bits(), d(&b, &a).to_bits());
        prop_assert!(d(&a, &c) <= d(&a, &b) + d(&b, &c) + 1e-12);
    }
}

/// The bound of 1 is reached by nothing against everything, as far as a genotype can be nothing.
#[test]
fn everything_against_almost_nothing_is_almost_1() {
    let space = space();
    let all = space.cells().iter().map(|spec| {
        let ops = || space.op_set().names().map(str::to_owned);
        let genes = spec.graph.edges().iter();
        let genes = genes.flat_map(|e| ops().map(|op| Gene { op, from: e.from, to: e.to }));
        spec.genotype(genes.collect())
    });
    let all = space.genotype(all.collect()).unwrap();
    let little = space
        .cells()
        .iter()
        .map(|spec| spec.genotype(vec![Gene { op: "skip_connect".to_owned(), from: 0, to: 2 }]));
    let little = space.genotype(little.collect()).unwrap();
    let scores = OpScores::means();
    let edges = 9.0;
    let skip = scores.get("skip_connect").unwrap() / scores.sum();
    let distance = PositionDistance::new(Frame::of_space(&space), scores);
    let found = distance.genotypes(&all, &little).unwrap();
    assert_relative_eq!(found, 1.0 - skip / edges, epsilon = 1e-12);
}

fn by_paths(relative: bool, a: &CellGenotype, b: &CellGenotype) -> Option<f64> {
    PathEdit { scores: OpScores::means(), relative }.cells(a, b).unwrap()
}

/// Figures of the released `graph_distance.py`; a cell is not at 0 from itself.
#[test]
fn cells_compare_by_paths_as_the_released_code_has_it() {
    let small = published("ResNet18");
    let large = published("ResNet50");
    let cell = &small.cells()[0];
    assert_relative_eq!(by_paths(false, cell, cell).unwrap(), 0.041_958_041_958_041_98);
    assert_relative_eq!(by_paths(true, cell, cell).unwrap(), 0.0);
    let found = by_paths(false, cell, &large.cells()[2]).unwrap();
    assert_relative_eq!(found, 0.134_421_134_421_134_46, epsilon = 1e-12);
    // The released code recurses without end here.
    let a = published("D-DARTS_threshold_sparse_abl0.5_fair7_cifar100_0.85_50");
    let b = published("ResNet50_cifar100_threshold_sparse_0.85");
    let a = &a.cells()[0];
    let b = &b.cells()[3];
    assert!(by_paths(false, a, b).is_none() || by_paths(true, a, b).is_none());
}

#[test]
fn paths_that_cannot_be_compared_say_why() {
    let edit = PathEdit { scores: OpScores::means(), relative: false };
    let gene = |op: &str, from: usize, to: usize| Gene { op: op.to_owned(), from, to };
    let cell = |genes: Vec<Gene>| CellGenotype {
        name: "cell".to_owned(),
        inputs: 2,
        genes,
        concat: vec![2],
        residual: false,
    };
    let one = cell(vec![gene("skip_connect", 0, 2)]);
    let unknown = cell(vec![gene("mystery", 0, 2)]);
    assert!(matches!(edit.cells(&one, &unknown), Err(SpaceError::NoScore { .. })));
    let back = cell(vec![gene("skip_connect", 3, 2)]);
    assert!(matches!(edit.cells(&one, &back), Err(SpaceError::Gene { .. })));
    // Twice as many paths with every node.
    let all = (2..12).flat_map(|to| (0..to).map(move |from| (from, to)));
    let dense = cell(all.map(|(from, to)| gene("skip_connect", from, to)).collect());
    let Err(SpaceError::Range { most: 256, found: 1024, .. }) = edit.cells(&dense, &one) else {
        panic!("too many paths must be refused");
    };
    // A cell of nothing leads from nowhere to nowhere.
    assert_eq!(edit.cells(&cell(Vec::new()), &one).unwrap(), None);
}
