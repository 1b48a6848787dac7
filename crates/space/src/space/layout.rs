//! The arrangement of a space's cells, and genotypes made for it.

use super::Space;
use crate::{CellGenotype, CellSpec, Chain, Gene, Layout, Network};

impl CellSpec {
    /// The cell with the given genes chosen: its name, its inputs and those nodes of its output
    /// list that have genes.
    pub fn genotype(&self, genes: Vec<Gene>) -> CellGenotype {
        let listed = self.graph.concat().iter().copied();
        let concat = listed.filter(|node| genes.iter().any(|gene| gene.to == *node)).collect();
        let residual = self.graph.residual();
        let inputs = self.graph.inputs();
        CellGenotype { name: self.name.clone(), inputs, genes, concat, residual }
    }
}

impl Space {
    /// The layout of every genotype decoded from this space.
    ///
    /// [`Layout::TwoCells`] for the two cells `normal` and `reduce` in a chain with reductions at
    /// the thirds (any length may be built from them), [`Layout::PerCell`] for a chain in which
    /// every position has a cell of its own, [`Layout::Space`] for everything else.
    pub fn layout(&self) -> Layout {
        let Some(chain) = chain_of(&self.network) else { return Layout::Space };
        let names: Vec<&str> = self.cells.iter().map(|cell| cell.name.as_str()).collect();
        let layers = chain.assignment.len();
        let two = Chain::two_cells(layers, chain.stem.clone());
        if names == ["normal", "reduce"] && chain.assignment == two.assignment {
            let thirds = two.reductions.into_iter().filter(|&position| position < layers);
            if chain.reductions.iter().copied().eq(thirds) {
                return Layout::TwoCells;
            }
        }
        if layers == self.cells.len() && chain.assignment.iter().copied().eq(0..layers) {
            return Layout::PerCell { reductions: chain.reductions };
        }
        Layout::Space
    }
}

/// The chain whose network this is, if there is one.
pub(crate) fn chain_of(network: &Network) -> Option<Chain> {
    let placements = network.placements();
    let chain = Chain {
        stem: network.stem().clone(),
        assignment: placements.iter().map(|placement| placement.cell).collect::<Option<_>>()?,
        reductions: (0..placements.len()).filter(|&i| placements[i].reduction).collect(),
        aux: network.aux(),
    };
    chain.network().is_ok_and(|same| same == *network).then_some(chain)
}
