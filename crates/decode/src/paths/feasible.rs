//! The topology of a lattice whose links may be on together.

use std::collections::BTreeSet;

use dartloom_space::{Space, WeighedLink, WeightTable};
use serde::{Deserialize, Serialize};

use super::lattice::checked;
use super::{DecodedPaths, LinkBudget, Path, PathDecoder};
use crate::topology::{
    Block, EdgeBudget, EdgeChances, PatternCost, RatedTopology, TopologyError, TopologyLattice,
};
use crate::{DecodeError, Decoder, TopK, identity};

/// The most probable set of links of a layered lattice in which every layer reads just the nodes
/// that the one before writes (DiNTS).
///
/// The weight of a link is the probability `p` that it is on given that some link of its layer is:
/// what [`SomeOn`](https://docs.rs/dartloom-relax) gives. With `Z` the solution in (0, 1] of
/// `Z = 1 - prod_e (1 - p_e Z)`, links are on with `s_e = p_e Z` independently of each other, and
/// [`EdgeChances::best`] finds the topology. Several links into a node may stay, and several nodes
/// may end: the result has a path for each node that is written, of that node alone, whose score
/// is minus the cost of the topology.
///
/// With a budget it is the most probable of the topologies that keep within it
/// ([`EdgeChances::best_within`]). The head is one more layer then, which reads what the last one
/// writes.
///
/// # Differences from the paper
/// The cost of patterns is exact unless [`PatternCost::Released`] is asked for. The paper has no
/// budget: its loss has a term for memory, which holds nothing to a limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FeasibleTopology {
    /// The cost of a layer's set of links.
    pub cost: PatternCost,
    /// A limit on the network that is left; not written where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budget: Option<LinkBudget>,
}

impl PathDecoder for FeasibleTopology {
    /// Operations in a budget are those of [`TopK::darts`].
    ///
    /// # Errors
    /// [`DecodeError::Table`], [`DecodeError::NoLinkWeights`], [`DecodeError::LinkWeight`], and
    /// [`DecodeError::Topology`] for a network that is no layered lattice, or has no feasible
    /// topology. With a budget [`DecodeError::LinkBudget`] where none keeps within it, with the
    /// least amount of any, [`DecodeError::LinkCost`] for a network whose cost is no sum over
    /// links, [`DecodeError::UnknownCost`] and [`DecodeError::Network`] where it cannot be counted.
    fn paths(&self, space: &Space, weights: &WeightTable) -> Result<DecodedPaths, DecodeError> {
        self.paths_beside(space, weights, &TopK::darts())
    }

    fn paths_beside(
        &self,
        space: &Space,
        weights: &WeightTable,
        cells: &dyn Decoder,
    ) -> Result<DecodedPaths, DecodeError> {
        checked(space, weights)?;
        let mut all = space.network().weighed_links();
        all.sort_by_key(|link| link.layer);
        let layers: Vec<&[WeighedLink]> = all.chunk_by(|a, b| a.layer == b.layer).collect();
        let lattice = TopologyLattice::of_layers(&all)?;
        let weight = |link: &WeighedLink| weights.links()[link.row][link.link];
        let on = layers.iter().map(|layer| {
            let given: Vec<f64> = layer.iter().map(weight).collect();
            let some = some_on(&given);
            given.iter().map(|p| (p * some).clamp(0.0, 1.0)).collect()
        });
        let on = on.collect();
        let best = match &self.budget {
            None => EdgeChances::new(&lattice, on)?.best(self.cost, 1)?.into_iter().next(),
            Some(budget) => {
                let costs = budget.costs(space, weights, cells, &all)?;
                let last: BTreeSet<usize> =
                    layers.last().into_iter().flat_map(|l| l.iter()).map(|l| l.to).collect();
                let ends = last.iter().map(|&placement| costs.ends[placement]).collect();
                let spent = |link: &WeighedLink| costs.links[link.row][link.link];
                let edges = layers.iter().map(|layer| layer.iter().map(spent).collect()).collect();
                let spent = Spent { edges, ends, fixed: costs.fixed };
                Some(self.within(*budget, &lattice, on, spent)?)
            }
        };
        Ok(found(space, &all, best.as_ref()))
    }

    fn identity(&self) -> Option<String> {
        identity::of("FeasibleTopology", self)
    }
}

/// Amounts that a topology spends.
struct Spent {
    /// Those of the edges by block.
    edges: Vec<Vec<u64>>,
    /// Those of the last nodes.
    ends: Vec<u64>,
    /// That of all topologies.
    fixed: u64,
}

impl FeasibleTopology {
    /// The best topology within a budget; `on` are the probabilities of links by block.
    fn within(
        &self,
        budget: LinkBudget,
        lattice: &TopologyLattice,
        mut on: Vec<Vec<f64>>,
        spent: Spent,
    ) -> Result<RatedTopology, DecodeError> {
        let Spent { mut edges, ends, fixed } = spent;
        // One more block, the head, has one pattern for each set of nodes that it may read, all of
        // equal probability.
        let nodes = ends.len();
        let mut blocks = lattice.blocks().to_vec();
        blocks.push(Block::new(nodes, 1, (0..nodes).map(|node| (node, 0)).collect())?);
        let lattice = TopologyLattice::new(blocks)?;
        on.push(vec![0.5; nodes]);
        edges.push(ends);
        let most = budget.most();
        let refuse = |least: u128| DecodeError::LinkBudget { what: budget.what(), most, least };
        let amounts = EdgeBudget { spent: edges, most: most.saturating_sub(fixed) };
        let chances = EdgeChances::new(&lattice, on)?;
        let fixed = u128::from(fixed);
        let mut best = match chances.best_within(self.cost, &amounts) {
            Err(TopologyError::Budget { least, .. }) => return Err(refuse(least + fixed)),
            best => best?,
        };
        let total = amounts.spent_by(&best.topology) + fixed;
        if total > u128::from(most) {
            return Err(refuse(total));
        }
        best.topology.patterns.pop();
        let half = 0.5_f64.powi(i32::try_from(nodes).unwrap_or(i32::MAX));
        best.cost -= self.cost.of(-(half / (1.0 - half)).ln());
        Ok(best)
    }
}

