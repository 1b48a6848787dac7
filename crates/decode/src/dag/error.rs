//! Errors of graphs.

use thiserror::Error;

/// The reason for which a list of edges is no graph of paths, or has no answer.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum DagError {
    /// An edge that does not lead to a later node.
    #[error("edge {index}: expected a node and a later one of {nodes}, found {from} and {to}")]
    Edge {
        /// Its position.
        index: usize,
        /// The node it leaves.
        from: usize,
        /// The node it enters.
        to: usize,
        /// Nodes of the graph.
        nodes: usize,
    },
    /// A logarithm that no weight has.
    #[error("edge {index}: expected the logarithm of a weight, found {found}")]
    Log {
        /// Position of the edge.
        index: usize,
        /// The logarithm.
        found: f64,
    },
    /// A source or sink that does not exist or is named twice.
    #[error("expected every {end} once and below {nodes}, found {node}")]
    End {
        /// "source" or "sink".
        end: &'static str,
        /// The node.
        node: usize,
        /// Nodes of the graph.
        nodes: usize,
    },
    /// An edge into a source.
    #[error("edge {index}: expected no edge into a source, found one into node {node}")]
    Entered {
        /// Its position.
        index: usize,
        /// The source.
        node: usize,
    },
    /// A graph without a possible path.
    #[error("no possible path leads from a source to a sink")]
    NoPath,
    /// More paths than a floating-point number counts.
    #[error("expected fewer than 1e308 paths for their statistics, found more")]
    TooManyPaths,
}
