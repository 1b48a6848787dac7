//! One block of a lattice: edges between two columns of nodes.

use super::TopologyError;

/// A set of nodes of a column, one bit per node.
pub type Nodes = u32;
/// A pattern: a set of edges of a block, one bit per edge.
pub type Edges = u64;

/// The most nodes of a column.
pub(super) const MOST_NODES: usize = 16;
/// The most edges of a block.
pub(super) const MOST_EDGES: usize = 64;

/// Edges between a column of `inputs` nodes and one of `outputs` nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    inputs: usize,
    outputs: usize,
    edges: Vec<(usize, usize)>,
}

impl Block {
    /// A block with the given edges, each as (node it reads, node it writes): at most 16 nodes on
    /// either side, 1 to 64 edges.
    ///
    /// # Errors
    /// [`TopologyError::Range`] for other numbers, [`TopologyError::Edge`] for an edge between
    /// nodes that do not exist, or one that is listed twice.
    pub fn new(
        inputs: usize,
        outputs: usize,
        edges: Vec<(usize, usize)>,
    ) -> Result<Self, TopologyError> {
        check("nodes before a block", MOST_NODES, inputs)?;
        check("nodes after a block", MOST_NODES, outputs)?;
        check("edges of a block", MOST_EDGES, edges.len())?;
        for (edge, &(from, to)) in edges.iter().enumerate() {
            if from >= inputs || to >= outputs || edges[..edge].contains(&(from, to)) {
                return Err(TopologyError::Edge { edge, inputs, outputs, from, to });
            }
        }
        Ok(Self { inputs, outputs, edges })
    }

    /// The block of DiNTS with `levels` resolutions, 0 the finest: every node reads itself and its
    /// neighbours, `3 levels - 2` edges in the order of the released code.
    ///
    /// Edge `i`, with `r = i + 1`, leads from node `r / 3 - 1 + r % 3` to node `r / 3`.
    ///
    /// # Errors
    /// [`TopologyError::Range`] unless `levels` is 1 to 16.
    pub fn neighbours(levels: usize) -> Result<Self, TopologyError> {
        check("levels", MOST_NODES, levels)?;
        let ends = |edge: usize| {
            let r = edge + 1;
            ((r / 3 + r % 3).saturating_sub(1), r / 3)
        };
        Self::new(levels, levels, (0..3 * levels - 2).map(ends).collect())
    }

    /// Nodes of the column before it.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Nodes of the column after it.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// Its edges, each as (node it reads, node it writes).
    pub fn edges(&self) -> &[(usize, usize)] {
        &self.edges
    }

    /// The nodes that an edge reads and writes, as sets; the edge exists.
    pub(super) fn ends(&self, edge: usize) -> Joint {
        let ends = self.edges[edge];
        Joint { read: 1 << ends.0, written: 1 << ends.1 }
    }

    /// The nodes that a pattern, or the beginning of one, reads and writes.
    pub(super) fn joint(&self, pattern: &[bool]) -> Joint {
        let on = pattern.iter().enumerate().filter(|(_, on)| **on);
        on.map(|(edge, _)| self.ends(edge)).fold(Joint::default(), Joint::and)
    }
}

/// The nodes that a pattern reads, and those that it writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Joint {
    /// Nodes before the block.
    pub read: Nodes,
    /// Nodes after it.
    pub written: Nodes,
}

impl Joint {
    pub(super) fn and(self, other: Self) -> Self {
        Self { read: self.read | other.read, written: self.written | other.written }
    }
}

pub(super) fn check(what: &'static str, most: usize, found: usize) -> Result<(), TopologyError> {
    let least = 1;
    if (least..=most).contains(&found) {
        return Ok(());
    }
    Err(TopologyError::Range { what, least, most, found })
}

/// The edges of a pattern as a list of so many, `true` where one is on.
pub fn listed(pattern: Edges, edges: usize) -> Vec<bool> {
    (0..edges).map(|edge| pattern >> edge & 1 == 1).collect()
}
