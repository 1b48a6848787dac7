//! Blocks in a row, and the topologies that they allow.

use super::block::{Joint, MOST_NODES, Nodes};
use super::{Block, TopologyError};

/// The most blocks of a lattice.
const MOST_BLOCKS: usize = 4096;

/// Blocks one after the other, each between two columns of nodes.
///
/// A *pattern* is a non-empty set of a block's edges, those that are on. It reads the nodes its
/// edges leave and writes those they enter. A *topology* has one pattern per block; it is
/// *feasible* when every block reads exactly the nodes that the one before has written: nothing
/// that is computed is lost, nothing that is missing is read. He et al., *DiNTS*, CVPR 2021, where
/// every block has the same columns of resolutions ([`TopologyLattice::dints`]).
///
/// Block 0 may read any nodes of its column and the last block may write any, unless
/// [`TopologyLattice::starting_at`] and [`TopologyLattice::ending_at`] allow only some.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopologyLattice {
    blocks: Vec<Block>,
    first: Nodes,
    last: Nodes,
}

/// One pattern per block: `true` where an edge is on.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Topology {
    /// Rows of a block's edges, in its order.
    pub patterns: Vec<Vec<bool>>,
}

impl TopologyLattice {
    /// A lattice of 1 to 4096 blocks; each begins with the column that the one before ends with.
    ///
    /// # Errors
    /// [`TopologyError::Range`] for another number of blocks, [`TopologyError::Shape`] for columns
    /// of different length.
    pub fn new(blocks: Vec<Block>) -> Result<Self, TopologyError> {
        super::block::check("blocks", MOST_BLOCKS, blocks.len())?;
        for (index, pair) in blocks.windows(2).enumerate() {
            let expected = pair[0].outputs();
            let found = pair[1].inputs();
            if expected != found {
                let what = format!("nodes before block {}", index + 1);
                return Err(TopologyError::Shape { what, expected, found });
            }
        }
        let any = (1 << MOST_NODES) - 1;
        Ok(Self { blocks, first: any, last: any })
    }

    /// The lattice of DiNTS: `blocks` blocks of [`Block::neighbours`] over `levels` resolutions.
    /// The paper has 12 blocks and 4 resolutions.
    ///
    /// # Errors
    /// [`TopologyError::Range`].
    pub fn dints(levels: usize, blocks: usize) -> Result<Self, TopologyError> {
        super::block::check("blocks", MOST_BLOCKS, blocks)?;
        Self::new(vec![Block::neighbours(levels)?; blocks])
    }

    /// The lattice whose first block reads only nodes among `nodes`.
    ///
    /// # Errors
    /// [`TopologyError::Range`] for a node that the first column does not have.
    pub fn starting_at(mut self, nodes: &[usize]) -> Result<Self, TopologyError> {
        self.first = set("node of the first column", nodes, self.columns()[0])?;
        Ok(self)
    }

    /// The lattice whose last block writes only nodes among `nodes`.
    ///
    /// # Errors
    /// [`TopologyError::Range`] for a node that the last column does not have.
    pub fn ending_at(mut self, nodes: &[usize]) -> Result<Self, TopologyError> {
        self.last = set("node of the last column", nodes, self.columns()[self.blocks.len()])?;
        Ok(self)
    }

    /// Its blocks.
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// The numbers of nodes of its columns, one more than blocks.
    #[must_use]
    pub fn columns(&self) -> Vec<usize> {
        let first = self.blocks.iter().take(1).map(Block::inputs);
        first.chain(self.blocks.iter().map(Block::outputs)).collect()
    }

    /// The nodes that are active in every column: those that are read or, in the last column,
    /// written.
    ///
    /// # Errors
    /// [`TopologyError::Shape`] for a topology of another lattice, [`TopologyError::EmptyBlock`]
    /// for a block without an edge, and [`TopologyError::Joint`] with the first node that makes it
    /// infeasible.
    pub fn active(&self, topology: &Topology) -> Result<Vec<Vec<bool>>, TopologyError> {
        let joints = self.joints(topology)?;
        let columns = self.columns();
        let mut active = Vec::with_capacity(columns.len());
        let mut written: Option<Nodes> = None;
        for (column, joint) in joints.iter().enumerate() {
            match written {
                None => refuse(column, joint.read & !self.first, "this node may not be read")?,
                Some(written) => {
                    refuse(column, joint.read & !written, "read, but not written")?;
                    refuse(column, written & !joint.read, "written, but not read")?;
                }
            }
            active.push(members(joint.read, columns[column]));
            written = Some(joint.written);
        }
        let last = written.unwrap_or_default();
        refuse(joints.len(), last & !self.last, "this node may not be written")?;
        active.push(members(last, columns[joints.len()]));
        Ok(active)
    }

    fn joints(&self, topology: &Topology) -> Result<Vec<Joint>, TopologyError> {
        let rows = &topology.patterns;
        expect("patterns of a topology", self.blocks.len(), rows.len())?;
        let mut joints = Vec::with_capacity(rows.len());
        for (block, row) in rows.iter().enumerate() {
            let own = &self.blocks[block];
            expect(&format!("edges of block {block}"), own.edges().len(), row.len())?;
            let joint = own.joint(row);
            if joint.read == 0 {
                return Err(TopologyError::EmptyBlock { block });
            }
            joints.push(joint);
        }
        Ok(joints)
    }

    /// `true` if the first block may read a set of nodes.
    pub fn may_start(&self, nodes: Nodes) -> bool {
        nodes & !self.first == 0
    }

    /// `true` if a block may read a set of nodes, as far as the start of the lattice is concerned.
    pub(super) fn may_start_or_later(&self, block: usize, nodes: Nodes) -> bool {
        block > 0 || self.may_start(nodes)
    }

    /// `true` if a block may write a set of nodes, as far as the end of the lattice is concerned.
    pub fn may_write(&self, block: usize, nodes: Nodes) -> bool {
        block + 1 < self.blocks.len() || nodes & !self.last == 0
    }

    /// Checks that a table, which messages call `what`, has a row per block and an entry per edge.
    ///
    /// # Errors
    /// [`TopologyError::Shape`].
    pub fn check_rows<T>(&self, what: &str, rows: &[Vec<T>]) -> Result<(), TopologyError> {
        expect(what, self.blocks.len(), rows.len())?;
        for (index, row) in rows.iter().enumerate() {
            let expected = self.blocks[index].edges().len();
            expect(&format!("{what}, block {index}"), expected, row.len())?;
        }
        Ok(())
    }
}

fn expect(what: &str, expected: usize, found: usize) -> Result<(), TopologyError> {
    if expected == found {
        return Ok(());
    }
    Err(TopologyError::Shape { what: what.to_owned(), expected, found })
}

fn refuse(column: usize, nodes: Nodes, fault: &'static str) -> Result<(), TopologyError> {
    if nodes == 0 {
        return Ok(());
    }
    Err(TopologyError::Joint { column, node: nodes.trailing_zeros() as usize, fault })
}

fn members(nodes: Nodes, length: usize) -> Vec<bool> {
    (0..length).map(|node| nodes >> node & 1 == 1).collect()
}

fn set(what: &'static str, nodes: &[usize], length: usize) -> Result<Nodes, TopologyError> {
    let mut set = 0;
    for &found in nodes {
        if found >= length {
            return Err(TopologyError::Range { what, least: 0, most: length - 1, found });
        }
        set |= 1 << found;
    }
    Ok(set)
}
