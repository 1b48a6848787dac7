//! Paths through a directed acyclic graph whose edges carry logarithms of weights. Knows no space.

mod best;
mod error;
mod moments;
mod ranked;
mod several;
mod states;

pub use best::{BestOfDag, DagTie};
pub use error::DagError;
pub use moments::ScoreStatistics;
pub use ranked::RankedPaths;
pub use several::SeveralPaths;

/// An edge of a [`Dag`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DagEdge {
    /// The node it leaves.
    pub from: usize,
    /// The node it enters: a later one.
    pub to: usize,
    /// Natural logarithm of its weight; minus infinity for an edge that no path can take.
    pub log: f64,
    /// `true` if it adds one to the length of its paths, by which scores are divided.
    pub counts: bool,
}

/// A directed acyclic graph with sources and sinks, and paths between them.
///
/// Nodes are `0..nodes` in topological order. With `l(e)` the logarithm of an edge (`DagEdge::log`)
/// and `n` the number of edges of a path that count (`DagEdge::counts`):
///
/// ```text
/// log likelihood(path) = sum of l(e) over its edges, from the source on
/// score(path)          = log likelihood / max(1, n)
/// ```
///
/// A path leads from a source to a sink; it may pass other sinks. Parallel edges make different
/// paths. Paths with an edge of minus infinity are impossible: they are counted by
/// [`Dag::count_all`] alone.
#[derive(Clone, Debug, PartialEq)]
pub struct Dag {
    edges: Vec<DagEdge>,
    /// Edges into every node, in the order in which they were given.
    into: Vec<Vec<usize>>,
    source: Vec<bool>,
    sinks: Vec<usize>,
}

/// A path through a [`Dag`].
#[derive(Clone, Debug, PartialEq)]
pub struct DagPath {
    /// Its nodes, from a source to a sink.
    pub nodes: Vec<usize>,
    /// Its edges, by their positions in the graph.
    pub edges: Vec<usize>,
    /// Sum of the logarithms of its edges.
    pub log_likelihood: f64,
    /// The mean over the edges that count.
    pub score: f64,
}

impl Dag {
    /// A graph of `nodes` nodes. The order of `edges` and `sinks` is the order in which equal paths
    /// stand.
    ///
    /// # Errors
    /// [`DagError::Edge`] for an edge that does not lead to a later node, [`DagError::Log`] for a
    /// logarithm that is no number or plus infinity, [`DagError::End`] for a source or sink that
    /// does not exist or is named twice, [`DagError::Entered`] for an edge into a source.
    pub fn new(
        nodes: usize,
        edges: Vec<DagEdge>,
        sources: &[usize],
        sinks: Vec<usize>,
    ) -> Result<Self, DagError> {
        let source = marked("source", nodes, sources)?;
        marked("sink", nodes, &sinks)?;
        let mut into: Vec<Vec<usize>> = vec![Vec::new(); nodes];
        for (index, edge) in edges.iter().enumerate() {
            let DagEdge { from, to, log, .. } = *edge;
            if from >= to || to >= nodes {
                return Err(DagError::Edge { index, from, to, nodes });
            }
            if log.is_nan() || log >= f64::INFINITY {
                return Err(DagError::Log { index, found: log });
            }
            if source[to] {
                return Err(DagError::Entered { index, node: to });
            }
            into[to].push(index);
        }
        Ok(Self { edges, into, source, sinks })
    }

    /// Its edges.
    pub fn edges(&self) -> &[DagEdge] {
        &self.edges
    }

    /// The number of its nodes.
    pub fn nodes(&self) -> usize {
        self.into.len()
    }

    /// Its sinks, in the order in which they were given.
    pub fn sinks(&self) -> &[usize] {
        &self.sinks
    }

    /// The number of possible paths; `u128::MAX` where there are more.
    #[must_use]
    pub fn count(&self) -> u128 {
        self.count_over(|edge| edge.log > f64::NEG_INFINITY)
    }

    /// The number of paths, impossible ones included; `u128::MAX` where there are more.
    #[must_use]
    pub fn count_all(&self) -> u128 {
        self.count_over(|_| true)
    }

    fn count_over(&self, may: impl Fn(&DagEdge) -> bool) -> u128 {
        let mut counts: Vec<u128> = Vec::with_capacity(self.nodes());
        for (node, into) in self.into.iter().enumerate() {
            let ways = into.iter().map(|&index| &self.edges[index]).filter(|&edge| may(edge));
            let start = u128::from(self.source[node]);
            let count = ways.fold(start, |sum, edge| sum.saturating_add(counts[edge.from]));
            counts.push(count);
        }
        self.sinks.iter().fold(0, |sum: u128, &sink| sum.saturating_add(counts[sink]))
    }

    /// The edges into a node that paths can take, in the order in which they were given.
    fn ways_into(&self, node: usize) -> impl Iterator<Item = usize> {
        let ways = self.into[node].iter().copied();
        ways.filter(|&index| self.edges[index].log > f64::NEG_INFINITY)
    }

    /// A path from its edges, last one first, that ends at `sink`.
    fn path(&self, sink: usize, backwards: Vec<usize>) -> DagPath {
        let mut edges = backwards;
        edges.reverse();
        let start = edges.first().map_or(sink, |&first| self.edges[first].from);
        let mut nodes = vec![start];
        let mut log_likelihood = 0.0;
        let mut length = 0;
        for &index in &edges {
            let edge = &self.edges[index];
            nodes.push(edge.to);
            log_likelihood += edge.log;
            length += usize::from(edge.counts);
        }
        DagPath { nodes, edges, log_likelihood, score: mean(log_likelihood, length) }
    }
}

/// The score of a path.
fn mean(log_likelihood: f64, length: usize) -> f64 {
    log_likelihood / length.max(1) as f64
}

/// The nodes that a list names.
fn marked(end: &'static str, nodes: usize, named: &[usize]) -> Result<Vec<bool>, DagError> {
    let mut marks = vec![false; nodes];
    for &node in named {
        match marks.get_mut(node) {
            Some(mark) if !*mark => *mark = true,
            _ => return Err(DagError::End { end, node, nodes }),
        }
    }
    Ok(marks)
}

#[cfg(test)]
mod tests;
