//! Logits to begin at.

use serde::{Deserialize, Serialize};

/// The first logits of a search's operations, such as those of a hand-made network: one table for
/// each cell. Its text form is the nested lists alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StartLogits {
    /// The tables, in the order of the space's cells.
    pub cells: Vec<CellLogits>,
}

/// The first logits of one cell's operations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CellLogits {
    /// For every edge, in the order of the cell's rows, one logit per operation, in the order of
    /// the space's operations. In the simplex domain they are shares that sum to 1.
    pub edges: Vec<Vec<f64>>,
}

impl StartLogits {
    /// All logits, one after the other.
    pub fn values(&self) -> impl Iterator<Item = f64> {
        self.cells.iter().flat_map(|cell| cell.edges.iter().flatten().copied())
    }
}

impl From<Vec<Vec<Vec<f64>>>> for StartLogits {
    /// From lists by cell, edge and operation, as `Encoding::logits` in `dartloom-decode` gives
    /// them.
    fn from(cells: Vec<Vec<Vec<f64>>>) -> Self {
        Self { cells: cells.into_iter().map(|edges| CellLogits { edges }).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Identities of stored searches hold this text.
    #[test]
    fn the_text_form_is_that_of_nested_lists() {
        let lists = vec![vec![vec![1.0, -2.5], vec![0.0, 3.0]], vec![]];
        let start = StartLogits::from(lists.clone());
        let text = serde_json::to_string(&start).unwrap();
        assert_eq!(text, serde_json::to_string(&lists).unwrap());
        assert_eq!(serde_json::from_str::<StartLogits>(&text).unwrap(), start);
        assert!(start.values().eq([1.0, -2.5, 0.0, 3.0]));
    }
}
