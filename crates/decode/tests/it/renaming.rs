//! Tests that exchange operations or cells: nothing changes but the outcome of ties.

use dartloom_decode::{Argmax, Decoded, Decoder, NonePolicy, TieBreak, TopK};
use dartloom_space::{CellGenotype, CellTable, OpSet, Space, Stem, WeightTable};
use proptest::prelude::*;

const EDGES: usize = 9;
const OPS: usize = 8;

fn ops(order: &[usize]) -> OpSet {
    let base = OpSet::builtin("O_base").unwrap();
    OpSet::new("any", order.iter().map(|&op| base.ops()[op].clone()).collect()).unwrap()
}

/// Decodes `rows` (columns in the built-in order) with the operations in another order.
fn decode(rule: &dyn Decoder, rows: &[Vec<f64>], order: &[usize]) -> Decoded {
    let space = Space::darts(ops(order), 6, 3, Stem::cifar(3)).unwrap();
    let permuted = |row: &Vec<f64>| order.iter().map(|&op| row[op]).collect();
    let cell = |name: &str, rows: &[Vec<f64>]| CellTable {
        name: name.to_owned(),
        edges: rows.iter().map(permuted).collect(),
        edge_weights: None,
    };
    let cells = vec![cell("normal", &rows[..EDGES]), cell("reduce", &rows[EDGES..])];
    let names = space.op_set().names().map(str::to_owned).collect();
    rule.decode(&space, &WeightTable::new(names, cells).unwrap()).unwrap()
}

fn rows(levels: u32) -> impl Strategy<Value = Vec<Vec<f64>>> {
    let weight = (1..=levels).prop_map(move |n| f64::from(n) / f64::from(levels));
    prop::collection::vec(prop::collection::vec(weight, OPS), 2 * EDGES)
}

fn distinct_rows() -> impl Strategy<Value = Vec<Vec<f64>>> {
    let all: Vec<u32> = (1..=(2 * EDGES * OPS) as u32).collect();
    Just(all).prop_shuffle().prop_map(|all| {
        all.chunks(OPS).map(|row| row.iter().map(|&n| f64::from(n) / 256.0).collect()).collect()
    })
}

fn order() -> impl Strategy<Value = Vec<usize>> {
    Just((0..OPS).collect::<Vec<usize>>()).prop_shuffle()
}

/// (target, weight) of every gene, in the decoder's order.
fn strengths(cell: &CellGenotype, rows: &[Vec<f64>]) -> Vec<(usize, u64)> {
    let base = OpSet::builtin("O_base").unwrap();
    let row = |from: usize, to: usize| (2..to).sum::<usize>() + from;
    let weight = |gene: &dartloom_space::Gene| {
        rows[row(gene.from, gene.to)][base.position(&gene.op).unwrap()].to_bits()
    };
    cell.genes.iter().map(|gene| (gene.to, weight(gene))).collect()
}

proptest! {
    #[test]
    fn the_order_of_operations_is_free_without_ties(rows in distinct_rows(), order in order()) {
        let identity: Vec<usize> = (0..OPS).collect();
        let rules: [&dyn Decoder; 2] =
            [&TopK::darts(), &Argmax { none: NonePolicy::Exclude, ..Argmax::nasbench201() }];
        for rule in rules {
            let a = decode(rule, &rows, &identity);
            let b = decode(rule, &rows, &order);
            prop_assert_eq!(a, b);
        }
    }

    #[test]
    fn equal_candidates_may_change_places(rows in rows(3), order in order(), seed: u64) {
        let identity: Vec<usize> = (0..OPS).collect();
        let drawn = TopK { ties: TieBreak::Seeded(seed), ..TopK::darts() };
        let a = decode(&TopK::darts(), &rows, &identity);
        for b in [decode(&TopK::darts(), &rows, &order), decode(&drawn, &rows, &order)] {
            for (index, half) in rows.chunks(EDGES).enumerate() {
                let a = &a.genotype.cells()[index];
                let b = &b.genotype.cells()[index];
                prop_assert_eq!(strengths(a, half), strengths(b, half));
            }
        }
    }

    #[test]
    fn the_highest_index_is_the_lowest_of_the_reversed_set(rows in rows(2)) {
        let forward: Vec<usize> = (0..OPS).collect();
        let backward: Vec<usize> = (0..OPS).rev().collect();
        let rule = |ties| Argmax { ties, none: NonePolicy::Exclude, ..Argmax::nasbench201() };
        let lowest = decode(&rule(TieBreak::LowestIndex), &rows, &forward);
        let highest = decode(&rule(TieBreak::HighestIndex), &rows, &backward);
        prop_assert_eq!(lowest.genotype, highest.genotype);
    }

    #[test]
    fn cells_are_decoded_one_by_one(rows in rows(4)) {
        let identity: Vec<usize> = (0..OPS).collect();
        let swapped = [&rows[EDGES..], &rows[..EDGES]].concat();
        let a = decode(&TopK::darts(), &rows, &identity).genotype;
        let b = decode(&TopK::darts(), &swapped, &identity).genotype;
        prop_assert_eq!(&a.cells()[0].genes, &b.cells()[1].genes);
        prop_assert_eq!(&a.cells()[1].genes, &b.cells()[0].genes);
    }
}
