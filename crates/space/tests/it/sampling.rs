//! Layouts, checked genotypes, random genotypes.

use dartloom_space::{
    CellGenotype, CellGraph, CellSpec, Chain, Edge, Gene, Layout, OpSet, OpSpec, Space, SpaceError,
    Stage, Stem, strategies,
};
use proptest::prelude::*;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

fn space() -> Space {
    Space::darts(OpSet::builtin("O_base").unwrap(), 8, 4, Stem::cifar(3)).unwrap()
}

fn rng(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

#[test]
fn the_layout_follows_from_the_network() {
    let ops = OpSet::builtin("S").unwrap();
    let stem = Stem::cifar(3);
    for layers in [1, 2, 3, 8, 20] {
        let darts = Space::darts(ops.clone(), layers, 2, stem.clone()).unwrap();
        assert_eq!(darts.layout(), Layout::TwoCells, "{layers}");
        let individual = Space::individual(ops.clone(), layers, 2, stem.clone()).unwrap();
        let reductions = individual.network().placements().iter().enumerate();
        let reductions = reductions.filter(|(_, p)| p.reduction).map(|(i, _)| i).collect();
        assert_eq!(individual.layout(), Layout::PerCell { reductions }, "{layers}");
    }
    let graph = CellGraph::darts(2).unwrap();
    let cells = |names: [&str; 2]| {
        names.map(|name| CellSpec { name: name.to_owned(), graph: graph.clone() }).to_vec()
    };
    let chain = |reductions: Vec<usize>| {
        let mut chain = Chain::two_cells(6, stem.clone());
        chain.reductions = reductions;
        chain.network().unwrap()
    };
    let other_names = Space::new("x", ops.clone(), cells(["a", "b"]), chain(vec![2, 4])).unwrap();
    assert_eq!(other_names.layout(), Layout::Space);
    let names = ["normal", "reduce"];
    let elsewhere = Space::new("x", ops, cells(names), chain(vec![2, 3])).unwrap();
    assert_eq!(elsewhere.layout(), Layout::Space);
}

#[test]
fn equal_seeds_give_equal_genotypes() {
    let space = space();
    assert_eq!(space.sample(2, &mut rng(7)), space.sample(2, &mut rng(7)));
    assert_ne!(space.sample(2, &mut rng(7)), space.sample(2, &mut rng(8)));
}

/// Every in-edge of node 5 is kept in 2 of 5 draws, every operation but `none` in 1 of 7.
#[test]
fn edges_and_operations_are_drawn_uniformly() {
    let space = space();
    let mut rng = rng(3);
    let draws = 4000;
    let mut edges = [0_i32; 5];
    let mut ops = [0_i32; 8];
    for _ in 0..draws {
        let genotype = space.sample(2, &mut rng);
        for gene in genotype.cells()[1].genes.iter().filter(|gene| gene.to == 5) {
            edges[gene.from] += 1;
            ops[space.op_set().position(&gene.op).unwrap()] += 1;
        }
    }
    // Five standard deviations of a binomial count.
    let near = |count: i32, trials: i32, chance: f64| {
        let mean = f64::from(trials) * chance;
        (f64::from(count) - mean).abs() < 5.0 * (mean * (1.0 - chance)).sqrt()
    };
    assert!(edges.iter().all(|&count| near(count, draws, 0.4)), "{edges:?}");
    assert_eq!(ops[0], 0);
    assert!(ops[1..].iter().all(|&count| near(count, 2 * draws, 1.0 / 7.0)), "{ops:?}");
}

#[test]
fn a_set_of_zeros_still_gives_a_genotype() {
    let zero = OpSet::new("zero", vec![OpSpec::new("none", [Stage::Zero])]).unwrap();
    let space = Space::darts(zero, 3, 2, Stem::cifar(1)).unwrap();
    let genotype = space.sample(2, &mut rng(0));
    assert!(genotype.cells().iter().flat_map(|cell| &cell.genes).all(|gene| gene.op == "none"));
}

proptest! {
    #[test]
    fn a_sample_is_a_genotype_of_its_space(
        space in strategies::space(),
        top in 0_usize..5,
        seed: u64,
    ) {
        let genotype = space.sample(top, &mut rng(seed));
        for (spec, cell) in space.cells().iter().zip(genotype.cells()) {
            for node in spec.graph.own_nodes() {
                let genes: Vec<&Gene> = cell.genes.iter().filter(|gene| gene.to == node).collect();
                let edges = spec.graph.rows_into(node).count();
                prop_assert_eq!(genes.len(), top.max(1).min(edges));
                prop_assert!(genes.windows(2).all(|pair| pair[0].from < pair[1].from));
            }
        }
        let choices: Vec<_> = space.network().choices().collect();
        prop_assert_eq!(genotype.links().ports.len(), choices.len());
        for (own, choice) in genotype.links().ports.iter().zip(choices) {
            prop_assert_eq!((own.placement, own.port), (choice.port.placement, choice.port.port));
            prop_assert!(!own.kept.is_empty() && own.kept.iter().all(|&link| link < choice.links));
        }
        prop_assert_eq!(space.admit(&genotype), Ok(()));
        let cells = space.genotype(genotype.cells().to_vec()).unwrap();
        prop_assert_eq!(cells.with_links(genotype.links().clone()), Ok(genotype));
    }
}

fn cells(genes: Vec<Gene>) -> Vec<CellGenotype> {
    space().cells().iter().map(|spec| spec.genotype(genes.clone())).collect()
}

fn gene(op: &str, from: usize, to: usize) -> Gene {
    Gene { op: op.to_owned(), from, to }
}

#[test]
fn genotypes_are_checked_against_the_space() {
    let space = space();
    let good = space.genotype(cells(vec![gene("skip_connect", 0, 2)])).unwrap();
    assert_eq!(*good.layout(), Layout::TwoCells);
    // Nodes without genes are no part of the output.
    assert_eq!(good.cells()[0].concat, [2]);
    let twice = vec![gene("skip_connect", 0, 2), gene("none", 0, 2)];
    assert!(space.genotype(cells(twice)).is_ok());

    let edge = space.genotype(cells(vec![gene("skip_connect", 0, 2), gene("none", 0, 6)]));
    assert!(
        matches!(&edge, Err(SpaceError::UnknownEdge { cell, index: 1, .. }) if cell == "normal"),
        "{edge:?}"
    );
    let op = space.genotype(cells(vec![gene("conv_9x9", 0, 2)]));
    assert!(op.unwrap_err().to_string().starts_with("cell `normal`, gene 0: unknown operation"));
    let few = space.genotype(cells(vec![gene("none", 0, 2)])[..1].to_vec());
    assert!(matches!(few, Err(SpaceError::Mismatch { .. })));
    let mut other = cells(vec![gene("none", 0, 2)]);
    other[1].name = "reduction".to_owned();
    assert!(matches!(space.genotype(other), Err(SpaceError::Mismatch { .. })));
    assert!(matches!(space.genotype(cells(vec![])), Err(SpaceError::EmptyCell { .. })));
    assert_eq!(space.cells()[0].graph.row(Edge { from: 0, to: 6 }), None);
}
