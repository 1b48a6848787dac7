//! Ranges compared with every candidate of small spaces.

use dartloom_ops::{Execution, Recompute};
use dartloom_space::{CellGraph, CellSpec, Chain, Genotype, OpSet, Shape, Stem, nasbench201};

use super::*;
use crate::memory::predict;

/// All choices of one cell.
fn cells(spec: &CellSpec, draws: Draws, ops: &[&str]) -> Vec<Vec<Gene>> {
    let mut found = vec![Vec::new()];
    for node in spec.graph.own_nodes() {
        let rows: Vec<usize> = spec.graph.rows_into(node).collect();
        let subsets = (0_usize..1 << rows.len())
            .filter(|subset| subset.count_ones() as usize == draws.kept(rows.len()));
        let mut node_choices = Vec::new();
        for subset in subsets {
            let mut choices = vec![Vec::new()];
            for (place, &row) in rows.iter().enumerate() {
                if subset >> place & 1 == 1 {
                    let edge = spec.graph.edges()[row];
                    let with = |(genes, op): (&Vec<Gene>, &&str)| {
                        let gene = Gene { op: (*op).to_owned(), from: edge.from, to: edge.to };
                        [&genes[..], &[gene]].concat()
                    };
                    let pairs =
                        choices.iter().flat_map(|genes| ops.iter().map(move |op| (genes, op)));
                    choices = pairs.map(with).collect();
                }
            }
            node_choices.extend(choices);
        }
        let pairs = found.iter().flat_map(|a| node_choices.iter().map(move |b| (a, b)));
        found = pairs.map(|(a, b)| [&a[..], &b[..]].concat()).collect();
    }
    found
}

fn genotypes(space: &Space, draws: Draws) -> Vec<Genotype> {
    let ops = draws.ops(space);
    let mut all = vec![Vec::new()];
    for spec in space.cells() {
        let own = cells(spec, draws, &ops);
        let pairs = all.iter().flat_map(|a: &Vec<_>| own.iter().map(move |b| (a, b)));
        all = pairs.map(|(a, b)| [&a[..], &[spec.genotype(b.clone())]].concat()).collect();
    }
    all.into_iter().map(|cells| space.genotype(cells).unwrap()).collect()
}

/// Least, mean and most.
fn range_of(values: &[u64]) -> Range {
    let mean = values.iter().map(|&value| value as f64).sum::<f64>() / values.len() as f64;
    Range { least: *values.iter().min().unwrap(), mean, most: *values.iter().max().unwrap() }
}

fn same(found: Range, expected: Range) {
    assert_eq!((found.least, found.most), (expected.least, expected.most));
    assert!((found.mean / expected.mean - 1.0).abs() < 1e-12, "{found:?} {expected:?}");
}

/// Compares the ranges with all candidates and returns their number.
fn check(space: &Space, draws: Draws, work: &Workload) -> usize {
    let build = Build::new(4, 5, Shape::new(3, 8, 8));
    let registry = Registry::standard().unwrap();
    let found = ranges(space, build, &registry, draws, work).unwrap();
    let all = genotypes(space, draws);
    let plans = all.iter().map(|genotype| {
        let network = genotype.network_in(space).unwrap();
        Blueprint::derived(genotype, &network, space.op_set(), build).unwrap()
    });
    let plans: Vec<Blueprint> = plans.collect();
    let costs: Vec<_> = plans.iter().map(|plan| registry.cost(plan).unwrap()).collect();
    let of = |number: fn(&dartloom_space::Cost) -> u64| {
        range_of(&costs.iter().map(number).collect::<Vec<_>>())
    };
    same(found.parameters, of(|cost| cost.parameters));
    same(found.macs, of(|cost| cost.macs));
    let memory: Vec<_> = plans.iter().map(|plan| predict(plan, &registry, work).unwrap()).collect();
    let totals = range_of(&memory.iter().map(|memory| memory.total()).collect::<Vec<_>>());
    let Ranges { memory: Range { least, mean, most }, slack, .. } = found;
    assert!(least <= totals.least && totals.least <= least + slack, "{found:?} {totals:?}");
    assert!(most >= totals.most && totals.most + slack >= most, "{found:?} {totals:?}");
    assert!((mean - totals.mean).abs() <= slack as f64 / 2.0 + 4.0, "{found:?} {totals:?}");
    // All but the two terms that are maxima is exact: these are taken out of the predictions.
    let sums: Vec<u64> =
        memory.iter().map(|memory| memory.total() - 2 * memory.workspace).collect();
    let sums = range_of(&sums);
    let low = least - 3;
    let rest = least - sums.least;
    assert!(
        low <= sums.least + rest && rest <= 2 * memory.iter().map(|m| m.workspace).min().unwrap()
    );
    let spread = (most - least) - slack;
    assert!(spread.abs_diff(sums.most - sums.least) <= 4, "{spread} {sums:?}");
    all.len()
}

