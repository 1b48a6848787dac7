//! The topology of a lattice whose links may be on together.

use std::collections::{BTreeMap, BTreeSet};

use dartloom_space::{Source, Space, WeighedLink, WeightTable};
use serde::{Deserialize, Serialize};

use super::lattice::checked;
use super::{DecodedPaths, Path, PathDecoder};
use crate::topology::{Block, EdgeChances, PatternCost, TopologyLattice};
use crate::{DecodeError, identity};

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
/// # Differences from the paper
/// None but the cost of patterns, which is exact unless [`PatternCost::Released`] is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FeasibleTopology {
    /// The cost of a layer's set of links.
    pub cost: PatternCost,
}

impl PathDecoder for FeasibleTopology {
    /// # Errors
    /// [`DecodeError::Table`], [`DecodeError::NoLinkWeights`], [`DecodeError::LinkWeight`], and
    /// [`DecodeError::Topology`] for a network that is no layered lattice, or has no feasible
    /// topology.
    fn paths(&self, space: &Space, weights: &WeightTable) -> Result<DecodedPaths, DecodeError> {
        checked(space, weights)?;
        let mut all = space.network().weighed_links();
        all.sort_by_key(|link| link.layer);
        let layers: Vec<&[WeighedLink]> = all.chunk_by(|a, b| a.layer == b.layer).collect();
        let lattice = lattice(&layers)?;
        let weight = |link: &WeighedLink| weights.links()[link.row][link.link];
        let on = layers.iter().map(|layer| {
            let given: Vec<f64> = layer.iter().map(weight).collect();
            let some = some_on(&given);
            given.iter().map(|p| (p * some).clamp(0.0, 1.0)).collect()
        });
        let chances = EdgeChances::new(&lattice, on.collect())?;
        let best = chances.best(self.cost, 1)?;
        let patterns = best.first().into_iter().flat_map(|best| best.topology.patterns.concat());
        let mut links: Vec<Vec<usize>> = vec![Vec::new(); weights.links().len()];
        for (link, on) in all.iter().zip(patterns) {
            if on {
                links[link.row].push(link.link);
            }
        }
        let written: BTreeSet<usize> =
            (0..links.len()).filter(|&row| !links[row].is_empty()).collect();
        for row in &mut links {
            row.sort_unstable();
            // A node that nothing writes is not read either, and goes with its links.
            if row.is_empty() {
                row.push(0);
            }
        }
        let score = -best.first().map_or(0.0, |best| best.cost);
        let choices = space.network().choices().enumerate();
        let written = choices.filter(|(row, _)| written.contains(row));
        let end = |placement: usize| Path { placements: vec![placement], links: Vec::new(), score };
        let paths = written.map(|(_, choice)| end(choice.port.placement)).collect();
        Ok(DecodedPaths { paths, links, notes: Vec::new() })
    }

    fn identity(&self) -> Option<String> {
        identity::of("FeasibleTopology", self)
    }
}

/// The blocks of a lattice whose links are given layer by layer.
fn lattice(layers: &[&[WeighedLink]]) -> Result<TopologyLattice, DecodeError> {
    let mut blocks = Vec::with_capacity(layers.len());
    let mut before: BTreeSet<Source> = layers.first().into_iter().flat_map(|l| froms(l)).collect();
    for layer in layers {
        let sources: BTreeMap<Source, usize> = before.iter().copied().zip(0..).collect();
        let after: BTreeSet<Source> = layer.iter().map(|link| Source::Cell(link.to)).collect();
        let targets: BTreeMap<Source, usize> = after.iter().copied().zip(0..).collect();
        let edge = |link: &WeighedLink| {
            let from = sources.get(&link.from).copied();
            // A source of an earlier layer is none of this column.
            let from = from.ok_or(DecodeError::NotLayered { placement: link.to })?;
            Ok((from, targets[&Source::Cell(link.to)]))
        };
        let edges = layer.iter().map(edge).collect::<Result<Vec<_>, DecodeError>>()?;
        blocks.push(Block::new(sources.len(), targets.len(), edges)?);
        before = after;
    }
    Ok(TopologyLattice::new(blocks)?)
}

fn froms(layer: &[WeighedLink]) -> impl Iterator<Item = Source> {
    layer.iter().map(|link| link.from)
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
        let released = FeasibleTopology { cost: PatternCost::Released };
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
