//! Spaces whose networks are not chains.

use super::Space;
use crate::{CellGraph, CellSpec, Network, OpSet, SpaceError, Stem};

impl Space {
    /// A U-Net ([`Network::unet`]) of `depth` levels: searchable cells `normal` in the decoder and
    /// `reduce` in the encoder, each with `nodes` nodes.
    ///
    /// # Errors
    /// When a number is out of range (see [`CellGraph::darts`], [`Network::unet`]).
    pub fn unet(op_set: OpSet, depth: usize, nodes: usize, stem: Stem) -> Result<Self, SpaceError> {
        let cells = cells(["normal", "reduce"], nodes)?;
        Self::new("unet", op_set, cells, Network::unet(stem, depth)?)
    }

    /// A nested U-Net ([`Network::nested_unet`]) of `depth` levels with the cells of
    /// [`Space::unet`].
    ///
    /// # Errors
    /// When a number is out of range (see [`CellGraph::darts`], [`Network::nested_unet`]).
    pub fn nested_unet(
        op_set: OpSet,
        depth: usize,
        nodes: usize,
        stem: Stem,
    ) -> Result<Self, SpaceError> {
        let cells = cells(["normal", "reduce"], nodes)?;
        Self::new("nested_unet", op_set, cells, Network::nested_unet(stem, depth)?)
    }

    /// The lattice of Auto-DeepLab ([`Network::auto_deeplab`]) with four levels and one searchable
    /// cell, `cell`, with `nodes` nodes (five in the paper).
    ///
    /// # Errors
    /// When a number is out of range (see [`CellGraph::darts`], [`Network::auto_deeplab`]).
    pub fn auto_deeplab(
        op_set: OpSet,
        layers: usize,
        nodes: usize,
        stem: Stem,
    ) -> Result<Self, SpaceError> {
        let cells = cells(["cell"], nodes)?;
        Self::new("auto_deeplab", op_set, cells, Network::auto_deeplab(stem, layers, 4)?)
    }
}

fn cells<const N: usize>(names: [&str; N], nodes: usize) -> Result<Vec<CellSpec>, SpaceError> {
    let graph = CellGraph::darts(nodes)?;
    Ok(names.map(|name| CellSpec { name: name.to_owned(), graph: graph.clone() }).into())
}
