//! Tests of depth and pruning, which follow from the paths through a cell or network.

use dartloom_space::{
    Aux, AuxHead, CellGenotype, Gene, Genotype, Head, Network, NodeOrder, Placement, Port, Source,
    Stem, strategies,
};
use proptest::prelude::*;

fn cell(genes: &[(usize, usize)], concat: &[usize]) -> CellGenotype {
    let gene = |&(from, to)| Gene { op: "skip_connect".to_owned(), from, to };
    CellGenotype {
        name: "normal".to_owned(),
        inputs: 2,
        genes: genes.iter().map(gene).collect(),
        concat: concat.to_vec(),
        residual: false,
    }
}

#[test]
fn published_cells_are_shallow() {
    let genotype = Genotype::published("DARTS_V2").unwrap();
    // Normal: one operation reads node 2. Reduction: three do, and nothing reads those.
    let depths: Vec<usize> = genotype.cells().iter().map(|c| c.depth(NodeOrder::Listed)).collect();
    assert_eq!(depths, [2, 2]);
}

#[test]
fn depth_is_the_longest_chain_to_an_output() {
    let chain = [(0, 2), (2, 3), (3, 4), (4, 5), (1, 5)];
    assert_eq!(cell(&chain, &[2, 3, 4, 5]).depth(NodeOrder::Listed), 4);
    assert_eq!(cell(&chain, &[5]).depth(NodeOrder::Listed), 4);
    assert_eq!(cell(&chain, &[3, 2]).depth(NodeOrder::Listed), 2);
    let flat = [(0, 2), (1, 2), (0, 3), (1, 3)];
    assert_eq!(cell(&flat, &[2, 3]).depth(NodeOrder::FirstNamed), 1);
}

#[test]
fn dead_genes_make_no_cell_deeper() {
    // Node 2 does not exist, so neither 2->3 nor what follows it has an input.
    assert_eq!(cell(&[(2, 3), (3, 4), (1, 5)], &[4, 5]).depth(NodeOrder::Listed), 1);
    assert_eq!(cell(&[(2, 3), (3, 4)], &[4]).depth(NodeOrder::Listed), 0);
}

#[test]
fn late_nodes_are_dead_where_genes_name_the_order() {
    // The released networks run node 3 first, and find no node 2 there.
    let late = cell(&[(2, 3), (0, 2), (0, 3)], &[2, 3]);
    assert_eq!((late.depth(NodeOrder::Listed), late.depth(NodeOrder::FirstNamed)), (2, 1));
    assert_eq!(late.live_genes(NodeOrder::FirstNamed), [false, true, true]);
    assert_eq!(late.output_nodes(NodeOrder::Listed), [2, 3]);
    assert_eq!(late.output_nodes(NodeOrder::FirstNamed), [3, 2]);
}

#[test]
fn depth_of_a_cell_that_no_genotype_would_take_is_a_number_too() {
    let circle = cell(&[(0, 1), (1, 0), (0, 0), (3, 2), (2, 3), (4, 4)], &[0, 1, 2, 3, 4]);
    let claims = CellGenotype { inputs: usize::MAX, ..circle.clone() };
    for order in [NodeOrder::Listed, NodeOrder::FirstNamed] {
        assert_eq!(circle.depth(order), 0);
        assert_eq!(claims.depth(order), 0);
    }
    let far = cell(&[(1, usize::MAX)], &[usize::MAX]);
    assert_eq!(far.depth(NodeOrder::Listed), 1);
}

fn one_by_one(cells: &[Source], head: Source, aux: Option<usize>) -> Network {
    let place = |&source| Placement {
        cell: Some(0),
        width: 1,
        level: 0,
        reduction: false,
        ports: vec![Port::one(source)],
    };
    let aux = aux.map(|after| Aux { head: AuxHead::Cifar, after });
    let placements = cells.iter().map(place).collect();
    Network::new(Stem::cifar(1), placements, Head::pooled(head), aux).unwrap()
}

