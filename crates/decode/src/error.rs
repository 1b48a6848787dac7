//! Errors of decoders.

use dartloom_space::SpaceError;
use dartloom_space::text::suggestion;
use thiserror::Error;

use crate::DagError;

/// The reason for which weights give no architecture.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The weight table belongs to another space.
    #[error("the weight table does not fit the space: {0}")]
    Table(#[source] SpaceError),
    /// The space refuses the decoded cells.
    #[error("the decoded cells are no architecture of the space: {0}")]
    Genotype(#[source] SpaceError),
    /// Only operations that cut the edge could be chosen.
    #[error("operation set `{set}` has nothing but operations that cut the edge")]
    NoOperation {
        /// Name of the operation set.
        set: String,
    },
    /// A top-k rule that keeps no edge.
    #[error("a top-k decoder keeps 1 or more edges per node, found {found}")]
    NoEdges {
        /// Edges asked for.
        found: usize,
    },
    /// A threshold decoder that keeps no operation.
    #[error("a threshold decoder keeps 1 or more operations per edge, found {found}")]
    NoOperations {
        /// Operations asked for.
        found: usize,
    },
    /// A threshold that cannot be compared with anything.
    #[error("expected a finite threshold, found {found}")]
    Threshold {
        /// Threshold found.
        found: f64,
    },
    /// A table without the edge weights that the rule multiplies in.
    #[error("cell `{cell}`: expected a weight for every edge, found none")]
    NoEdgeWeights {
        /// Name of the cell.
        cell: String,
    },
    /// A negative edge weight, which turns the best operation of a row into the worst: logits were
    /// passed instead of weights.
    #[error("cell `{cell}`, row {row}: expected an edge weight >= 0, found {found}")]
    EdgeWeight {
        /// Name of the cell.
        cell: String,
        /// Row in the cell's edge order.
        row: usize,
        /// Weight found.
        found: f64,
    },
    /// A node whose edges are all cut, under a policy that forbids that.
    #[error("cell `{cell}`: every edge into node {node} is cut")]
    EmptyNode {
        /// Name of the cell.
        cell: String,
        /// The node.
        node: usize,
    },
    /// A cell whose output nodes are all empty.
    #[error("cell `{cell}`: no node of its output has an edge left")]
    EmptyCell {
        /// Name of the cell.
        cell: String,
    },
    /// Limits within which no architecture keeps.
    #[error("no architecture of the space keeps within the limits")]
    OverBudget,
    /// An operation whose cost only its factory knows.
    #[error("the cost of operation `{op}` is not known: a factory builds it")]
    UnknownCost {
        /// The operation.
        op: String,
    },
    /// The network that a budget is for cannot be built.
    #[error("the network of the budget: {0}")]
    Network(#[source] SpaceError),
    /// More combinations than can be compared.
    #[error("more than {most} combinations of choices that none of the others beats")]
    TooManyStates {
        /// The most there may be.
        most: usize,
    },
    /// A network with choices of links, and a table without their weights.
    #[error("expected link weights for {choices} choices, found none")]
    NoLinkWeights {
        /// Choices of the network.
        choices: usize,
    },
    /// A negative link weight, which has no logarithm: logits were passed instead of weights.
    #[error("choice {row}, link {link}: expected a link weight >= 0, found {found}")]
    LinkWeight {
        /// Row of the choice.
        row: usize,
        /// Link of the choice.
        link: usize,
        /// Weight found.
        found: f64,
    },
    /// A network in which every way to the head has a link of weight 0.
    #[error("no path of positive weight leads from the stem to the head")]
    NoPath,
    /// A network that leaves choices of links to a decoder of cells.
    #[error("{choices} ports choose among links, and the decoder has no rule for links")]
    NoLinkRule {
        /// Ports that choose.
        choices: usize,
    },
    /// A budget in a network whose cost is no sum over links.
    #[error(
        "placement {placement}: a budget of links needs a lattice with a cell on each transition, \
        which reads one node and is read by one sum, and a head per pixel"
    )]
    LinkCost {
        /// The placement.
        placement: usize,
    },
    /// A budget below the cheapest feasible topology.
    #[error("expected a topology within {most} {what}; the cheapest feasible one has {least}")]
    LinkBudget {
        /// The quantity.
        what: &'static str,
        /// The budget.
        most: u64,
        /// The amount of the cheapest topology.
        least: u128,
    },
    /// A lattice without the topology that was asked for.
    #[error(transparent)]
    Topology(#[from] crate::topology::TopologyError),
    /// More paths than may stay.
    #[error("at most {most} paths may stay, found {found} or more")]
    TooManyPaths {
        /// Paths that would stay, as far as they were counted.
        found: u128,
        /// The most there may be.
        most: u128,
    },
    /// A graph of paths that makes no sense or has no answer.
    #[error("the graph of paths: {0}")]
    Dag(#[source] DagError),
    /// A table of transitions between levels that makes no sense.
    #[error("layer {layer} of the transitions: expected {expected}, found {found}")]
    Levels {
        /// The layer.
        layer: usize,
        /// The contents that are allowed.
        expected: &'static str,
        /// The contents found.
        found: String,
    },
    /// A number of paths that makes no sense.
    #[error("expected {expected}, found {found}")]
    PathCount {
        /// The numbers that are allowed.
        expected: &'static str,
        /// The number.
        found: f64,
    },
    /// An architecture with another number of cells than the space.
    #[error("expected {expected} cells, found {found}")]
    Cells {
        /// Cells of the space.
        expected: usize,
        /// Cells of the architecture.
        found: usize,
    },
    /// A gene on an edge or with an operation that the space does not have.
    #[error("cell `{cell}`: gene {index}, {gene}, is no choice of the space")]
    Gene {
        /// Name of the cell.
        cell: String,
        /// Index of the gene.
        index: usize,
        /// The gene as "op from->to".
        gene: String,
    },
    /// A decoder that is not built in.
    #[error("unknown decoder `{found}`; {}", suggestion(found, known))]
    UnknownDecoder {
        /// The name.
        found: String,
        /// Built-in names.
        known: Vec<String>,
    },
}
