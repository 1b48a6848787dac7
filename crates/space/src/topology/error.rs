//! Errors of topologies.

use thiserror::Error;

/// The reason for which a lattice has no topology, or something does not fit it.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum TopologyError {
    /// A number that is out of its range.
    #[error("{what}: expected {least} to {most}, found {found}")]
    Range {
        /// The number's name.
        what: &'static str,
        /// The least it may be.
        least: usize,
        /// The most it may be.
        most: usize,
        /// The number.
        found: usize,
    },
    /// An edge between nodes that do not exist, or one that is listed twice.
    #[error(
        "edge {edge}: expected a new one from one of {inputs} nodes to one of {outputs}, found \
         {from} and {to}"
    )]
    Edge {
        /// The edge's position in its block.
        edge: usize,
        /// Nodes before the block.
        inputs: usize,
        /// Nodes after it.
        outputs: usize,
        /// The node that the edge reads.
        from: usize,
        /// The node that it writes.
        to: usize,
    },
    /// A list that does not have one entry per block, edge or node.
    #[error("{what}: expected {expected} entries, found {found}")]
    Shape {
        /// The list.
        what: String,
        /// Entries it needs.
        expected: usize,
        /// Entries it has.
        found: usize,
    },
    /// A number that is no probability.
    #[error("block {block}, edge {edge}: expected a probability, found {found}")]
    Probability {
        /// The block.
        block: usize,
        /// The edge.
        edge: usize,
        /// The number.
        found: f64,
    },
    /// A block whose edges are all off for certain.
    #[error("block {block}: expected an edge of probability above 0, found none")]
    EmptyBlock {
        /// The block.
        block: usize,
    },
    /// A node that is written and not read, or read and not written.
    #[error("column {column}, node {node}: {fault}")]
    Joint {
        /// The column of nodes; column 0 stands before block 0.
        column: usize,
        /// The node.
        node: usize,
        /// The fault, as the end of a sentence.
        fault: &'static str,
    },
    /// A network that is no lattice of layers.
    #[error(
        "placement {placement} reads a node that is not of the layer before it: expected a \
        lattice of layers"
    )]
    NotLayered {
        /// The placement.
        placement: usize,
    },
    /// A lattice without a feasible topology of positive probability.
    #[error("no feasible topology has a probability above 0")]
    NoTopology,
    /// A budget below the cheapest topology.
    #[error("the cheapest feasible topology costs {least}, more than the budget of {most}")]
    Budget {
        /// The budget.
        most: u64,
        /// The cost of the cheapest topology.
        least: u128,
    },
    /// More states than can be compared.
    #[error("block {block}: more than {most} states that none of the others beats")]
    TooManyStates {
        /// The block.
        block: usize,
        /// The most there may be.
        most: usize,
    },
}