fn ops(names: &[&str]) -> OpSet {
    Registry::standard().unwrap().op_set("test", names).unwrap()
}

/// Two cells of two nodes in a chain of three.
fn two_cells(names: &[&str]) -> Space {
    Space::darts(ops(names), 3, 2, Stem::cifar(3)).unwrap()
}

/// One cell of `nodes` nodes at two places, both inputs the same as in the chain of DARTS, the last
/// node put out alone.
fn one_output(names: &[&str], nodes: usize) -> Space {
    let edges = CellGraph::darts(nodes).unwrap().edges().to_vec();
    let graph = CellGraph::new(2, nodes, edges, vec![nodes + 1]).unwrap();
    let cells = vec![CellSpec { name: "cell".to_owned(), graph }];
    let chain =
        Chain { stem: Stem::cifar(3), assignment: vec![0, 0], reductions: vec![], aux: None };
    Space::new("one_output", ops(names), cells, chain.network().unwrap()).unwrap()
}

#[test]
fn fused_candidates() {
    let space = two_cells(&["skip_connect", "sep_conv_3x3"]);
    for execution in
        [Execution::Fused(Recompute::Never), Execution::Fused(Recompute::Edge), Execution::Staged]
    {
        let work = Workload { execution, threads: 2, ..Workload::training(3) };
        assert_eq!(check(&space, Draws::Top(2), &work), (4 * 3 * 4_usize).pow(2));
    }
}

#[test]
fn candidates_that_run_fused_or_staged() {
    let space = one_output(&["none", "skip_connect", "simple_conv_3x3", "avg_pool_3x3"], 2);
    for work in [Workload::training(2), Workload::inference(2)] {
        assert_eq!(check(&space, Draws::EveryEdge, &work), 4_usize.pow(5));
        assert_eq!(check(&space, Draws::Top(1), &work), 2 * 3 * 3 * 3);
    }
}

/// The last node of a cell of 64 reads an input or a node that has no other reader.
#[test]
fn nodes_beyond_the_64th_are_told_apart() {
    let edge = |from, to| dartloom_space::Edge { from, to };
    let alone = (2..65).map(|node| edge(0, node));
    let edges = alone.chain([edge(0, 65), edge(64, 65)]).collect();
    let graph = CellGraph::new(2, 64, edges, vec![65]).unwrap();
    let cells = vec![CellSpec { name: "cell".to_owned(), graph }];
    let chain = Chain { stem: Stem::cifar(3), assignment: vec![0], reductions: vec![], aux: None };
    let space =
        Space::new("deep", ops(&["sep_conv_3x3"]), cells, chain.network().unwrap()).unwrap();
    let work = Workload { execution: Execution::Staged, ..Workload::training(2) };
    assert_eq!(check(&space, Draws::Top(1), &work), 2);
}

#[test]
fn all_of_nasbench201_has_the_parameters_of_its_table() {
    let space = nasbench201::space().unwrap();
    let build = Build::new(16, 10, Shape::new(3, 32, 32));
    let registry = Registry::standard().unwrap();
    let work = Workload::training(32);
    let found = ranges(&space, build, &registry, Draws::EveryEdge, &work).unwrap();
    let costs = nasbench201::architectures().map(|genotype| {
        let network = genotype.network_in(&space).unwrap();
        Blueprint::derived(&genotype, &network, space.op_set(), build).unwrap().cost().unwrap()
    });
    let costs: Vec<_> = costs.collect();
    same(found.parameters, range_of(&costs.iter().map(|cost| cost.parameters).collect::<Vec<_>>()));
    same(found.macs, range_of(&costs.iter().map(|cost| cost.macs).collect::<Vec<_>>()));
}
