//! Sizes of search spaces.

use dartloom_space::{BigUint, CellGraph, OpSet, Space, SpaceError, SpaceSize, Stem, darts_size};
use proptest::prelude::*;

/// `K N cells size log10`: D-DARTS' eq. 6, computed with whole numbers.
const ROWS: &str = include_str!("fixtures/sizes.txt");

#[test]
fn sizes_agree_with_the_formula_of_the_paper() {
    let mut rows = 0;
    for row in ROWS.lines() {
        let fields: Vec<&str> = row.split_whitespace().collect();
        let number = |index: usize| -> usize { fields[index].parse().unwrap() };
        let size = darts_size(number(0), number(1), number(2)).unwrap();
        assert_eq!(size.exact.to_string(), fields[3], "{row}");
        approx::assert_abs_diff_eq!(size.log10, fields[4].parse::<f64>().unwrap(), epsilon = 1e-9);
        rows += 1;
    }
    assert_eq!(rows, 49);
}

fn ops(name: &str) -> OpSet {
    OpSet::builtin(name).unwrap()
}

#[test]
fn spaces_have_the_sizes_their_papers_state() {
    let darts = Space::darts(ops("S"), 8, 4, Stem::cifar(3)).unwrap();
    assert_eq!(darts.size(2), darts_size(7, 4, 2).unwrap());
    // `none` is never chosen.
    assert_eq!(Space::darts(ops("O_base"), 8, 4, Stem::cifar(3)).unwrap().size(2), darts.size(2));
    let individual = Space::individual(ops("S"), 8, 4, Stem::cifar(3)).unwrap();
    assert_eq!(individual.size(2), darts_size(7, 4, 8).unwrap());
    assert_eq!(darts_size(7, 4, 1).unwrap().exact, BigUint::from(1_037_664_180_u64));
    assert_eq!(darts_size(8, 4, 1).unwrap().exact, BigUint::from(3_019_898_880_u64));
    assert_eq!(darts_size(12, 4, 1).unwrap().exact, BigUint::from(77_396_705_280_u64));
}

#[test]
fn any_subset_on_every_edge() {
    let size = SpaceSize::subsets(7, 14).unwrap();
    assert_eq!(size.exact, BigUint::from(128_u32).pow(14));
    approx::assert_abs_diff_eq!(size.log10, 14.0 * 128_f64.log10(), epsilon = 1e-9);
    assert!(matches!(SpaceSize::subsets(usize::MAX, 2), Err(SpaceError::Range { .. })));
}

#[test]
fn links_multiply_the_size() {
    let space = Space::auto_deeplab(ops("S"), 3, 5, Stem::imagenet_quarter()).unwrap();
    let cell = CellGraph::darts(5).unwrap().size(7, 2);
    // Layer 1: two of two, one of one; layer 2: two, three, two, one.
    let links: usize = space.network().choices().map(|choice| choice.links).product();
    assert_eq!(space.size(2).exact, cell * BigUint::from(links));
    assert_eq!(links, 2 * 2 * 2 * 3 * 2);
}

/// Counts the ways one by one.
fn slow(graph: &CellGraph, ops: u64, top: usize) -> u64 {
    graph.own_nodes().fold(1, |product, node| {
        let edges = graph.rows_into(node).count();
        let kept = top.min(edges) as u32;
        let subsets = (0_u32..1 << edges).filter(|set| set.count_ones() == kept).count() as u64;
        product * subsets * ops.pow(kept)
    })
}

proptest! {
    #[test]
    fn a_cell_has_as_many_choices_as_one_can_count(
        graph in dartloom_space::strategies::cell_graph(),
        ops in 0_u64..6,
        top in 0_usize..4,
    ) {
        let counted = BigUint::from(slow(&graph, ops, top));
        prop_assert_eq!(graph.size(ops as usize, top), counted);
    }
}
