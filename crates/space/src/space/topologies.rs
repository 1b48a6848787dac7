//! Spaces whose networks are not chains.

use super::Space;
use crate::{CellGraph, CellSpec, Lattice, Network, OpSet, SpaceError, Stem};

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

    /// The DARTS-UNet++ of the Preligens study: [`Space::nested_unet`] with a weight on every link
    /// of the lattice ([`Network::weighed_nested_unet`]).
    ///
    /// # Errors
    /// As [`Space::nested_unet`].
    pub fn darts_unet_pp(
        op_set: OpSet,
        depth: usize,
        nodes: usize,
        stem: Stem,
    ) -> Result<Self, SpaceError> {
        let cells = cells(["normal", "reduce"], nodes)?;
        Self::new("darts_unet_pp", op_set, cells, Network::weighed_nested_unet(stem, depth)?)
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

    /// A lattice with cells on its transitions ([`Lattice`]) that have `nodes` nodes; each node
    /// reads all inputs and all earlier nodes.
    ///
    /// A lattice of one cell calls it `cell`, one of many `cell_0` and so on, in order of
    /// placement.
    ///
    /// # Errors
    /// When a number is out of range (see [`CellGraph::dense`], [`Lattice::network`]).
    pub fn lattice(
        op_set: OpSet,
        lattice: Lattice,
        nodes: usize,
        stem: Stem,
    ) -> Result<Self, SpaceError> {
        let network = lattice.network(stem)?;
        let graph = CellGraph::dense(1 + usize::from(lattice.skips), nodes)?;
        let cells = match lattice.cell_count() {
            1 => vec![CellSpec { name: "cell".to_owned(), graph }],
            count => {
                let cell = |i| CellSpec { name: format!("cell_{i}"), graph: graph.clone() };
                (0..count).map(cell).collect()
            }
        };
        Self::new("lattice", op_set, cells, network)
    }

    /// The ResNeXt-UNet of the Preligens study ([`Network::resnext_unet`]): one searchable cell,
    /// `cell`, of `towers` chains of `nodes` operations beside a residual
    /// ([`CellGraph::towers`]).
    ///
    /// # Errors
    /// When a number is out of range (see [`CellGraph::towers`], [`Network::resnext_unet`]).
    pub fn resnext_unet(
        op_set: OpSet,
        depth: usize,
        (towers, nodes): (usize, usize),
        stem: Stem,
    ) -> Result<Self, SpaceError> {
        let graph = CellGraph::towers(towers, nodes)?;
        let cells = vec![CellSpec { name: "cell".to_owned(), graph }];
        Self::new("resnext_unet", op_set, cells, Network::resnext_unet(stem, depth)?)
    }
}

fn cells<const N: usize>(names: [&str; N], nodes: usize) -> Result<Vec<CellSpec>, SpaceError> {
    let graph = CellGraph::darts(nodes)?;
    Ok(names.map(|name| CellSpec { name: name.to_owned(), graph: graph.clone() }).into())
}
