//! Limits on the network that the links of a lattice leave.

use dartloom_space::{
    Blueprint, Build, Cost, Genotype, Head, Network, Shape, Source, Space, WeighedLink, WeightTable,
};
use serde::{Deserialize, Serialize};

use crate::{DecodeError, Decoder};

/// A limit on the network of a topology: the whole of it, stem and head included.
///
/// Each link is counted with the cell on its transition, whose operations are those that the
/// decoder of cells chooses. The sum is exact: it is that of
/// [`Blueprint::cost`](dartloom_space::Blueprint::cost) of the decoded architecture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum LinkBudget {
    /// At most so many weighed links.
    Links(u64),
    /// At most `most` trainable numbers.
    Parameters {
        /// The limit.
        most: u64,
        /// The sizes of the network.
        at: BudgetSize,
    },
    /// At most `most` multiply-adds for one image.
    Macs {
        /// The limit.
        most: u64,
        /// The sizes of the network.
        at: BudgetSize,
    },
    /// At most `most` bytes of a training step, `4 (batch A + 3 P)` with `A` the values that all
    /// layers put out for one image and `P` the trainable numbers: what stands between the forward
    /// and the backward pass where layers run one by one, and weight, gradient and momentum. Room
    /// that is held for a moment and the process itself are left out.
    Bytes {
        /// The limit.
        most: u64,
        /// Images of a batch.
        batch: u64,
        /// The sizes of the network.
        at: BudgetSize,
    },
}

/// The sizes at which the network of a topology is counted: those it is trained at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BudgetSize {
    /// Base channels.
    pub channels: usize,
    /// Classes.
    pub classes: usize,
    /// Shape of one image.
    pub input: Shape,
}

/// The parts of a network's cost by the choices that they depend on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LinkCosts {
    /// By row of the choices and link.
    pub(super) links: Vec<Vec<u64>>,
    /// By placement of the network, the branch of the head that reads it.
    pub(super) ends: Vec<u64>,
    /// The stem.
    pub(super) fixed: u64,
}

impl LinkBudget {
    /// The limit.
    pub fn most(&self) -> u64 {
        match *self {
            Self::Links(most)
            | Self::Parameters { most, .. }
            | Self::Macs { most, .. }
            | Self::Bytes { most, .. } => most,
        }
    }

    /// The quantity that is limited.
    pub(super) fn what(&self) -> &'static str {
        match self {
            Self::Links(_) => "links",
            Self::Parameters { .. } => "parameters",
            Self::Macs { .. } => "multiply-adds",
            Self::Bytes { .. } => "bytes",
        }
    }

    /// The amount that a part of these counts spends.
    fn of(&self, cost: &Cost) -> u64 {
        match *self {
            Self::Links(_) => 0,
            Self::Parameters { .. } => cost.parameters,
            Self::Macs { .. } => cost.macs,
            Self::Bytes { batch, .. } => {
                let values = cost.activations.saturating_mul(batch);
                values.saturating_add(cost.parameters.saturating_mul(3)).saturating_mul(4)
            }
        }
    }

    fn size(&self) -> Option<BudgetSize> {
        match *self {
            Self::Links(_) => None,
            Self::Parameters { at, .. } | Self::Macs { at, .. } | Self::Bytes { at, .. } => {
                Some(at)
            }
        }
    }

    /// The costs of `links`, all weighed links of the space's network, with the operations that
    /// `cells` chooses.
    ///
    /// # Errors
    /// Those of the decoder, [`DecodeError::LinkCost`] for a network whose cost is no sum over
    /// links, [`DecodeError::UnknownCost`] for an operation in code, and [`DecodeError::Network`]
    /// where the network cannot have these sizes.
    pub(super) fn costs(
        &self,
        space: &Space,
        weights: &WeightTable,
        cells: &dyn Decoder,
        links: &[WeighedLink],
    ) -> Result<LinkCosts, DecodeError> {
        let network = space.network();
        let rows = network.choices().map(|choice| choice.links);
        let Some(size) = self.size() else {
            let links = rows.map(|links| vec![1; links]).collect();
            return Ok(LinkCosts { links, ends: vec![0; network.placements().len()], fixed: 0 });
        };
        let table = WeightTable::new(weights.ops().to_vec(), weights.cells().to_vec());
        let genotype = cells.decode(space, &table.map_err(DecodeError::Table)?)?.genotype;
        let whole = self.whole(space, &genotype, size)?;
        let mut costs: Vec<Vec<u64>> = rows.map(|links| vec![0; links]).collect();
        for link in links {
            let cell = transition(network, link)?;
            let cost = whole.cells[cell].cost().map_err(DecodeError::Network)?;
            costs[link.row][link.link] = self.of(&cost);
        }
        let mut ends = vec![0; network.placements().len()];
        for branch in &whole.head.branches {
            if let Source::Cell(placement) = branch.source {
                let own = self.of(&branch.cost().map_err(DecodeError::Network)?);
                ends[placement] = own.saturating_add(ends[placement]);
            }
        }
        let stem = whole.stem_cost().map_err(DecodeError::Network)?;
        Ok(LinkCosts { links: costs, ends, fixed: self.of(&stem) })
    }

    /// The network with all of its links.
    fn whole(
        &self,
        space: &Space,
        genotype: &Genotype,
        size: BudgetSize,
    ) -> Result<Blueprint, DecodeError> {
        let network = space.network();
        let all = network.chosen(&network.all_links()).map_err(DecodeError::Genotype)?;
        let same = all.placements().len() == network.placements().len();
        if !same || !matches!(network.head(), Head::PerPixel { .. }) {
            return Err(DecodeError::LinkCost { placement: network.placements().len() - 1 });
        }
        let build = Build::new(size.channels, size.classes, size.input).for_network(&all);
        let plan = Blueprint::derived(genotype, &all, space.op_set(), build);
        let plan = plan.map_err(DecodeError::Network)?;
        let candidates = plan.cells.iter().flat_map(|cell| &cell.edges);
        let mut candidates = candidates.flat_map(|edge| &edge.candidates);
        match candidates.find(|candidate| candidate.layers.is_none()) {
            Some(own) => Err(DecodeError::UnknownCost { op: own.op.name.clone() }),
            None => Ok(plan),
        }
    }
}

/// The placement of the cell on the transition of a link: it reads one node and is read by one sum.
fn transition(network: &Network, link: &WeighedLink) -> Result<usize, DecodeError> {
    let placements = network.placements();
    let into = &placements[link.to];
    let sources = into.ports.first().map(|port| &port.links);
    let source = sources.and_then(|links| links.get(link.link)).map(|link| link.source);
    let refused = DecodeError::LinkCost { placement: link.to };
    let Some(Source::Cell(cell)) = source else { return Err(refused) };
    let own = Source::Cell(cell);
    let reads = placements.iter().flat_map(|placed| &placed.ports).flat_map(|port| &port.links);
    let alone = reads.filter(|link| link.source == own).count() == 1;
    let steps = placements[cell].ports.len() == 1 && placements[cell].cell.is_some();
    let ends = network.head_sources().contains(&own);
    if into.cell.is_none() && alone && steps && !ends { Ok(cell) } else { Err(refused) }
}

#[cfg(test)]
mod tests;
