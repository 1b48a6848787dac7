//! A value per node and length of the ways to it.

use std::ops::Range;

use super::Dag;

/// The lengths that possible ways to each node may have: from the shortest to the longest.
#[derive(Debug)]
pub(super) struct Lengths {
    ranges: Vec<Range<usize>>,
}

impl Lengths {
    pub(super) fn of(dag: &Dag) -> Self {
        let mut ranges: Vec<Range<usize>> = Vec::with_capacity(dag.nodes());
        for node in 0..dag.nodes() {
            let start = if dag.source[node] { 0..1 } else { 0..0 };
            let range = dag.ways_into(node).fold(start, |range, index| {
                let edge = &dag.edges[index];
                let step = usize::from(edge.counts);
                let before = &ranges[edge.from];
                united(range, before.start + step..before.end + step)
            });
            ranges.push(range);
        }
        Self { ranges }
    }

    pub(super) fn of_node(&self, node: usize) -> Range<usize> {
        self.ranges[node].clone()
    }
}

/// The smallest range that holds both.
fn united(a: Range<usize>, b: Range<usize>) -> Range<usize> {
    if a.is_empty() {
        return b;
    }
    if b.is_empty() {
        return a;
    }
    a.start.min(b.start)..a.end.max(b.end)
}

/// Values by node and length.
#[derive(Debug)]
pub(super) struct States<T> {
    values: Vec<T>,
    /// Per node, the position of its first value and the length that it belongs to.
    starts: Vec<Start>,
}

#[derive(Clone, Copy, Debug)]
struct Start {
    position: usize,
    shortest: usize,
}

impl<T: Clone> States<T> {
    /// The same value everywhere.
    pub(super) fn new(lengths: &Lengths, value: T) -> Self {
        let mut position = 0;
        let mut starts = Vec::with_capacity(lengths.ranges.len());
        for range in &lengths.ranges {
            starts.push(Start { position, shortest: range.start });
            position += range.len();
        }
        Self { values: vec![value; position], starts }
    }
}

impl<T> States<T> {
    /// Position of the value of a node and one of its lengths.
    pub(super) fn position(&self, node: usize, length: usize) -> usize {
        let start = self.starts[node];
        start.position + (length - start.shortest)
    }

    /// The value of a node and one of its lengths.
    pub(super) fn at(&mut self, node: usize, length: usize) -> &mut T {
        let position = self.position(node, length);
        &mut self.values[position]
    }

    /// The value at a position.
    pub(super) fn get(&self, position: usize) -> &T {
        &self.values[position]
    }

    /// The value at a position.
    pub(super) fn get_mut(&mut self, position: usize) -> &mut T {
        &mut self.values[position]
    }
}
