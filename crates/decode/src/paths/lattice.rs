//! A network as a graph that paths lead through.

use dartloom_space::{Network, Port, PortId, Source, Space, WeightTable};
use serde::{Deserialize, Serialize};

use super::Path;
use crate::{Dag, DagEdge, DagPath, DecodeError};

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

/// The links of a path that its mean is taken over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum MeanOver {
    /// Those that link weights choose among. A path without any has score 0, certainty.
    #[default]
    WeightedLinks,
    /// All links into its cells. Those that are no choice have weight 1, so that they pull the mean
    /// towards certainty and longer ways round are favoured.
    AllLinks,
}

/// The reading of a network as a graph.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    pub(super) entry: Entry,
    pub(super) transitions: Transitions,
    pub(super) mean: MeanOver,
}

/// Row of a choice and position in it.
type LinkAt = (usize, usize);

/// A network as a graph: stem parts are its first nodes and its sources, placements follow, and the
/// placements that the head reads are its sinks. Edges into a placement stand in the order of its
/// ports and their links.
#[derive(Debug)]
pub(super) struct Lattice {
    pub(super) dag: Dag,
    /// The weighted link of every edge, if it has one.
    links: Vec<Option<LinkAt>>,
    stems: usize,
    weights: Vec<Vec<f64>>,
}

impl Lattice {
    pub(super) fn new(
        space: &Space,
        table: &WeightTable,
        reading: Reading,
    ) -> Result<Self, DecodeError> {
        let weights = checked(space, table)?;
        let network = space.network();
        let choices: Vec<PortId> = network.choices().map(|choice| choice.port).collect();
        let stems = network.stem().parts().len();
        let mut edges = Vec::new();
        let mut links = Vec::new();
        for (index, placement) in network.placements().iter().enumerate() {
            for way in ways_into(&placement.ports, index, reading.entry, &choices) {
                let log = way.link.map_or(0.0, |(row, link)| weights[row][link].ln());
                let from = node(way.source, stems);
                let counts = way.link.is_some() || reading.mean == MeanOver::AllLinks;
                edges.push(DagEdge { from, to: stems + index, log, counts });
                links.push(way.link);
            }
        }
        if reading.transitions == Transitions::LinksOut {
            share_out(&mut edges, stems);
        }
        let nodes = stems + network.placements().len();
        let sources: Vec<usize> = (0..stems).collect();
        let dag = Dag::new(nodes, edges, &sources, ends(network, stems));
        Ok(Self { dag: dag.map_err(DecodeError::Dag)?, links, stems, weights })
    }

    /// The placement of a node; `None` for a stem part.
    pub(super) fn placement(&self, node: usize) -> Option<usize> {
        node.checked_sub(self.stems)
    }

    /// A path of the graph as one of the network.
    pub(super) fn path(&self, path: &DagPath, score: f64) -> Path {
        Path {
            placements: path.nodes.iter().filter_map(|&node| self.placement(node)).collect(),
            links: path.edges.iter().filter_map(|&edge| self.links[edge]).collect(),
            score,
        }
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

/// The link weights of a table that fits the space.
pub(super) fn checked(space: &Space, table: &WeightTable) -> Result<Vec<Vec<f64>>, DecodeError> {
    table.check(space).map_err(DecodeError::Table)?;
    let choices = space.network().choices().count();
    let weights = table.links().to_vec();
    if weights.len() != choices {
        return Err(DecodeError::NoLinkWeights { choices });
    }
    for (row, links) in weights.iter().enumerate() {
        if let Some(link) = links.iter().position(|&weight| weight < 0.0) {
            return Err(DecodeError::LinkWeight { row, link, found: links[link] });
        }
    }
    Ok(weights)
}

/// A way into a placement.
struct WayIn {
    source: Source,
    link: Option<LinkAt>,
}

/// The ways into a placement, port by port. The same fixed source by two ports is one way in.
fn ways_into(ports: &[Port], placement: usize, entry: Entry, choices: &[PortId]) -> Vec<WayIn> {
    let first = match entry {
        Entry::LastPort => ports.len().saturating_sub(1),
        Entry::AnyPort => 0,
    };
    let mut ways: Vec<WayIn> = Vec::new();
    for (port, links) in ports.iter().enumerate().skip(first) {
        let row = choices.iter().position(|own| *own == PortId { placement, port });
        for (position, link) in links.links.iter().enumerate() {
            let source = link.source;
            let known = |way: &WayIn| way.source == source && way.link.is_none();
            if row.is_some() || !ways.iter().any(known) {
                ways.push(WayIn { source, link: row.map(|row| (row, position)) });
            }
        }
    }
    ways
}

fn node(source: Source, stems: usize) -> usize {
    match source {
        Source::Stem(part) => part,
        Source::Cell(index) => stems + index,
    }
}

/// The cells that the head reads, each once.
fn ends(network: &Network, stems: usize) -> Vec<usize> {
    let mut ends = Vec::new();
    for source in network.head_sources() {
        let end = node(source, stems);
        if matches!(source, Source::Cell(_)) && !ends.contains(&end) {
            ends.push(end);
        }
    }
    ends
}

/// Divides every weight by the sum over the links that leave its source, stem parts excepted.
fn share_out(edges: &mut [DagEdge], stems: usize) {
    let last = edges.iter().map(|edge| edge.to).max().unwrap_or(0);
    let mut sums = vec![0.0; last + 1];
    for edge in &*edges {
        sums[edge.from] += edge.log.exp();
    }
    for edge in edges {
        // A sum of 0 has only links of weight 0, which stay impossible.
        if edge.from >= stems && sums[edge.from] > 0.0 {
            edge.log -= f64::ln(sums[edge.from]);
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
