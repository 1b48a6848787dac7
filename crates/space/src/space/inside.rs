//! Spaces inside networks laid out by hand.

use super::Space;
use crate::hand_made::SearchedGraph;
use crate::{CellGraph, CellSpec, Genotype, Graph, Network, OpSet, OpSpec, Phase, SpaceError};

impl Space {
    /// The choices of the blocks of a network laid out by hand: each is a cell of one edge, called
    /// like its node, and everything else stays as it is. The first candidate of every block is
    /// what stands there ([`OpSpec::hand_made`]), followed by `candidates`.
    ///
    /// # Errors
    /// As [`SearchedGraph::candidate`] for a candidate that a block cannot hold, and as
    /// [`Space::new`].
    ///
    /// ```
    /// use dartloom_space::hand_made::{SearchedGraph, UNet};
    /// use dartloom_space::{OpSet, Outputs, Shape, Space};
    ///
    /// # fn main() -> Result<(), dartloom_space::SpaceError> {
    /// let unet = UNet { base: 4, depth: Some(2) };
    /// let graph = unet.graph(Shape::new(3, 16, 16), Outputs::Plane { channels: 2 })?;
    /// let candidates = OpSet::builtin("all")?.subset("mine", &["sep_conv_3x3", "skip_connect"])?;
    /// let space = Space::inside(SearchedGraph::new(graph.clone(), &["decoder.*"])?, &candidates)?;
    /// assert_eq!(space.op_set().names().next(), Some("hand_made"));
    /// assert_eq!(space.cells().len(), 2);
    /// # Ok(())
    /// # }
    /// ```
    pub fn inside(searched: SearchedGraph, candidates: &OpSet) -> Result<Self, SpaceError> {
        let own = candidates.ops().iter().filter(|op| !op.is_hand_made()).cloned();
        let ops = std::iter::once(OpSpec::hand_made()).chain(own).collect();
        let ops = OpSet::new(candidates.name(), ops)?;
        let graph = CellGraph::dense(1, 1)?;
        let cell = |name: &str| CellSpec { name: name.to_owned(), graph: graph.clone() };
        let cells = searched.blocks().map(|block| cell(block.name())).collect();
        let name = format!("inside_{}", searched.graph().name());
        Self::new(name, ops, cells, Network::inside(searched)?)
    }

    /// The network of a genotype of a space [inside](Space::inside) one laid out by hand: that
    /// network with the genotype's operations in the place of its blocks.
    ///
    /// # Errors
    /// [`SpaceError::Mismatch`] for a space that is not inside such a network, or a cell that has
    /// not one operation, and as [`Space::genotype`].
    pub fn rebuilt(&self, genotype: &Genotype) -> Result<Graph, SpaceError> {
        let Some(searched) = self.network.hand_made() else {
            return Err(SpaceError::Mismatch {
                place: format!("network of space `{}`", self.name),
                expected: "one laid out by hand".to_owned(),
                found: "cells".to_owned(),
            });
        };
        self.genotype(genotype.cells().to_vec())?;
        let mut ops = Vec::with_capacity(genotype.cells().len());
        for cell in genotype.cells() {
            let [gene] = &cell.genes[..] else {
                return Err(SpaceError::Mismatch {
                    place: format!("operations of block `{}`", cell.name),
                    expected: "1".to_owned(),
                    found: cell.genes.len().to_string(),
                });
            };
            ops.push(self.op_set.get(&gene.op)?);
        }
        searched.rebuilt(&ops)
    }
}

/// Refuses cells that are not the blocks of the network laid out by hand, and operations that they
/// cannot hold.
pub(super) fn check(
    searched: &SearchedGraph,
    ops: &OpSet,
    cells: &[CellSpec],
) -> Result<(), SpaceError> {
    let refuse = |what: &str, expected: String, found: String| {
        let place = format!("{what} of `{}`", searched.graph().name());
        Err(SpaceError::Mismatch { place, expected, found })
    };
    let first = ops.names().next().unwrap_or_default();
    if !ops.ops().first().is_some_and(OpSpec::is_hand_made) {
        let expected = "the layers laid out by hand in the first place".to_owned();
        return refuse("operations", expected, format!("`{first}`"));
    }
    let graph = CellGraph::dense(1, 1)?;
    for (block, cell) in searched.blocks().zip(cells) {
        if cell.name != block.name() || cell.graph != graph {
            let expected = format!("`{}`, of one edge", block.name());
            return refuse("cells", expected, format!("`{}`", cell.name));
        }
        for op in ops.ops() {
            for phase in [Phase::Search, Phase::Retrain] {
                SearchedGraph::candidate(block, op, phase)?;
            }
        }
    }
    if cells.len() != searched.blocks().len() {
        let expected = searched.blocks().len().to_string();
        return refuse("number of cells", expected, cells.len().to_string());
    }
    Ok(())
}
