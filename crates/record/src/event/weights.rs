//! Weights of an architecture while it is searched.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The weights of a search at the end of an epoch.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArchitectureWeights {
    /// Names of the operations among which each edge chooses.
    pub operations: Vec<String>,
    /// Weights by the cell's name, in the cell's edge order.
    pub cells: BTreeMap<String, Vec<EdgeWeights>>,
    /// Weights of the links between cells, one row for each choice.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<Vec<f64>>,
}

/// The weights of one edge of a cell.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EdgeWeights {
    /// The node where it begins.
    pub from: usize,
    /// The node where it ends.
    pub to: usize,
    /// One weight for each operation.
    pub operations: Vec<f64>,
    /// Its weight among the edges into its node, where edges are weighed too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub among: Option<f64>,
}
