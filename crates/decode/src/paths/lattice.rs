//! A network as a graph that paths lead through.

use dartloom_space::{PortId, Source, Space, WeightTable};
use serde::{Deserialize, Serialize};

use super::Path;
use crate::DecodeError;

/// The ports by which a path enters a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Entry {
    /// By the last port, which reads the layer before; others are skips and no part of a path
    /// (Auto-DeepLab).
    LastPort,
    /// By any port.
    AnyPort,
}

/// The conversion of link weights to probabilities of a path's next step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Transitions {
    /// The table's rows as they are: shares of the links into a cell. A cell with a single way in
    /// has it for certain, which favours the border of a lattice.
    LinksIn,
    /// Each weight divided by the sum over the links that leave its source: shares of the ways on
    /// (Auto-DeepLab). A link that is no choice counts as 1 before the division.
    LinksOut,
}

/// A link from a source into a placement.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub(super) source: Source,
    /// Row of the choice and position in it, for links that link weights choose among.
    pub(super) link: Option<(usize, usize)>,
    /// Logarithm of the link's probability.
    pub(super) log: f64,
}

/// Links into every placement, and the placements that the head reads.
#[derive(Debug)]
pub(super) struct Lattice {
    pub(super) steps: Vec<Vec<Step>>,
    pub(super) ends: Vec<usize>,
    weights: Vec<Vec<f64>>,
}

impl Lattice {
    pub(super) fn new(
        space: &Space,
        table: &WeightTable,
        (entry, transitions): (Entry, Transitions),
    ) -> Result<Self, DecodeError> {
        table.check(space).map_err(DecodeError::Table)?;
        let network = space.network();
        let choices: Vec<PortId> = network.choices().map(|choice| choice.port).collect();
        let weights = table.links().to_vec();
        if weights.len() != choices.len() {
            return Err(DecodeError::NoLinkWeights { choices: choices.len() });
        }
        for (row, links) in weights.iter().enumerate() {
            if let Some(link) = links.iter().position(|&weight| weight < 0.0) {
                return Err(DecodeError::LinkWeight { row, link, found: links[link] });
            }
        }
        let mut steps = Vec::with_capacity(network.placements().len());
        for (index, placement) in network.placements().iter().enumerate() {
            let mut into: Vec<Step> = Vec::new();
            let first = match entry {
                Entry::LastPort => placement.ports.len().saturating_sub(1),
                Entry::AnyPort => 0,
            };
            for (port, links) in placement.ports.iter().enumerate().skip(first) {
                let row = choices.iter().position(|own| *own == PortId { placement: index, port });
                for (position, link) in links.links.iter().enumerate() {
                    let source = link.source;
                    let log = row.map_or(0.0, |row| weights[row][position].ln());
                    // The same fixed source by two ports is one way in.
                    let known = |step: &Step| step.source == source && step.link.is_none();
                    if row.is_some() || !into.iter().any(known) {
                        into.push(Step { source, link: row.map(|row| (row, position)), log });
                    }
                }
            }
            steps.push(into);
        }
        if transitions == Transitions::LinksOut {
            share_out(&mut steps);
        }
        let ends = network.head_sources().into_iter().filter_map(|source| match source {
            Source::Cell(cell) => Some(cell),
            Source::Stem(_) => None,
        });
        Ok(Self { ends: ends.collect(), steps, weights })
    }

    /// The number of paths that end at each placement.
    pub(super) fn counts(&self) -> Vec<u64> {
        let mut counts: Vec<u64> = Vec::with_capacity(self.steps.len());
        for into in &self.steps {
            let ways = into.iter().map(|step| match step.source {
                Source::Stem(_) => 1,
                Source::Cell(earlier) => counts[earlier],
            });
            counts.push(ways.fold(0, u64::saturating_add));
        }
        counts
    }

    /// The links that stay if the given paths do: their own, and the heaviest of every other
    /// choice.
    pub(super) fn kept(&self, paths: &[Path]) -> Vec<Vec<usize>> {
        let mut kept: Vec<Vec<usize>> = vec![Vec::new(); self.weights.len()];
        for &(row, link) in paths.iter().flat_map(|path| &path.links) {
            if !kept[row].contains(&link) {
                kept[row].push(link);
            }
        }
        for (row, links) in kept.iter_mut().enumerate() {
            links.sort_unstable();
            if links.is_empty() {
                links.push(heaviest(&self.weights[row]));
            }
        }
        kept
    }
}

/// Divides every weight by the sum over the links that leave its source.
fn share_out(steps: &mut [Vec<Step>]) {
    let mut sums = vec![0.0; steps.len()];
    for step in steps.iter().flatten() {
        if let Source::Cell(source) = step.source {
            sums[source] += step.log.exp();
        }
    }
    for step in steps.iter_mut().flatten() {
        // A sum of 0 has only links of weight 0, which stay impossible.
        if let Source::Cell(source) = step.source
            && sums[source] > 0.0
        {
            step.log -= f64::ln(sums[source]);
        }
    }
}

/// The first of the largest.
fn heaviest(weights: &[f64]) -> usize {
    let mut best = 0;
    for (index, &weight) in weights.iter().enumerate() {
        if weight > weights[best] {
            best = index;
        }
    }
    best
}
