//! The best architecture within limits on its cost.

mod cost;
mod frontier;
mod options;

use dartloom_space::{Gene, Shape, Space, WeightTable};
use serde::{Deserialize, Serialize};

pub use cost::{OpCost, OpCosts};

use crate::assembly::{genotype, weighed};
use crate::cell::Cell;
use crate::{DecodeError, Decoded, Decoder, identity};
use frontier::{Frontier, QUANTITIES, Spent, State};
use options::node_options;

/// The architecture of the largest weight within limits.
///
/// With `W[i][o]` the weight of operation `o` on the edge from `i` (`weights`), that edge's weight
/// multiplied in where the table has any, every node `j` keeps a set `I_j` of `edges` in-edges
/// (all, where it has fewer) with one operation `o_i` other than "none" each, such that over all
/// nodes of all cells
///
/// ```text
/// sum_j sum_(i in I_j) W[i][o_i]   is largest
/// fixed + sum c(i, o_i) <= limit   for parameters and multiply-adds of the whole network
/// number of (parameter-free) skip connections of each cell <= limit
/// ```
///
/// Without limits this is [`TopK::darts`](crate::TopK::darts). Costs are those of the retrained
/// network, every placement of a cell counted ([`OpCosts`]); each node has `edges` genes, so the
/// rest of the network costs the same whatever is chosen and the sum is exact. The maximum is
/// exact too: dynamic programming node by node over the combinations that no other dominates (more
/// weight at no more of any cost). A limit on skip connections per cell is the rule of Chen et al.,
/// *Progressive DARTS*, ICCV 2019, which restricts them to two. Cost: the number of
/// combinations that are not dominated, refused above [`Constrained::MOST`].
///
/// # Differences from the paper
/// Progressive DARTS lowers the weight of skip connections and decodes again until few enough
/// remain, in the normal cell alone; this keeps the best cells with at most that many, in each
/// cell. Equal sums go to the lowest rows and operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Constrained {
    /// Edges kept per node, 1 or more.
    pub edges: usize,
    /// Most skip connections of a cell.
    pub skips: Option<usize>,
    /// Most operations without weights (skip connections and pooling) of a cell.
    pub parameter_free: Option<usize>,
    /// Limits on the cost of the whole network.
    pub budget: Option<Budget>,
}

/// Limits on a network, and the sizes it is meant to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// Most trainable numbers, without an auxiliary head.
    #[serde(default)]
    pub parameters: Option<u64>,
    /// Most multiply-adds for one image, without an auxiliary head.
    #[serde(default)]
    pub macs: Option<u64>,
    /// Base channels.
    pub channels: usize,
    /// Cells of the chain; `None` for the space's own network.
    #[serde(default)]
    pub layers: Option<usize>,
    /// Classes.
    pub classes: usize,
    /// Shape of one image.
    pub input: Shape,
}

impl Constrained {
    /// The most combinations of one stage that are kept side by side.
    pub const MOST: usize = 1 << 13;

    /// At most two skip connections per cell, as in Progressive DARTS.
    pub const fn two_skips() -> Self {
        Self { edges: 2, skips: Some(2), parameter_free: None, budget: None }
    }
}

impl Default for Constrained {
    /// Two edges per node and no limit.
    fn default() -> Self {
        Self { edges: 2, skips: None, parameter_free: None, budget: None }
    }
}

/// A quantity that can be limited, in the order of a state's costs: those of single cells first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Counted {
    Skips,
    ParameterFree,
    Parameters,
    Macs,
}

/// A limit and the quantity that it limits.
#[derive(Clone, Copy, Debug)]
struct Limit {
    counted: Counted,
    most: u64,
}

