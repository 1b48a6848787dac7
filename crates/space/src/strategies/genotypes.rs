//! Arbitrary genotypes and weights.

use std::collections::BTreeSet;

use proptest::collection::{btree_map, btree_set, vec};
use proptest::num::f64::{NEGATIVE, NORMAL, POSITIVE, SUBNORMAL, ZERO};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, subsequence};

use super::op_name;
use crate::{
    CellGenotype, CellTable, Gene, Genotype, Layout, Links, PortLinks, Space, WeightTable,
};

/// Any cell of the given name and number of inputs with up to eight genes.
pub fn cell_genotype(name: String, inputs: usize) -> impl Strategy<Value = CellGenotype> {
    let genes = vec((op_name(), any::<Index>(), 0..4_usize), 1..=8);
    let genes = genes.prop_map(move |genes| {
        let genes = genes.into_iter().map(|(op, from, node)| {
            let to = inputs + node;
            Gene { op, from: from.index(to), to }
        });
        genes.collect::<Vec<Gene>>()
    });
    genes.prop_flat_map(move |genes| {
        let nodes: BTreeSet<usize> = genes.iter().map(|gene| gene.to).collect();
        let nodes: Vec<usize> = nodes.into_iter().collect();
        let count = nodes.len();
        let some = subsequence(nodes.clone(), 1..=count).prop_shuffle();
        let concat = prop_oneof![Just(nodes), some];
        let name = name.clone();
        concat.prop_map(move |concat| CellGenotype {
            name: name.clone(),
            inputs,
            genes: genes.clone(),
            concat,
            residual: false,
        })
    })
}

fn cells(names: Vec<String>, inputs: usize) -> impl Strategy<Value = Vec<CellGenotype>> {
    names.into_iter().map(|name| cell_genotype(name, inputs)).collect::<Vec<_>>()
}

fn numbered(count: usize, inputs: usize) -> impl Strategy<Value = Vec<CellGenotype>> {
    cells((0..count).map(|i| format!("cell_{i}")).collect(), inputs)
}

fn layout_and_cells() -> impl Strategy<Value = (Layout, Vec<CellGenotype>)> {
    let two = cells(vec!["normal".to_owned(), "reduce".to_owned()], 2);
    let many = || (1_usize..=4).prop_flat_map(|count| numbered(count, 2));
    let reductions = || vec(0..20_usize, 0..=3);
    let sequence = vec(any::<Index>(), 1..=6);
    prop_oneof![
        two.prop_map(|cells| (Layout::TwoCells, cells)),
        (many(), reductions())
            .prop_map(|(cells, reductions)| (Layout::PerCell { reductions }, cells)),
        (many(), sequence, reductions()).prop_map(|(cells, sequence, reductions)| {
            let sequence = sequence.iter().map(|index| index.index(cells.len())).collect();
            (Layout::Sequence { sequence, reductions }, cells)
        }),
        (1_usize..=3, 1_usize..=3)
            .prop_flat_map(|(count, inputs)| numbered(count, inputs))
            .prop_map(|cells| (Layout::Space, cells)),
    ]
}

/// Links of ports in order, and of a head.
fn links() -> impl Strategy<Value = (Vec<PortLinks>, Vec<usize>)> {
    let kept = || btree_set(0..4_usize, 1..3).prop_map(|kept| kept.into_iter().collect());
    let ports = btree_map((0..9_usize, 0..2_usize), kept(), 0..4).prop_map(|ports| {
        let port = |((placement, port), kept)| PortLinks { placement, port, kept };
        ports.into_iter().map(port).collect()
    });
    (ports, btree_set(0..4_usize, 0..3).prop_map(|head| head.into_iter().collect()))
}

/// Any genotype, in any layout, with or without a name.
pub fn genotype() -> impl Strategy<Value = Genotype> {
    let name = prop_oneof!["[A-Za-z_][A-Za-z0-9_]{0,9}", "\\PC{0,10}"];
    let parts = (layout_and_cells(), option::of(name), links());
    parts.prop_filter_map("a valid genotype", |((layout, cells), name, (ports, head))| {
        let linked = layout == Layout::Space && !ports.is_empty();
        let mut genotype = Genotype::new(layout, cells).ok()?;
        if linked {
            genotype = genotype.with_links(Links { ports, head }).ok()?;
        }
        Some(match name {
            Some(name) => genotype.named(name),
            None => genotype,
        })
    })
}

fn weights(count: usize) -> impl Strategy<Value = Vec<f64>> {
    vec(POSITIVE | NEGATIVE | NORMAL | SUBNORMAL | ZERO, count)
}

fn cell_weights(
    name: String,
    edges: usize,
    ops: usize,
    weighted: bool,
) -> impl Strategy<Value = CellTable> {
    (vec(weights(ops), edges), weights(edges)).prop_map(move |(edges, edge_weights)| CellTable {
        name: name.clone(),
        edges,
        edge_weights: weighted.then_some(edge_weights),
    })
}

/// Any table of finite weights.
pub fn weight_table() -> impl Strategy<Value = WeightTable> {
    (vec(op_name(), 1..=4), vec(("\\PC{0,8}", 0..5_usize, any::<bool>()), 0..=3)).prop_flat_map(
        |(ops, cells)| {
            let cells: Vec<_> = cells
                .into_iter()
                .map(|(name, edges, weighted)| cell_weights(name, edges, ops.len(), weighted))
                .collect();
            let links = vec((1..4_usize).prop_flat_map(weights), 0..3);
            (cells, links).prop_filter_map("a valid table", move |(cells, links)| {
                WeightTable::new(ops.clone(), cells).and_then(|table| table.with_links(links)).ok()
            })
        },
    )
}

/// Any table of weights that belongs to a space, with edge weights and link weights or without.
pub fn weights_of(space: &Space) -> impl Strategy<Value = WeightTable> + use<> {
    let space = space.clone();
    (any::<bool>(), any::<bool>()).prop_flat_map(move |(weighted, linked)| {
        let ops: Vec<String> = space.op_set().names().map(str::to_owned).collect();
        let cells: Vec<_> = space
            .cells()
            .iter()
            .map(|cell| {
                cell_weights(cell.name.clone(), cell.graph.edges().len(), ops.len(), weighted)
            })
            .collect();
        let choices = space.network().choices().filter(|_| linked);
        let links: Vec<_> = choices.map(|choice| weights(choice.links)).collect();
        (cells, links).prop_filter_map("a valid table", move |(cells, links)| {
            WeightTable::new(ops.clone(), cells).and_then(|table| table.with_links(links)).ok()
        })
    })
}
