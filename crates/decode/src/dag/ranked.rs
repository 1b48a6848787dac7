//! Paths from the best score down, found one after the other.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::states::{Lengths, States};
use super::{Dag, DagPath, mean};

/// The possible paths of a [`Dag`], from the best score down; each is found when it is asked for.
///
/// Scores are means, so paths of different lengths are kept apart until the end: for every node
/// and every number of counted edges there is a list of the best ways there, which grows on demand
/// (the recursive enumeration of Jiménez and Marzal, 1999). The next way into a node is the best of
/// the next unused ways over each of its edges; sums are taken from the source on in every case, so
/// that the order is that of the scores themselves, rounding included. The lists of all sinks and
/// lengths are merged by score.
///
/// Paths of equal score stand in this order, which depends on the graph alone: sinks as they were
/// given; fewer counted edges first; then from the end backwards, at the first difference, the edge
/// that was given first. (Should rounding make two sums equal whose parts are not, the one with the
/// larger sum before its last edge comes first.)
///
/// Cost: one step per edge and length for the first path; for each further one, at most as many
/// steps as it has edges.
#[derive(Debug)]
pub struct RankedPaths<'a> {
    dag: &'a Dag,
    lengths: Lengths,
    states: States<Ways>,
    ends: BinaryHeap<End>,
}

/// A way to a node with a number of counted edges.
#[derive(Clone, Copy, Debug)]
struct Way {
    log: f64,
    /// Its last edge by its place among the edges into the node, and the rank of the way before it;
    /// `None` at a source.
    last: Option<Last>,
}

/// The last edge of a way.
#[derive(Clone, Copy, Debug)]
struct Last {
    place: usize,
    edge: usize,
    /// Rank among the ways to the node that the edge leaves.
    rank: usize,
}

/// Ways to a node with the same number of counted edges, best first, as far as they are known.
#[derive(Clone, Debug, Default)]
struct Ways {
    found: Vec<Way>,
    /// The next way over each edge; `None` until a second way is asked for.
    next: Option<BinaryHeap<Next>>,
    /// `true` if the successor of the last found way is among the next ones.
    followed: bool,
    /// `true` if there is no further way.
    complete: bool,
}

/// A candidate for the next way into a node: the largest is the next.
#[derive(Clone, Copy, Debug)]
struct Next {
    log: f64,
    last: Last,
}

impl Next {
    fn way(self) -> Way {
        Way { log: self.log, last: Some(self.last) }
    }
}

impl Ord for Next {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_log = self.log.total_cmp(&other.log);
        by_log.then_with(|| other.last.place.cmp(&self.last.place))
    }
}

/// The next path of a sink and a length: the largest is the next of all.
#[derive(Clone, Copy, Debug)]
struct End {
    score: f64,
    /// Place of the sink.
    place: usize,
    length: usize,
    rank: usize,
}

impl Ord for End {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_score = self.score.total_cmp(&other.score);
        let by_sink = by_score.then_with(|| other.place.cmp(&self.place));
        by_sink.then_with(|| other.length.cmp(&self.length))
    }
}

/// Equality and partial order as the order has them.
macro_rules! ordered {
    ($($name:ty),*) => {$(
        impl PartialOrd for $name {
            fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
                Some(self.cmp(other))
            }
        }

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.cmp(other).is_eq()
            }
        }

        impl Eq for $name {}
    )*};
}

ordered!(Next, End);

impl Dag {
    /// The possible paths from the best score down, lazily.
    #[must_use]
    pub fn ranked(&self) -> RankedPaths<'_> {
        let lengths = Lengths::of(self);
        let states = States::new(&lengths, Ways::default());
        let mut ranked = RankedPaths { dag: self, lengths, states, ends: BinaryHeap::new() };
        ranked.find_first();
        for (place, &sink) in self.sinks.iter().enumerate() {
            for length in ranked.lengths.of_node(sink) {
                ranked.offer(End { score: 0.0, place, length, rank: 0 });
            }
        }
        ranked
    }
}

