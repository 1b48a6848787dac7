//! The search space: operations, searchable cells, and the network they stand in.

mod choose;
mod inside;
mod layout;
mod topologies;

use serde::{Deserialize, Serialize};

use crate::network::{MOST_PLACEMENTS, check_length};
use crate::{
    CellGraph, CellSpec, Chain, Genotype, Head, Hidden, Network, OpSet, Outputs, Repeats, Resize,
    SpaceError, Stem,
};

/// The version that [`Space`] text forms carry.
const VERSION: u32 = 1;

/// The number of nodes that become the output of a cell in the released code of DARTOpti, however
/// many nodes the cell has.
const RELEASED_OUTPUT: usize = 4;

/// The nodes that become the output of the cells around a hand-made network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum CellOutput {
    /// All.
    #[default]
    AllNodes,
    /// The last four, however many there are: the released code of DARTOpti.
    LastFour,
}

/// A search space: every edge of every cell chooses among the operations of one set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RawSpace")]
pub struct Space {
    version: u32,
    name: String,
    op_set: OpSet,
    cells: Vec<CellSpec>,
    network: Network,
}

#[derive(Deserialize)]
#[serde(rename = "Space", deny_unknown_fields)]
pub(crate) struct RawSpace {
    version: u32,
    name: String,
    op_set: OpSet,
    cells: Vec<CellSpec>,
    network: Network,
}

impl TryFrom<RawSpace> for Space {
    type Error = SpaceError;

    fn try_from(raw: RawSpace) -> Result<Self, SpaceError> {
        if raw.version != VERSION {
            return Err(SpaceError::Version { what: "space", found: raw.version, known: VERSION });
        }
        Self::new(raw.name, raw.op_set, raw.cells, raw.network)
    }
}

impl Space {
    /// A space of the given parts.
    ///
    /// # Errors
    /// [`SpaceError::Range`] for more than 512 cells,
    /// [`SpaceError::CellName`] for a repeated or empty cell name, [`SpaceError::CellIndex`] for a
    /// placement of an unknown cell, [`SpaceError::Ports`] for a placement with another number of
    /// ports than its cell has inputs, [`SpaceError::Mismatch`] for cells and operations that are
    /// not those of a network laid out by hand ([`Space::inside`]).
    pub fn new(
        name: impl Into<String>,
        op_set: OpSet,
        cells: Vec<CellSpec>,
        network: Network,
    ) -> Result<Self, SpaceError> {
        if cells.len() > MOST_PLACEMENTS {
            let found = cells.len();
            return Err(SpaceError::Range { what: "cells", most: MOST_PLACEMENTS, found });
        }
        for (index, cell) in cells.iter().enumerate() {
            if cell.name.is_empty() || cells[..index].iter().any(|other| other.name == cell.name) {
                return Err(SpaceError::CellName { found: cell.name.clone() });
            }
        }
        for (index, placement) in network.placements().iter().enumerate() {
            let Some(found) = placement.cell else { continue };
            let unknown = SpaceError::CellIndex { placement: index, found, cells: cells.len() };
            let cell = cells.get(found).ok_or(unknown)?;
            let expected = cell.graph.inputs();
            let found = placement.ports.len();
            if expected != found {
                return Err(SpaceError::Ports { placement: index, expected, found });
            }
        }
        if let Some(searched) = network.hand_made() {
            inside::check(searched, &op_set, &cells)?;
        }
        Ok(Self { version: VERSION, name: name.into(), op_set, cells, network })
    }

    /// The space of DARTS: a normal and a reduction cell of `nodes` nodes, repeated in a chain of
    /// `layers` cells with reductions at the thirds.
    ///
    /// # Errors
    /// When a number is out of range (see [`CellGraph::darts`], [`Network::new`]).
    pub fn darts(
        op_set: OpSet,
        layers: usize,
        nodes: usize,
        stem: Stem,
    ) -> Result<Self, SpaceError> {
        check_length(layers)?;
        let graph = CellGraph::darts(nodes)?;
        let cell = |name: &str| CellSpec { name: name.to_owned(), graph: graph.clone() };
        let network = Chain::two_cells(layers, stem).network()?;
        Self::new("darts", op_set, vec![cell("normal"), cell("reduce")], network)
    }

