//! Decoding equals the best of all architectures, found by enumeration.

use dartloom_decode::{Argmax, Decoder, EmptyPolicy, NonePolicy, TieBreak, TopK};
use dartloom_space::{CellGenotype, WeightTable};
use dartloom_space::{CellGraph, CellSpec, CellTable, Chain, Gene, OpSet, Space, Stem};
use proptest::prelude::*;

const NODES: usize = 3;
const OPS: usize = 4;
const EDGES: usize = 9;

/// "none" and three operations; both cells of a DARTS chain.
fn space() -> Space {
    let base = OpSet::builtin("O_base").unwrap();
    let ops = OpSet::new("few", base.ops()[..OPS].to_vec()).unwrap();
    let graph = CellGraph::darts(NODES).unwrap();
    let cell = |name: &str| CellSpec { name: name.to_owned(), graph: graph.clone() };
    let network = Chain::two_cells(6, Stem::cifar(3)).network().unwrap();
    Space::new("few", ops, vec![cell("normal"), cell("reduce")], network).unwrap()
}

fn table(space: &Space, weights: &[f64]) -> WeightTable {
    let rows: Vec<Vec<f64>> = weights.chunks(OPS).map(<[f64]>::to_vec).collect();
    let cell = |name: &str, edges: &[Vec<f64>]| CellTable {
        name: name.to_owned(),
        edges: edges.to_vec(),
        edge_weights: None,
    };
    let cells = vec![cell("normal", &rows[..EDGES]), cell("reduce", &rows[EDGES..])];
    WeightTable::new(space.op_set().names().map(str::to_owned).collect(), cells).unwrap()
}

/// A choice for one node: (row, operation) pairs.
type Choice = Vec<(usize, usize)>;

/// All ways to give `node` `edges` in-edges (or all, if fewer), each one operation.
fn choices(graph: &CellGraph, node: usize, edges: usize, none: bool) -> Vec<Choice> {
    let rows: Vec<usize> = graph.rows_into(node).collect();
    let wanted = edges.min(rows.len());
    let mut all: Vec<Choice> = vec![Vec::new()];
    for &row in &rows {
        let with = all.iter().flat_map(|choice| {
            let ops = usize::from(!none)..OPS;
            ops.map(move |op| [&choice[..], &[(row, op)]].concat())
        });
        all = all.iter().cloned().chain(with).collect();
    }
    all.retain(|choice| choice.len() == wanted);
    all
}

fn score(choice: &Choice, edges: &[Vec<f64>]) -> f64 {
    choice.iter().map(|&(row, op)| edges[row][op]).sum()
}

/// The genes of a node as a choice, rows ascending.
fn found(cell: &CellGenotype, space: &Space, graph: &CellGraph, node: usize) -> Choice {
    let row = |gene: &Gene| {
        let edge = dartloom_space::Edge { from: gene.from, to: gene.to };
        (graph.row(edge).unwrap(), space.op_set().position(&gene.op).unwrap())
    };
    let mut choice: Choice = cell.genes.iter().filter(|gene| gene.to == node).map(row).collect();
    choice.sort_unstable();
    choice
}

/// Distinct multiples of 1/128, whose sums are exact.
fn distinct() -> impl Strategy<Value = Vec<f64>> {
    let all: Vec<u32> = (1..=(2 * EDGES * OPS) as u32).collect();
    Just(all).prop_shuffle().prop_map(|v| v.into_iter().map(|n| f64::from(n) / 128.0).collect())
}

/// Few levels, hence many ties.
fn coarse() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec((1_u32..4).prop_map(|n| f64::from(n) / 4.0), 2 * EDGES * OPS)
}

