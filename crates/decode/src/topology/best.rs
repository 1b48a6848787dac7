//! The cheapest feasible topologies.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use dartloom_space::topology::{Algebra, Edges, Groups, Joint, MOST_STATES, Nodes, groups, listed};

use super::chances::check;
use super::costs::Surprise;
use super::{EdgeChances, PatternCost, Topology, TopologyError};

/// A feasible topology and its cost.
#[derive(Clone, Debug, PartialEq)]
pub struct RatedTopology {
    /// The topology.
    pub topology: Topology,
    /// The sum of its patterns' costs ([`PatternCost`]).
    pub cost: f64,
}

/// A pattern and minus the logarithm of its probability, up to a constant.
#[derive(Clone, Copy, Debug)]
struct Pattern {
    surprise: f64,
    edges: Edges,
}

/// The likeliest patterns, likeliest first.
struct Likeliest<'a> {
    number: usize,
    cost: PatternCost,
    surprise: &'a Surprise,
}

impl Algebra for Likeliest<'_> {
    type Value = Vec<Pattern>;

    fn none(&self) -> Vec<Pattern> {
        vec![Pattern { surprise: 0.0, edges: 0 }]
    }

    fn with(&self, value: &Vec<Pattern>, edge: usize, on: bool) -> Option<Vec<Pattern>> {
        let more = self.surprise.of(edge, on);
        if more.is_infinite() && self.cost.refuses_impossible() {
            return None;
        }
        let with = |pattern: &Pattern| Pattern {
            surprise: pattern.surprise + more,
            edges: pattern.edges | u64::from(on) << edge,
        };
        Some(value.iter().map(with).collect())
    }

    fn either(&self, mut a: Vec<Pattern>, b: Vec<Pattern>) -> Vec<Pattern> {
        a.extend(b);
        a.sort_by(|a, b| a.surprise.total_cmp(&b.surprise).then(a.edges.cmp(&b.edges)));
        a.truncate(self.number);
        a
    }

    fn states(&self, value: &Vec<Pattern>) -> usize {
        value.len()
    }
}

/// A topology of the blocks so far by its last pattern.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reached {
    pub(super) cost: f64,
    pub(super) pattern: Edges,
    pub(super) before: Before,
}

/// The place of the topology before the last pattern.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Before {
    pub(super) nodes: Nodes,
    pub(super) rank: usize,
}

/// Topologies up to a column by the nodes that they write, cheapest first.
pub(super) type Column = BTreeMap<Nodes, Vec<Reached>>;

/// Before the first block: nothing is spent.
pub(super) const START: Reached =
    Reached { cost: 0.0, pattern: 0, before: Before { nodes: 0, rank: 0 } };

/// A pattern after a topology: the `rank`-th of its nodes, and the `place`-th of its group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Pair {
    cost: Ascending,
    before: Before,
    place: usize,
}

/// Numbers in their total order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ascending(pub(super) f64);

impl Ord for Ascending {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl PartialOrd for Ascending {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Ascending {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Ascending {}

impl EdgeChances<'_> {
    /// The `number` cheapest feasible topologies, cheapest first, or all where there are fewer.
    ///
    /// With `c_l(m)` the cost of pattern `m` of block `l` (`cost`):
    ///
    /// ```text
    /// V_0(S) = 0     V_{l+1}(T) = min over S, and m of block l with in(m) = S, out(m) = T,
    ///                             of V_l(S) + c_l(m)
    /// ```
    ///
    /// Exact: a dynamic programme over the sets `S` of active nodes, where the released code of
    /// DiNTS searches a graph of all patterns. Patterns with the same nodes are compared edge by
    /// edge ([`PatternCost`] rises with `-ln eta`, a sum over edges), so that they are not listed
    /// either. Of topologies of equal cost the order is fixed, but means nothing. Cost: blocks
    /// times groups of nodes, at most 225 for 4 resolutions, times `number log number`.
    ///
    /// # Errors
    /// [`TopologyError::Range`] unless `number` is 1 to `2^20`, [`TopologyError::NoTopology`] where
    /// none is feasible and, for [`PatternCost::Exact`], possible, and
    /// [`TopologyError::TooManyStates`].
    pub fn best(
        &self,
        cost: PatternCost,
        number: usize,
    ) -> Result<Vec<RatedTopology>, TopologyError> {
        check("topologies", MOST_STATES, number)?;
        let mut columns: Vec<Column> = Vec::new();
        for (block, own) in self.lattice.blocks().iter().enumerate() {
            let surprise = &Surprise::new(&self.on[block]);
            let patterns = groups(&Likeliest { number, cost, surprise }, own, block)?;
            let rated = rated(patterns, cost, surprise.log_not_empty);
            if columns.is_empty() {
                columns.push(self.start(rated.keys().map(|joint| joint.read)));
            }
            let next = self.next_column(block, number, &columns[block], &rated);
            if next.values().map(Vec::len).sum::<usize>() > MOST_STATES {
                return Err(TopologyError::TooManyStates { block, most: MOST_STATES });
            }
            columns.push(next);
        }
        let last = columns.last().into_iter().flatten();
        let mut ends: Vec<(Ascending, Before)> = Vec::new();
        for (&nodes, reached) in last {
            let end = |rank: usize| (Ascending(reached[rank].cost), Before { nodes, rank });
            ends.extend((0..reached.len()).map(end));
        }
        ends.sort_unstable();
        ends.truncate(number);
        if ends.is_empty() {
            return Err(TopologyError::NoTopology);
        }
        Ok(ends.into_iter().map(|(_, end)| self.trace(&columns, end)).collect())
    }