/// The links of a topology and the nodes that it ends in.
pub(super) fn found(
    space: &Space,
    all: &[WeighedLink],
    best: Option<&RatedTopology>,
) -> DecodedPaths {
    let patterns = best.into_iter().flat_map(|best| best.topology.patterns.concat());
    let choices = space.network().choices();
    let mut links: Vec<Vec<usize>> = choices.map(|_| Vec::new()).collect();
    for (link, on) in all.iter().zip(patterns) {
        if on {
            links[link.row].push(link.link);
        }
    }
    let written: BTreeSet<usize> = (0..links.len()).filter(|&row| !links[row].is_empty()).collect();
    for row in &mut links {
        row.sort_unstable();
        // A node that nothing writes is not read either, and goes with its links.
        if row.is_empty() {
            row.push(0);
        }
    }
    let score = -best.map_or(0.0, |best| best.cost);
    let choices = space.network().choices().enumerate();
    let written = choices.filter(|(row, _)| written.contains(row));
    let end = |placement: usize| Path { placements: vec![placement], links: Vec::new(), score };
    let paths = written.map(|(_, choice)| end(choice.port.placement)).collect();
    DecodedPaths { paths, links, notes: Vec::new() }
}

/// The solution in (0, 1] of `Z = 1 - prod (1 - p Z)`, by halving; 1 where no other is left.
fn some_on(given: &[f64]) -> f64 {
    let excess = |z: f64| {
        let none: f64 = given.iter().map(|p| (1.0 - p * z).max(0.0)).product();
        1.0 - none - z
    };
    let mut low = 1e-9;
    let mut high = 1.0;
    if excess(low) <= 0.0 {
        return low;
    }
    for _ in 0..100 {
        let middle = f64::midpoint(low, high);
        if excess(middle) > 0.0 {
            low = middle;
        } else {
            high = middle;
        }
    }
    f64::midpoint(low, high)
}

#[cfg(test)]
mod tests {
    use dartloom_space::{CellTable, Lattice, OpSet, Stem};

    use super::*;

    /// The probabilities of DiNTS' links given that some is on lead back to those of each.
    #[test]
    fn the_chance_that_some_link_is_on_is_found_again() {
        let on = [0.9, 0.05, 0.3, 0.5];
        let some = 1.0 - on.iter().map(|s| 1.0 - s).product::<f64>();
        let given: Vec<f64> = on.iter().map(|s| s / some).collect();
        assert!((some_on(&given) - some).abs() < 1e-12);
    }

    /// The golden case of three levels and three layers: `s = sigmoid(sin(1 + 7 l + 3 e))`.
    #[test]
    fn the_golden_topology_is_decoded_from_a_space() {
        let ops = OpSet::builtin("dints").unwrap();
        let stem = Stem::pyramid(3).unwrap();
        let space = Space::lattice(ops.clone(), Lattice::dints(3, 3), 1, stem).unwrap();
        let on = |l: usize, e: usize| {
            let logit = (1.0 + 7.0 * l as f64 + 3.0 * e as f64).sin();
            1.0 / (1.0 + (-logit).exp())
        };
        let mut links: Vec<Vec<f64>> =
            space.network().choices().map(|choice| vec![0.0; choice.links]).collect();
        let mut all = space.network().weighed_links();
        all.sort_by_key(|link| link.layer);
        for (index, layer) in all.chunk_by(|a, b| a.layer == b.layer).enumerate() {
            let none: f64 = (0..7).map(|e| 1.0 - on(index, e)).product();
            for (e, link) in layer.iter().enumerate() {
                links[link.row][link.link] = on(index, e) / (1.0 - none);
            }
        }
        let cell = |spec: &dartloom_space::CellSpec| CellTable {
            name: spec.name.clone(),
            edges: vec![vec![0.5; ops.len()]; spec.graph.edges().len()],
            edge_weights: None,
        };
        let names = ops.names().map(str::to_owned).collect();
        let table = WeightTable::new(names, space.cells().iter().map(cell).collect()).unwrap();
        let table = table.with_links(links).unwrap();
        let cost = PatternCost::Released;
        let released = FeasibleTopology { cost, budget: None };
        let found = released.paths(&space, &table).unwrap();
        let kept = |link: &WeighedLink| found.links[link.row].contains(&link.link);
        let patterns: Vec<String> = all
            .chunk_by(|a, b| a.layer == b.layer)
            .map(|layer| layer.iter().map(|link| if kept(link) { '1' } else { '0' }).collect())
            .collect();
        assert_eq!(patterns, ["1010101", "1010111", "1110101"]);
        let chosen = found.network(space.network()).unwrap();
        assert_eq!(chosen.choices().count(), 0);
    }
}