impl Decoder for Constrained {
    /// # Errors
    /// [`DecodeError::Table`], [`DecodeError::EdgeWeight`], [`DecodeError::NoEdges`],
    /// [`DecodeError::NoOperation`], [`DecodeError::OverBudget`] when no architecture keeps within
    /// the limits, [`DecodeError::UnknownCost`] for an operation that a factory builds under a
    /// budget, [`DecodeError::Network`] when the budget's network cannot be built, and
    /// [`DecodeError::TooManyStates`].
    fn decode(&self, space: &Space, weights: &WeightTable) -> Result<Decoded, DecodeError> {
        if self.edges == 0 {
            return Err(DecodeError::NoEdges { found: 0 });
        }
        let cells = weighed(space, weights)?;
        let costs = match &self.budget {
            Some(budget) => Some(OpCosts::of(space, budget)?),
            None => None,
        };
        let limits = self.limits(costs.as_ref())?;
        let mut frontier = Frontier::start();
        for cell in &cells {
            frontier = self.cell(cell, &limits, costs.as_ref(), frontier)?;
        }
        let Some(best) = frontier.best() else { return Err(DecodeError::OverBudget) };
        let cells = cells.iter().map(|cell| cell.spec.genotype(genes(cell, best)));
        Ok(Decoded { genotype: genotype(space, cells.collect())?, notes: Vec::new() })
    }

    fn identity(&self) -> Option<String> {
        identity::of("Constrained", self)
    }
}

impl Constrained {
    /// Limits that are set; those on the network less what every architecture costs.
    fn limits(&self, costs: Option<&OpCosts>) -> Result<Vec<Limit>, DecodeError> {
        let mut limits = Vec::new();
        for (counted, most) in
            [(Counted::Skips, self.skips), (Counted::ParameterFree, self.parameter_free)]
        {
            limits.extend(most.map(|most| Limit { counted, most: most as u64 }));
        }
        let (Some(budget), Some(costs)) = (&self.budget, costs) else { return Ok(limits) };
        let fixed = costs.fixed();
        let totals = [
            (Counted::Parameters, budget.parameters, fixed.parameters),
            (Counted::Macs, budget.macs, fixed.macs),
        ];
        for (counted, most, fixed) in totals {
            if let Some(most) = most {
                let most = most.checked_sub(fixed).ok_or(DecodeError::OverBudget)?;
                limits.push(Limit { counted, most });
            }
        }
        Ok(limits)
    }

    /// Combinations after a cell, from those before it.
    fn cell(
        &self,
        cell: &Cell<'_>,
        limits: &[Limit],
        costs: Option<&OpCosts>,
        mut frontier: Frontier,
    ) -> Result<Frontier, DecodeError> {
        for node in cell.spec.graph.own_nodes() {
            let price = |row: usize, op: usize| -> Spent {
                let mut spent = [0; QUANTITIES];
                for (own, limit) in spent.iter_mut().zip(limits) {
                    *own = price(cell, costs, limit.counted, (row, op));
                }
                spent
            };
            let options = node_options(cell, node, self.edges, limits, &price)?;
            frontier = frontier.extended(cell.index, &options, limits)?;
        }
        // What is limited per cell starts again in the next.
        frontier.forget(|index| {
            let limit = limits.get(index).map(|limit| limit.counted);
            matches!(limit, Some(Counted::Skips | Counted::ParameterFree))
        })
    }
}

/// The amount that an operation on a row adds to a limited quantity.
fn price(
    cell: &Cell<'_>,
    costs: Option<&OpCosts>,
    counted: Counted,
    (row, op): (usize, usize),
) -> u64 {
    let spec = &cell.ops.ops()[op];
    let cost = || costs.map_or(OpCost::default(), |costs| costs.at(cell.index, row, op));
    match counted {
        Counted::Skips => {
            u64::from(spec.recipe.as_ref().is_some_and(dartloom_space::Recipe::is_identity))
        }
        Counted::ParameterFree => u64::from(spec.is_parameter_free()),
        Counted::Parameters => cost().parameters,
        Counted::Macs => cost().macs,
    }
}

/// Genes of a cell in a finished combination, node by node, heaviest first.
fn genes(cell: &Cell<'_>, state: &State) -> Vec<Gene> {
    let mut picks: Vec<(usize, usize)> = state.picks_of(cell.index).collect();
    let node = |row: usize| cell.spec.graph.edges()[row].to;
    let weight = |&(row, op): &(usize, usize)| cell.rows[row][op];
    // Stable: equal edges keep their order.
    picks.sort_by(|a, b| node(a.0).cmp(&node(b.0)).then(weight(b).total_cmp(&weight(a))));
    picks.into_iter().map(|(row, op)| cell.gene(row, op)).collect()
}

#[cfg(test)]
mod tests;
