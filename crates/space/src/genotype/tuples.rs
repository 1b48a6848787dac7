//! Gene lists as the repositories of the DARTS family write them.

use serde::Deserialize;

use super::{CellGenotype, Gene, Genotype, Layout};
use crate::{Chain, SpaceError};

/// `(op, from)` or `(op, to, from)`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub(super) enum Tuple {
    /// Two per node, in node order from node 2.
    Pair(String, usize),
    /// Target and source.
    Triple(String, usize, usize),
}

impl Tuple {
    pub(super) fn is_pair(&self) -> bool {
        matches!(self, Self::Pair(..))
    }
}

/// The genes of a cell.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub(super) enum GeneList {
    /// One after the other.
    Flat(Vec<Tuple>),
    /// In a list for each node from node 2.
    Nodes(Vec<Vec<Tuple>>),
}

impl GeneList {
    pub(super) fn tuples(&self) -> Vec<&Tuple> {
        match self {
            Self::Flat(tuples) => tuples.iter().collect(),
            Self::Nodes(nodes) => nodes.iter().flatten().collect(),
        }
    }

    /// `true` if genes do not name their target.
    pub(super) fn has_pairs(&self) -> bool {
        self.tuples().first().is_some_and(|tuple| tuple.is_pair())
    }

    /// Nodes with genes, ascending.
    pub(super) fn nodes(&self) -> Vec<usize> {
        nodes_of(&self.clone().genes())
    }

    fn genes(self) -> Vec<Gene> {
        let gene = |tuple, node| match tuple {
            Tuple::Pair(op, from) => Gene { op, from, to: node },
            Tuple::Triple(op, to, from) => Gene { op, from, to },
        };
        match self {
            Self::Flat(tuples) => {
                let tuples = tuples.into_iter().enumerate();
                tuples.map(|(index, tuple)| gene(tuple, 2 + index / 2)).collect()
            }
            Self::Nodes(nodes) => {
                let nodes = nodes.into_iter().enumerate();
                let genes = nodes.flat_map(|(index, tuples)| {
                    tuples.into_iter().map(move |tuple| gene(tuple, 2 + index))
                });
                genes.collect()
            }
        }
    }
}

/// A genotype as written: two cells, or one gene list per (distinct) cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Written {
    TwoCells { normal: GeneList, reduce: GeneList, concats: [Option<Vec<usize>>; 2] },
    Cells { genes: Vec<GeneList>, seq: Option<Vec<usize>>, reductions: Option<Vec<usize>> },
}

impl Written {
    pub(super) fn genotype(self) -> Result<Genotype, SpaceError> {
        match self {
            Self::TwoCells { normal, reduce, concats: [first, second] } => {
                let cells = vec![cell("normal", normal, first), cell("reduce", reduce, second)];
                Genotype::new(Layout::TwoCells, cells)
            }
            Self::Cells { genes, seq, reductions } => {
                let layers = seq.as_ref().map_or(genes.len(), Vec::len);
                let reductions = reductions.unwrap_or_else(|| Chain::thirds(layers));
                let layout = match seq {
                    Some(sequence) => Layout::Sequence { sequence, reductions },
                    None => Layout::PerCell { reductions },
                };
                let cells = genes.into_iter().enumerate();
                let cells = cells.map(|(i, genes)| cell(&format!("cell_{i}"), genes, None));
                Genotype::new(layout, cells.collect())
            }
        }
    }
}

/// The cell of a gene list.
///
/// The networks released with three-number genes ignore the written concat and put out every node
/// that has genes; so does this.
fn cell(name: &str, list: GeneList, concat: Option<Vec<usize>>) -> CellGenotype {
    let pairs = list.has_pairs();
    let genes = list.genes();
    let concat = concat.filter(|_| pairs).unwrap_or_else(|| nodes_of(&genes));
    CellGenotype { name: name.to_owned(), inputs: 2, genes, concat, residual: false }
}

/// Nodes with genes, ascending.
pub(super) fn nodes_of(genes: &[Gene]) -> Vec<usize> {
    let mut nodes: Vec<usize> = genes.iter().map(|gene| gene.to).collect();
    nodes.sort_unstable();
    nodes.dedup();
    nodes
}