    /// As [`Space::darts`], but every position of the chain has a cell of its own (D-DARTS).
    ///
    /// # Errors
    /// As [`Space::darts`].
    pub fn individual(
        op_set: OpSet,
        layers: usize,
        nodes: usize,
        stem: Stem,
    ) -> Result<Self, SpaceError> {
        check_length(layers)?;
        let graph = CellGraph::darts(nodes)?;
        let cell = |i: usize| CellSpec { name: format!("cell_{i}"), graph: graph.clone() };
        let network = Chain::individual(layers, stem).network()?;
        Self::new("individual", op_set, (0..layers).map(cell).collect(), network)
    }

    /// The chain of `genotype` with searchable cells of `nodes` nodes in place of its own: where a
    /// search around a hand-made network happens (DARTOpti). A cell that stands at several
    /// positions is one choice for all of them.
    ///
    /// The output of a cell is all of its nodes; in the released code it is the last four of them
    /// ([`CellOutput::LastFour`]), which makes a difference around networks of larger cells
    /// (ResNet-50, Inception-v4).
    ///
    /// # Errors
    /// [`SpaceError::Layers`] for a genotype without a chain of its own length,
    /// [`SpaceError::Range`] for released cells of fewer than four nodes, and as
    /// [`Space::darts`].
    pub fn around(
        genotype: &Genotype,
        op_set: OpSet,
        nodes: usize,
        stem: Stem,
        output: CellOutput,
    ) -> Result<Self, SpaceError> {
        let layers = genotype.layers().ok_or(SpaceError::Layers { expected: None, found: 0 })?;
        let network = genotype.chain(layers, stem, None, Repeats::InTurn)?.network()?;
        let graph = CellGraph::darts(nodes)?;
        let graph = match output {
            CellOutput::AllNodes => graph,
            CellOutput::LastFour => graph.with_last(RELEASED_OUTPUT)?,
        };
        let cell = |i: usize| CellSpec { name: format!("cell_{i}"), graph: graph.clone() };
        Self::new("around", op_set, (0..genotype.cells().len()).map(cell).collect(), network)
    }

    /// The same cells and operations in another network: a longer chain, or one whose choices of
    /// links are made ([`Network::with_links`]).
    ///
    /// # Errors
    /// As [`Space::new`].
    pub fn with_network(&self, network: Network) -> Result<Self, SpaceError> {
        Self::new(self.name.clone(), self.op_set.clone(), self.cells.clone(), network)
    }

    /// The same space for networks that put out `outputs`: a pooled head becomes one that has an
    /// answer for every pixel ([`Network::per_pixel`]) where these are a plane, enlarged
    /// bilinearly; all else stays.
    ///
    /// # Errors
    /// As [`Network::per_pixel`].
    pub fn for_outputs(&self, outputs: Outputs) -> Result<Self, SpaceError> {
        match (self.network.head(), outputs) {
            (Head::Pooled { .. }, Outputs::Plane { .. }) => {
                self.with_network(self.network.per_pixel(Resize::Bilinear)?)
            }
            _ => Ok(self.clone()),
        }
    }

    /// The same space with these hidden layers in the head of its network.
    ///
    /// # Errors
    /// As [`Network::with_hidden`].
    pub fn with_hidden(&self, hidden: Hidden) -> Result<Self, SpaceError> {
        self.with_network(self.network.with_hidden(hidden)?)
    }

    /// The space's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Candidates of every edge.
    pub fn op_set(&self) -> &OpSet {
        &self.op_set
    }

    /// Searchable cells.
    pub fn cells(&self) -> &[CellSpec] {
        &self.cells
    }

    /// The arrangement of the cells.
    pub fn network(&self) -> &Network {
        &self.network
    }
}