    /// The nodes that the first block may read.
    pub(super) fn start(&self, read: impl Iterator<Item = Nodes>) -> Column {
        let may = read.filter(|&nodes| self.lattice.may_start(nodes));
        may.map(|nodes| (nodes, vec![START])).collect()
    }

    /// The cheapest topologies with one more block: for every set of nodes the sums of two sorted
    /// lists are merged from the cheapest on.
    fn next_column(
        &self,
        block: usize,
        number: usize,
        column: &Column,
        patterns: &Groups<Vec<Pattern>>,
    ) -> Column {
        let mut open: BTreeMap<Nodes, BinaryHeap<Reverse<Pair>>> = BTreeMap::new();
        let pair = |written: Nodes, before: Before, place: usize| {
            let joint = Joint { read: before.nodes, written };
            let pattern = patterns.get(&joint)?.get(place)?;
            let reached = column.get(&before.nodes)?.get(before.rank)?;
            Some(Pair { cost: Ascending(reached.cost + pattern.surprise), before, place })
        };
        for joint in patterns.keys().filter(|joint| self.lattice.may_write(block, joint.written)) {
            let before = Before { nodes: joint.read, rank: 0 };
            let first = pair(joint.written, before, 0).map(Reverse);
            open.entry(joint.written).or_default().extend(first);
        }
        let mut next = Column::new();
        for (written, mut heap) in open {
            let mut found = Vec::new();
            while found.len() < number
                && let Some(Reverse(Pair { cost, before, place })) = heap.pop()
            {
                let joint = Joint { read: before.nodes, written };
                let pattern = patterns[&joint][place].edges;
                found.push(Reached { cost: cost.0, pattern, before });
                heap.extend(pair(written, before, place + 1).map(Reverse));
                if place == 0 {
                    let after = Before { rank: before.rank + 1, ..before };
                    heap.extend(pair(written, after, 0).map(Reverse));
                }
            }
            if !found.is_empty() {
                next.insert(written, found);
            }
        }
        next
    }

    /// The topology that ends at a place of the last column.
    pub(super) fn trace(&self, columns: &[Column], end: Before) -> RatedTopology {
        let cost = columns[columns.len() - 1][&end.nodes][end.rank].cost;
        let mut patterns = Vec::with_capacity(columns.len());
        let mut at = end;
        for (block, column) in self.lattice.blocks().iter().zip(&columns[1..]).rev() {
            let reached = column[&at.nodes][at.rank];
            patterns.push(listed(reached.pattern, block.edges().len()));
            at = reached.before;
        }
        patterns.reverse();
        RatedTopology { topology: Topology { patterns }, cost }
    }
}

/// Patterns by their costs instead of their surprise.
fn rated(
    mut patterns: Groups<Vec<Pattern>>,
    cost: PatternCost,
    log_not_empty: f64,
) -> Groups<Vec<Pattern>> {
    for pattern in patterns.values_mut().flatten() {
        pattern.surprise = cost.of(pattern.surprise + log_not_empty);
    }
    patterns
}