impl RankedPaths<'_> {
    /// The best way to every node with every length.
    fn find_first(&mut self) {
        for node in 0..self.dag.nodes() {
            if self.dag.source[node] {
                let found = vec![Way { log: 0.0, last: None }];
                *self.states.at(node, 0) = Ways { found, complete: true, ..Ways::default() };
            }
            for length in self.lengths.of_node(node) {
                let own = self.states.position(node, length);
                let mut best: Option<Next> = None;
                for next in self.first_ways(node, length) {
                    if best.is_none_or(|best| next > best) {
                        best = Some(next);
                    }
                }
                if let Some(best) = best {
                    self.states.get_mut(own).found.push(best.way());
                }
            }
        }
    }

    /// The best way over each edge into a node.
    fn first_ways(&self, node: usize, length: usize) -> Vec<Next> {
        let ways = self.dag.ways_into(node).enumerate();
        let next = |(place, edge)| self.way_by(Last { place, edge, rank: 0 }, length);
        ways.filter_map(next).collect()
    }

    /// The way of a length that ends with `last`, if its beginning is known.
    fn way_by(&self, last: Last, length: usize) -> Option<Next> {
        let before = self.before(last.edge, length)?;
        let way = self.states.get(before).found.get(last.rank)?;
        Some(Next { log: way.log + self.dag.edges[last.edge].log, last })
    }

    /// Position of the ways that an edge continues to one of a length.
    fn before(&self, edge: usize, length: usize) -> Option<usize> {
        let edge = &self.dag.edges[edge];
        let before = length.checked_sub(usize::from(edge.counts))?;
        let known = self.lengths.of_node(edge.from).contains(&before);
        known.then(|| self.states.position(edge.from, before))
    }

    /// Finds further ways of a node and a length until there is one of that rank, or no more.
    ///
    /// A way's successor needs the next way of the node before, and so on: those that are waited
    /// for stand on a stack of their own, since paths may be long.
    fn find(&mut self, node: usize, length: usize, rank: usize) {
        let mut open = vec![Wanted { node, length, rank }];
        while let Some(&wanted) = open.last() {
            let own = self.states.position(wanted.node, wanted.length);
            let ways = self.states.get(own);
            if ways.complete || ways.found.len() > wanted.rank {
                open.pop();
                continue;
            }
            if ways.next.is_none() {
                self.gather(wanted, own);
            }
            if let Some(first) = self.follow(wanted, own) {
                open.push(first);
                continue;
            }
            let ways = self.states.get_mut(own);
            match ways.next.as_mut().and_then(BinaryHeap::pop) {
                Some(next) => {
                    ways.found.push(next.way());
                    ways.followed = false;
                }
                None => ways.complete = true,
            }
        }
    }

    /// Lists the best way over each edge but that of the best way of all.
    fn gather(&mut self, wanted: Wanted, own: usize) {
        let mut next = self.first_ways(wanted.node, wanted.length);
        let ways = self.states.get_mut(own);
        let best = ways.found.first().and_then(|best| best.last);
        next.retain(|next| best.is_none_or(|best| next.last.place != best.place));
        ways.next = Some(next.into());
    }

    /// Makes the successor of the last found way a candidate; `Some` if another list must grow
    /// before.
    fn follow(&mut self, wanted: Wanted, own: usize) -> Option<Wanted> {
        let ways = self.states.get(own);
        if ways.followed {
            return None;
        }
        let after = ways.found.last().and_then(|way| way.last);
        let after = after.map(|last| Last { rank: last.rank + 1, ..last });
        if let Some(last) = after {
            let edge = &self.dag.edges[last.edge];
            if let Some(before) = self.before(last.edge, wanted.length) {
                let known = self.states.get(before);
                if !known.complete && known.found.len() <= last.rank {
                    let length = wanted.length - usize::from(edge.counts);
                    return Some(Wanted { node: edge.from, length, rank: last.rank });
                }
            }
        }
        let next = after.and_then(|last| self.way_by(last, wanted.length));
        let ways = self.states.get_mut(own);
        ways.followed = true;
        if let Some(heap) = ways.next.as_mut() {
            heap.extend(next);
        }
        None
    }

    /// Offers the path of a sink, a length and a rank, if there is one, with its score.
    fn offer(&mut self, end: End) {
        let sink = self.dag.sinks[end.place];
        self.find(sink, end.length, end.rank);
        let own = self.states.position(sink, end.length);
        if let Some(way) = self.states.get(own).found.get(end.rank) {
            self.ends.push(End { score: mean(way.log, end.length), ..end });
        }
    }

    fn trace(&self, end: End) -> DagPath {
        let sink = self.dag.sinks[end.place];
        let mut backwards = Vec::new();
        let mut at = Some(self.states.position(sink, end.length));
        let mut length = end.length;
        let mut rank = end.rank;
        while let Some(Way { last: Some(last), .. }) =
            at.and_then(|at| self.states.get(at).found.get(rank))
        {
            backwards.push(last.edge);
            at = self.before(last.edge, length);
            length -= usize::from(self.dag.edges[last.edge].counts);
            rank = last.rank;
        }
        self.dag.path(sink, backwards)
    }
}

/// A way that is looked for.
#[derive(Clone, Copy, Debug)]
struct Wanted {
    node: usize,
    length: usize,
    rank: usize,
}

impl Iterator for RankedPaths<'_> {
    type Item = DagPath;

    fn next(&mut self) -> Option<DagPath> {
        let end = self.ends.pop()?;
        let path = self.trace(end);
        self.offer(End { rank: end.rank + 1, ..end });
        Some(path)
    }
}
