//! Cells as the paper's distance sees them.

use std::collections::{BTreeMap, BTreeSet};

use crate::CellGenotype;

/// The operations of the edges of one cell, as a set: where an edge leads and how many edges are
/// alike is lost.
///
/// Each element is what one edge has: the names of its operations, none for an edge without any.
/// There is always an element; no edge at all is the same as an edge without operations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EdgeSet {
    edges: BTreeSet<BTreeSet<String>>,
}

impl EdgeSet {
    /// The edges of a cell in which each of `nodes` own nodes has an edge from every input and
    /// every earlier node. Edges without a gene count as edges without operations.
    pub fn of_cell(cell: &CellGenotype, nodes: usize) -> Self {
        let mut used: BTreeMap<(usize, usize), BTreeSet<String>> = BTreeMap::new();
        for gene in &cell.genes {
            used.entry((gene.from, gene.to)).or_default().insert(gene.op.clone());
        }
        let all: usize = (cell.inputs..cell.inputs + nodes).sum();
        let free = used.len() < all;
        let edges = used.into_values().chain(free.then(BTreeSet::new));
        edges.collect()
    }

    /// The distinct edges.
    pub fn iter(&self) -> impl Iterator<Item = &BTreeSet<String>> {
        self.edges.iter()
    }
}

impl FromIterator<BTreeSet<String>> for EdgeSet {
    fn from_iter<I: IntoIterator<Item = BTreeSet<String>>>(edges: I) -> Self {
        let mut edges: BTreeSet<BTreeSet<String>> = edges.into_iter().collect();
        if edges.is_empty() {
            edges.insert(BTreeSet::new());
        }
        Self { edges }
    }
}

#[cfg(test)]
mod tests {
    use super::EdgeSet;
    use crate::{CellGenotype, Gene};

    fn sizes(genes: &[(&str, usize, usize)], nodes: usize) -> Vec<usize> {
        let gene = |&(op, from, to): &(&str, usize, usize)| Gene { op: op.to_owned(), from, to };
        let genes = genes.iter().map(gene).collect();
        let cell = CellGenotype {
            name: "c".to_owned(),
            inputs: 2,
            genes,
            concat: vec![2],
            residual: false,
        };
        EdgeSet::of_cell(&cell, nodes).iter().map(|ops| ops.len()).collect()
    }

    #[test]
    fn an_edge_without_operations_counts_where_there_is_one() {
        // One node has two edges.
        assert_eq!(sizes(&[("a", 0, 2)], 1), [0, 1]);
        assert_eq!(sizes(&[("a", 0, 2), ("b", 1, 2)], 1), [1, 1]);
        assert_eq!(sizes(&[("a", 0, 2), ("b", 1, 2)], 2), [0, 1, 1]);
        // Both operations of an edge are one element, and equal edges are one.
        assert_eq!(sizes(&[("a", 0, 2), ("b", 0, 2), ("a", 1, 2), ("b", 1, 2)], 1), [2]);
    }

    #[test]
    fn no_edge_is_an_edge_without_operations() {
        assert_eq!(EdgeSet::from_iter([]).iter().map(|ops| ops.len()).collect::<Vec<_>>(), [0]);
    }
}
