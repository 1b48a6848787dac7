//! The costs of all choices of a space, in the network that is trained afterwards.

use dartloom_space::{Blueprint, Build, Gene, Genotype, Layer, Network, Repeats, Shape, Space};

use super::Budget;
use crate::DecodeError;

/// Cost of one operation on one edge, over all placements of its cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OpCost {
    /// Trainable numbers.
    pub parameters: u64,
    /// Multiply-adds for one image.
    pub macs: u64,
}

/// The cost of every operation on every edge in the retrained network, and the cost of the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpCosts {
    cells: Vec<Vec<Vec<OpCost>>>,
    fixed: OpCost,
}

impl OpCosts {
    /// Costs of the choices of `space` in the network that `budget` describes.
    ///
    /// # Errors
    /// [`DecodeError::Network`] when the network cannot be built, [`DecodeError::UnknownCost`] for
    /// an operation that a factory builds.
    pub fn of(space: &Space, budget: &Budget) -> Result<Self, DecodeError> {
        let ops = space.op_set();
        // One architecture that has every operation on every edge: its genes are all choices.
        let every = space.cells().iter().map(|spec| {
            let edges = spec.graph.edges().iter();
            let genes = edges.flat_map(|edge| {
                let gene = move |op: &str| Gene { op: op.to_owned(), from: edge.from, to: edge.to };
                ops.names().map(gene)
            });
            spec.genotype(genes.collect())
        });
        let genotype = space.genotype(every.collect()).map_err(DecodeError::Genotype)?;
        let network = network(&genotype, space, budget)?;
        let build = Build::new(budget.channels, budget.classes, budget.input);
        let build = build.for_network(&network);
        let blueprint = Blueprint::derived(&genotype, &network, ops, build);
        let blueprint = blueprint.map_err(DecodeError::Network)?;
        let rows = |cell: usize| space.cells()[cell].graph.edges().len();
        let mut cells: Vec<Vec<Vec<OpCost>>> = (0..space.cells().len())
            .map(|cell| vec![vec![OpCost::default(); ops.len()]; rows(cell)])
            .collect();
        let total = blueprint.cost().map_err(DecodeError::Network)?;
        let mut fixed = OpCost { parameters: total.parameters, macs: total.macs };
        for plan in &blueprint.cells {
            // A sum has no edges.
            let Some(cell) = plan.cell else { continue };
            for (index, edge) in plan.edges.iter().enumerate() {
                for candidate in &edge.candidates {
                    let layers = candidate.layers.as_ref();
                    let name = || candidate.op.name.clone();
                    let layers = layers.ok_or_else(|| DecodeError::UnknownCost { op: name() })?;
                    let cost = cost(layers, edge.input.shape)?;
                    let own = &mut cells[cell][index / ops.len()][index % ops.len()];
                    own.parameters = own.parameters.saturating_add(cost.parameters);
                    own.macs = own.macs.saturating_add(cost.macs);
                    fixed.parameters = fixed.parameters.saturating_sub(cost.parameters);
                    fixed.macs = fixed.macs.saturating_sub(cost.macs);
                }
            }
        }
        Ok(Self { cells, fixed })
    }

    /// Cost of an operation on a row of a cell.
    pub fn at(&self, cell: usize, row: usize, op: usize) -> OpCost {
        self.cells[cell][row][op]
    }

    /// Cost of everything that is not a choice: stem, inputs of cells, head.
    pub fn fixed(&self) -> OpCost {
        self.fixed
    }
}

fn network(genotype: &Genotype, space: &Space, budget: &Budget) -> Result<Network, DecodeError> {
    let network = match budget.layers {
        None => genotype.network_in(space),
        Some(layers) => {
            let stem = space.network().stem().clone();
            genotype.chain(layers, stem, None, Repeats::InTurn).and_then(|chain| chain.network())
        }
    };
    network.map_err(DecodeError::Network)
}

fn cost(layers: &[Layer], input: Shape) -> Result<OpCost, DecodeError> {
    let mut cost = OpCost::default();
    let mut shape = input;
    for layer in layers {
        cost.parameters = cost.parameters.saturating_add(layer.parameters());
        cost.macs = cost.macs.saturating_add(layer.macs(shape).map_err(DecodeError::Network)?);
        shape = layer.output(shape).map_err(DecodeError::Network)?;
    }
    Ok(cost)
}
