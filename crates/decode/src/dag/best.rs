//! The most probable path.

use super::{Dag, DagPath};
use crate::TieBreak;
use crate::policy::Place;
use crate::rank::Ranking;

/// The most probable path of a [`Dag`].
#[derive(Clone, Debug, PartialEq)]
pub struct BestOfDag {
    /// The path.
    pub path: DagPath,
    /// Ties on it, from its source on; that of the sinks comes last.
    pub ties: Vec<DagTie>,
}

/// Equal ways into a node, or equal sinks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DagTie {
    /// The node; `None` for the choice of a sink.
    pub node: Option<usize>,
    /// The number of equal ways.
    pub ways: usize,
}

/// The best way to a node.
#[derive(Clone, Copy)]
struct Reached {
    log: f64,
    edge: Option<usize>,
    /// The number of ways that are as good.
    ways: usize,
}

impl Dag {
    /// The path of the largest log likelihood, by the algorithm of Viterbi on logarithms.
    ///
    /// ```text
    /// s(v) = max over edges e = (u, v) of s(u) + l(e)        s = 0 at sources
    /// end  = argmax s over the sinks
    /// ```
    ///
    /// and back along the maxima; `None` where no path is possible. Cost: one step per edge.
    ///
    /// Of equal ways into a node (and of equal sinks) `ties` chooses: edges and sinks count in the
    /// order in which they were given, without those that cannot be reached. Ways are equal when
    /// their sums of logarithms are the same number: sums in another order, equal on paper, may
    /// differ in the last digit.
    #[must_use]
    pub fn best(&self, ties: TieBreak) -> Option<BestOfDag> {
        let mut reached: Vec<Option<Reached>> = Vec::with_capacity(self.nodes());
        for node in 0..self.nodes() {
            if self.source[node] {
                reached.push(Some(Reached { log: 0.0, edge: None, ways: 1 }));
                continue;
            }
            let way = |edge: usize| {
                let before: Option<Reached> = reached[self.edges[edge].from];
                before.map(|before| (edge, before.log + self.edges[edge].log))
            };
            let ways: Vec<(usize, f64)> = self.ways_into(node).filter_map(way).collect();
            let chosen = choose(&ways, ties, Some(node));
            reached.push(chosen.map(|(edge, reached)| Reached { edge: Some(edge), ..reached }));
        }
        let ends = self.sinks.iter().filter_map(|&sink| reached[sink].map(|end| (sink, end.log)));
        let ends: Vec<(usize, f64)> = ends.collect();
        let (sink, end) = choose(&ends, ties, None)?;
        Some(self.trace(&reached, sink, end.ways))
    }

    fn trace(&self, reached: &[Option<Reached>], sink: usize, equal_sinks: usize) -> BestOfDag {
        let mut backwards = Vec::new();
        let mut ties = vec![DagTie { node: None, ways: equal_sinks }];
        let mut at = sink;
        while let Some(Reached { edge: Some(edge), ways, .. }) = reached[at] {
            ties.push(DagTie { node: Some(at), ways });
            backwards.push(edge);
            at = self.edges[edge].from;
        }
        ties.retain(|tie| tie.ways > 1);
        ties.reverse();
        BestOfDag { path: self.path(sink, backwards), ties }
    }
}

/// The best candidate, and the number of equals.
fn choose(
    candidates: &[(usize, f64)],
    ties: TieBreak,
    placement: Option<usize>,
) -> Option<(usize, Reached)> {
    let ranked = Ranking::new(candidates, ties, Place::Path { placement });
    let ways = ranked.groups().next()?.len();
    ranked.best().map(|(chosen, log)| (chosen, Reached { log, edge: None, ways }))
}
