//! Remarks that a decoder makes beside the architecture.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::TieBreak;

/// An edge of a named cell.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EdgeIn {
    /// Name of the cell.
    pub cell: String,
    /// Source node.
    pub from: usize,
    /// Target node.
    pub to: usize,
}

impl fmt::Display for EdgeIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}->{}", self.cell, self.from, self.to)
    }
}

/// A remark on one decision. Weights are those that the decision used: a row times its edge weight.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Note {
    /// Equal operations on a kept edge.
    OpTie {
        /// The edge.
        edge: EdgeIn,
        /// Equal operations; the first was chosen.
        tied: Vec<String>,
        /// The rule that broke the tie.
        by: TieBreak,
    },
    /// Equal edges into a node of which at least one was kept.
    EdgeTie {
        /// Name of the cell.
        cell: String,
        /// The node.
        node: usize,
        /// Sources of the equal edges, in the order they were taken.
        tied: Vec<usize>,
        /// The number of them, from the first, that were kept.
        kept: usize,
        /// The rule that broke the tie.
        by: TieBreak,
    },
    /// The margin by which the chosen operation is heavier than the next one that could have been
    /// chosen.
    OpMargin {
        /// The edge.
        edge: EdgeIn,
        /// The chosen operation.
        op: String,
        /// Difference of weights, 0 for a tie.
        margin: f64,
    },
    /// The margin by which the last kept edge into a node is heavier than the first dropped one.
    NodeMargin {
        /// Name of the cell.
        cell: String,
        /// The node.
        node: usize,
        /// Difference of weights, 0 for a tie.
        margin: f64,
    },
    /// An edge that others of its node outrank.
    Dropped {
        /// The edge.
        edge: EdgeIn,
        /// The weight it was ranked by.
        weight: f64,
    },
    /// An operation that cuts the edge was heavier than or equal to the chosen one, but is
    /// excluded.
    NoneExcluded {
        /// The edge.
        edge: EdgeIn,
        /// The excluded operation.
        op: String,
        /// Its weight.
        weight: f64,
        /// Weight of the chosen operation.
        chosen: f64,
    },
    /// An operation that would have been kept, but does not reach the threshold.
    Below {
        /// The edge.
        edge: EdgeIn,
        /// The operation.
        op: String,
        /// Its weight.
        weight: f64,
        /// The threshold.
        threshold: f64,
    },
    /// An edge whose chosen operation cuts it.
    Cut {
        /// The edge.
        edge: EdgeIn,
        /// The operation that cuts.
        op: String,
    },
    /// An edge that starts at a node that dropped out.
    Dead {
        /// The edge.
        edge: EdgeIn,
    },
    /// A node whose edges were all cut and that keeps its best edge.
    KeptBest {
        /// The edge that stays.
        edge: EdgeIn,
        /// Its operation.
        op: String,
    },
    /// A node without edges, which drops out.
    Skipped {
        /// Name of the cell.
        cell: String,
        /// The node.
        node: usize,
    },
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OpTie { edge, tied, by } => {
                write!(f, "{edge}: {} are equal, taken in this order ({by:?})", tied.join(", "))
            }
            Self::EdgeTie { cell, node, tied, kept, by } => write!(
                f,
                "{cell} node {node}: edges from {tied:?} are equal, the first {kept} kept ({by:?})"
            ),
            Self::OpMargin { edge, op, margin } => write!(f, "{edge}: {op} leads by {margin:.3e}"),
            Self::NodeMargin { cell, node, margin } => {
                write!(f, "{cell} node {node}: kept edges lead by {margin:.3e}")
            }
            Self::Dropped { edge, weight } => write!(f, "{edge}: dropped at {weight:.3e}"),
            Self::NoneExcluded { edge, op, weight, chosen } => {
                write!(f, "{edge}: {op} is excluded at {weight:.3e}, chosen at {chosen:.3e}")
            }
            Self::Below { edge, op, weight, threshold } => {
                write!(f, "{edge}: {op} at {weight:.3e} is below {threshold}")
            }
            Self::Cut { edge, op } => write!(f, "{edge}: cut by {op}"),
            Self::Dead { edge } => write!(f, "{edge}: dead, its source dropped out"),
            Self::KeptBest { edge, op } => write!(f, "{edge}: kept with {op}, all others are cut"),
            Self::Skipped { cell, node } => write!(f, "{cell} node {node}: dropped out"),
        }
    }
}
