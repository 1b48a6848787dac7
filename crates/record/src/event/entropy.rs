//! Entropy: a measure of how undecided an architecture is.

use serde::{Deserialize, Serialize};

/// Normalised entropies of a cell's weights: 1 is undecided, 0 decided.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CellEntropy {
    /// Entropies of the operations of each edge, in the cell's edge order.
    pub edges: Vec<f64>,
    /// Entropies of the weights of the edges into each node, in node order, if edges are weighted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nodes: Option<Vec<f64>>,
}
