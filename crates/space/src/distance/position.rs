//! A distance that depends on the positions of operations.

use std::collections::BTreeSet;
use std::fmt;

use super::OpScores;
use super::pairing::{at_positions, nodes};
use crate::{CellGraph, Edge, Genotype, Layout, Space, SpaceError};

/// The properties that genotypes must share to be compared position by position: the layout of
/// their cells, and the edges of each cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    layout: Layout,
    cells: Vec<BTreeSet<Edge>>,
}

impl Frame {
    /// The frame of all genotypes of a space.
    pub fn of_space(space: &Space) -> Self {
        let edges = |graph: &CellGraph| graph.edges().iter().copied().collect();
        let cells = space.cells().iter().map(|cell| edges(&cell.graph));
        Self { layout: space.layout(), cells: cells.collect() }
    }

    /// The smallest frame of a genotype whose cells all have an edge from every input and every
    /// earlier node, and as many nodes as the largest. A cell that a sequence repeats counts at
    /// every position.
    pub fn of_genotype(genotype: &Genotype) -> Self {
        let cells = at_positions(genotype, None).into_iter().map(|cell| {
            let own = cell.inputs..cell.inputs + nodes(genotype, cell);
            own.flat_map(|to| (0..to).map(move |from| Edge { from, to })).collect()
        });
        Self { layout: unrolled(genotype.layout()), cells: cells.collect() }
    }

    /// Number of cells.
    pub fn cells(&self) -> usize {
        self.cells.len()
    }

    /// Number of edges of all cells.
    pub fn edges(&self) -> usize {
        self.cells.iter().map(BTreeSet::len).sum()
    }

    /// The genes of a genotype by cell, edge and operation.
    fn genes<'a>(
        &self,
        genotype: &'a Genotype,
    ) -> Result<BTreeSet<(usize, Edge, &'a str)>, SpaceError> {
        let layout = unrolled(genotype.layout());
        let cells = at_positions(genotype, None);
        if layout != self.layout || cells.len() != self.cells.len() {
            return Err(SpaceError::Mismatch {
                place: "layout of the genotype".to_owned(),
                expected: self.to_string(),
                found: Self::of_genotype(genotype).to_string(),
            });
        }
        let mut found = BTreeSet::new();
        for (position, (cell, edges)) in cells.into_iter().zip(&self.cells).enumerate() {
            for (index, gene) in cell.genes.iter().enumerate() {
                let edge = Edge { from: gene.from, to: gene.to };
                if !edges.contains(&edge) {
                    return Err(SpaceError::UnknownEdge {
                        cell: cell.name.clone(),
                        index,
                        gene: format!("{} {}->{}", gene.op, gene.from, gene.to),
                    });
                }
                found.insert((position, edge, gene.op.as_str()));
            }
        }
        Ok(found)
    }
}

impl fmt::Display for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cells = self.cells();
        let edges = self.edges();
        let word = if cells == 1 { "cell" } else { "cells" };
        write!(f, "{cells} {word} of {edges} edges in all, ")?;
        match &self.layout {
            Layout::TwoCells => write!(f, "normal and reduction cell"),
            Layout::Space => write!(f, "in a space of its own"),
            Layout::PerCell { reductions } | Layout::Sequence { reductions, .. } => {
                write!(f, "in a chain with reductions at {reductions:?}")
            }
        }
    }
}

/// A sequence is a chain in which every position has a cell of its own.
fn unrolled(layout: &Layout) -> Layout {
    match layout {
        Layout::PerCell { reductions } | Layout::Sequence { reductions, .. } => {
            let sorted: BTreeSet<usize> = reductions.iter().copied().collect();
            Layout::PerCell { reductions: sorted.into_iter().collect() }
        }
        other => other.clone(),
    }
}

/// The share of the weight of all possible genes that two genotypes do not have in common.
///
/// With `A` and `B` the genes of two genotypes, each a triple of cell, edge and operation, `w_o`
/// the scores of the operations (`scores`), `O` of them, and `E_c` the edges of cell `c` (`frame`):
///
/// ```text
/// d(A, B) = sum of w_o over the (c, e, o) in exactly one of A and B
///           / (sum_c |E_c|  sum_(o in O) w_o)
/// ```
///
/// The divisor belongs to the frame and the scores, not to the pair. So this is a metric on the
/// gene sets of one frame, between 0 and 1: 0 only for equal genes, symmetric, and within the
/// triangle inequality. Order and repetition of genes and the output lists of cells do not count.
/// Ours, beside [`SetDistance`](super::SetDistance), which is not a metric. Cost: `O(G log G)` for
/// `G` genes.
#[derive(Clone, Debug, PartialEq)]
pub struct PositionDistance {
    scores: OpScores,
    frame: Frame,
}

impl PositionDistance {
    /// The distance between genotypes of that frame.
    pub const fn new(frame: Frame, scores: OpScores) -> Self {
        Self { scores, frame }
    }

    /// The distance of two genotypes.
    ///
    /// # Errors
    /// [`SpaceError::Mismatch`] for a genotype of another layout, [`SpaceError::UnknownEdge`] for a
    /// gene on an edge that the frame does not have, [`SpaceError::NoScore`] for an operation
    /// without score.
    pub fn genotypes(&self, a: &Genotype, b: &Genotype) -> Result<f64, SpaceError> {
        let a = self.frame.genes(a)?;
        let b = self.frame.genes(b)?;
        let mut sum = 0.0;
        for (_, _, op) in a.union(&b) {
            self.scores.get(op)?;
        }
        for (_, _, op) in a.symmetric_difference(&b) {
            sum += self.scores.get(op)?;
        }
        Ok(sum / (self.frame.edges() as f64 * self.scores.sum()))
    }
}