proptest! {
    #[test]
    fn top_k_is_the_best_choice_of_each_node(weights in distinct(), edges in 1_usize..4) {
        let space = space();
        let table = table(&space, &weights);
        let decoded = TopK { edges, ..TopK::darts() }.decode(&space, &table).unwrap();
        for (index, cell) in decoded.genotype.cells().iter().enumerate() {
            let graph = &space.cells()[index].graph;
            let rows = &table.cells()[index].edges;
            for node in graph.own_nodes() {
                let best = choices(graph, node, edges, false)
                    .into_iter()
                    .max_by(|a, b| score(a, rows).total_cmp(&score(b, rows)))
                    .unwrap();
                prop_assert_eq!(found(cell, &space, graph, node), best);
            }
        }
    }

    #[test]
    fn ties_never_cost_weight(weights in coarse(), edges in 1_usize..4, seed: u64) {
        let space = space();
        let table = table(&space, &weights);
        for ties in [TieBreak::LowestIndex, TieBreak::HighestIndex, TieBreak::Seeded(seed)] {
            let rule = TopK { edges, ties, ..TopK::darts() };
            let decoded = rule.decode(&space, &table).unwrap();
            for (index, cell) in decoded.genotype.cells().iter().enumerate() {
                let graph = &space.cells()[index].graph;
                let rows = &table.cells()[index].edges;
                for node in graph.own_nodes() {
                    let all = choices(graph, node, edges, false);
                    let best = all.iter().map(|c| score(c, rows)).fold(0.0, f64::max);
                    let own = score(&found(cell, &space, graph, node), rows);
                    prop_assert_eq!(own.to_bits(), best.to_bits());
                }
            }
        }
    }

    #[test]
    fn genes_of_a_node_stand_by_strength(weights in coarse()) {
        let space = space();
        let table = table(&space, &weights);
        let decoded = TopK::darts().decode(&space, &table).unwrap();
        for (index, cell) in decoded.genotype.cells().iter().enumerate() {
            let graph = &space.cells()[index].graph;
            let rows = &table.cells()[index].edges;
            let strength = |gene: &Gene| {
                let edge = dartloom_space::Edge { from: gene.from, to: gene.to };
                rows[graph.row(edge).unwrap()][space.op_set().position(&gene.op).unwrap()]
            };
            for pair in cell.genes.windows(2) {
                let a = strength(&pair[0]);
                let b = strength(&pair[1]);
                let ordered = a > b || (a >= b && pair[0].from < pair[1].from);
                prop_assert!(pair[0].to < pair[1].to || (pair[0].to == pair[1].to && ordered));
            }
        }
    }

    #[test]
    fn argmax_is_the_best_choice_of_all_edges(weights in distinct()) {
        let space = space();
        let table = table(&space, &weights);
        let ties = TieBreak::LowestIndex;
        let empty = EmptyPolicy::Error;
        let rule = Argmax { ties, none: NonePolicy::Exclude, empty };
        let decoded = rule.decode(&space, &table).unwrap();
        for (index, cell) in decoded.genotype.cells().iter().enumerate() {
            let graph = &space.cells()[index].graph;
            let rows = &table.cells()[index].edges;
            for node in graph.own_nodes() {
                let all = choices(graph, node, usize::MAX, false);
                let best = all.iter().max_by(|a, b| score(a, rows).total_cmp(&score(b, rows)));
                prop_assert_eq!(&found(cell, &space, graph, node), best.unwrap());
            }
        }
    }

    #[test]
    fn argmax_with_none_keeps_what_beats_none(weights in distinct()) {
        let space = space();
        let table = table(&space, &weights);
        let rule = Argmax { empty: EmptyPolicy::KeepBest, ..Argmax::nasbench201() };
        let decoded = rule.decode(&space, &table).unwrap();
        for (index, cell) in decoded.genotype.cells().iter().enumerate() {
            let graph = &space.cells()[index].graph;
            let rows = &table.cells()[index].edges;
            for node in graph.own_nodes() {
                let all = choices(graph, node, usize::MAX, true);
                let best = all.iter().max_by(|a, b| score(a, rows).total_cmp(&score(b, rows)));
                let mut best = best.unwrap().clone();
                best.retain(|&(_, op)| op != 0);
                if best.is_empty() {
                    let single = choices(graph, node, 1, false);
                    let kept = single.iter().max_by(|a, b| score(a, rows).total_cmp(&score(b, rows)));
                    best.clone_from(kept.unwrap());
                }
                prop_assert_eq!(found(cell, &space, graph, node), best);
            }
        }
    }
}