#[test]
fn cells_that_lead_nowhere_are_allowed_and_pruned() {
    let stem = Source::Stem(0);
    let cell = Source::Cell;
    // 0 -> 1 -> head, 0 -> 2 -> 3 -> auxiliary head or nowhere, 4 -> nowhere.
    let cells = [stem, cell(0), cell(0), cell(2), stem];
    let plain = one_by_one(&cells, cell(1), None);
    assert_eq!(plain.pruned(), one_by_one(&cells[..2], cell(1), None));
    let helped = one_by_one(&cells, cell(1), Some(3));
    assert_eq!(helped.pruned(), one_by_one(&cells[..4], cell(1), Some(3)));
    // Nothing is needed: a network has a cell all the same.
    let idle = one_by_one(&cells, stem, None);
    assert_eq!(idle.pruned(), idle);
    let dot = helped.to_dot();
    assert!(dot.contains(r#""aux" [label="auxiliary"];"#), "{dot}");
    assert!(dot.contains(r#""cell_3" -> "aux";"#), "{dot}");
}

/// Longest chain of live genes from an input to `node`, way by way.
fn slow_depth(cell: &CellGenotype, live: &[bool], node: usize) -> Option<usize> {
    if node < cell.inputs {
        return Some(0);
    }
    let genes = cell.genes.iter().zip(live).filter(|(gene, live)| **live && gene.to == node);
    genes.filter_map(|(gene, _)| slow_depth(cell, live, gene.from)).max().map(|chain| chain + 1)
}

/// Placements that something needed reads, until no more are found.
fn slow_needed(network: &Network) -> Vec<usize> {
    let mut reads = network.head_sources();
    reads.extend(network.aux().map(|aux| Source::Cell(aux.after)));
    loop {
        let before = reads.len();
        for (index, placement) in network.placements().iter().enumerate() {
            if reads.contains(&Source::Cell(index)) {
                let links = placement.ports.iter().flat_map(|port| &port.links);
                let new: Vec<Source> = links
                    .map(|link| link.source)
                    .filter(|source| !reads.contains(source))
                    .collect();
                reads.extend(new);
            }
        }
        if reads.len() == before {
            return (0..network.placements().len())
                .filter(|&index| reads.contains(&Source::Cell(index)))
                .collect();
        }
    }
}

proptest! {
    #[test]
    fn depth_is_what_walking_every_way_finds(
        cell in strategies::cell_genotype("normal".to_owned(), 2),
    ) {
        for order in [NodeOrder::Listed, NodeOrder::FirstNamed] {
            let live = cell.live_genes(order);
            let outputs = cell.output_nodes(order);
            let chains = outputs.iter().filter_map(|&node| slow_depth(&cell, &live, node));
            prop_assert_eq!(cell.depth(order), chains.max().unwrap_or(0));
        }
    }

    #[test]
    fn pruning_keeps_what_the_heads_need(network in strategies::network(vec![2, 1, 3])) {
        let needed = slow_needed(&network);
        let pruned = network.pruned();
        prop_assert_eq!(&pruned.pruned(), &pruned);
        if needed.is_empty() {
            prop_assert_eq!(pruned, network);
            return Ok(());
        }
        prop_assert_eq!(pruned.placements().len(), needed.len());
        let original = |source: Source| match source {
            Source::Cell(index) => Source::Cell(needed[index]),
            stem @ Source::Stem(_) => stem,
        };
        for (placement, &index) in pruned.placements().iter().zip(&needed) {
            let mut placement = placement.clone();
            for link in placement.ports.iter_mut().flat_map(|port| &mut port.links) {
                link.source = original(link.source);
            }
            prop_assert_eq!(&placement, &network.placements()[index]);
        }
        let heads: Vec<Source> = pruned.head_sources().into_iter().map(original).collect();
        prop_assert_eq!(heads, network.head_sources());
        let aux = |network: &Network| network.aux().map(|aux| Source::Cell(aux.after));
        prop_assert_eq!(aux(&pruned).map(original), aux(&network));
    }
}
