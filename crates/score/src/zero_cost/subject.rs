//! The network that is scored.

use candle_core::{DType, Tensor};
use dartloom_net::{DerivedNetwork, Supernet};
use dartloom_noise::Noise;
use dartloom_ops::{Model, OpError, Output, Pass, Place, Registry, Variables};
use dartloom_space::{ArchWeights, Blueprint, Cost, Phase, PortPlan};
use dartloom_task::Task;

use super::ZeroCostError;

/// A network before it has weights: a derived one, or a supernet, which is scored as a
/// [`Topology`].
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The network.
    pub plan: &'a Blueprint,
    /// The operations of the network.
    pub registry: &'a Registry,
    /// The task of the network.
    pub task: &'a dyn Task,
}

impl Subject<'_> {
    /// The network with weights drawn from `noise`, on the CPU.
    ///
    /// # Errors
    /// Those of [`DerivedNetwork::new`] and [`Supernet::new`].
    pub fn network(&self, dtype: DType, noise: Noise) -> Result<Box<dyn Model>, ZeroCostError> {
        let Self { plan, registry, .. } = *self;
        let mut rng = noise.stream("weights", 0);
        Ok(match plan.phase {
            Phase::Retrain => {
                Box::new(DerivedNetwork::new(plan, registry, &Place::from(dtype), &mut rng)?)
            }
            Phase::Search => {
                let supernet = Supernet::new(plan, registry, &Place::from(dtype), &mut rng)?;
                Box::new(Topology::new(plan, supernet)?)
            }
        })
    }
}

/// A supernet whose edges weigh all operations alike: the state of a space before any choice.
#[derive(Debug)]
pub struct Topology {
    supernet: Supernet,
    weights: ArchWeights<Tensor>,
}

impl Topology {
    /// The supernet of `plan` with weight `1 / operations` everywhere, and `1 / links` on the links
    /// of every port that chooses.
    ///
    /// # Errors
    /// When the tensor library fails.
    pub fn new(plan: &Blueprint, supernet: Supernet) -> Result<Self, ZeroCostError> {
        let highest = plan.cells.iter().filter_map(|cell| cell.cell).max();
        let cells = highest.map_or(0, |cell| cell + 1);
        let device = supernet.variables().device();
        let dtype = supernet.variables().dtype();
        let table = |cell: usize| {
            let placed = plan.cells.iter().find(|placed| placed.cell == Some(cell));
            let edges = placed.map_or(&[][..], |placed| &placed.edges);
            let ops = edges.first().map_or(1, |edge| edge.candidates.len().max(1));
            let share = Tensor::full(1.0 / ops as f64, (edges.len(), ops), device)?;
            share.to_dtype(dtype)
        };
        let tables = (0..cells).map(table).collect::<Result<Vec<_>, _>>()?;
        let ports = plan.cells.iter().flat_map(|cell| &cell.ports);
        let share = |port: &PortPlan| {
            let links = port.links.len();
            Tensor::full(1.0 / links as f64, links, device)?.to_dtype(dtype)
        };
        let links = ports.filter(|port| port.weighed).map(share).collect::<Result<_, _>>()?;
        let weights = ArchWeights { links, ..ArchWeights::of_ops(tables) };
        Ok(Self { supernet, weights })
    }
}

impl Model for Topology {
    fn variables(&self) -> &Variables {
        self.supernet.variables()
    }

    fn forward(&self, x: &Tensor, pass: &mut Pass<'_>) -> Result<Output, OpError> {
        Ok(self.supernet.forward(x, &self.weights, pass)?)
    }

    fn cost(&self) -> Cost {
        self.supernet.cost()
    }
}
