//! A check that numbers are weights, and not logits.

use dartloom_space::{Space, WeightTable};
use serde::{Deserialize, Serialize};

use crate::{ConfiguredDecoder, DecodeError, EdgeIn};

/// The kind of numbers that a rule expects in a row.
///
/// Decoders take any finite numbers, but they are not meant for logits: a rule that compares edges
/// compares shares, and the largest logit of one edge says nothing about that of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Scale {
    /// Shares of 1, as softmax, sparsemax and entmax give them.
    Simplex,
    /// Numbers from 0 to 1 that do not compete, as sigmoid gives them.
    UnitInterval,
}

/// A row that is not on the scale of its rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OffScale {
    /// The edge.
    pub edge: EdgeIn,
    /// The sum of the row ([`Scale::Simplex`]), or its number that is farthest from the interval 0
    /// to 1.
    pub found: f64,
}

/// The allowed distance of sums from 1, and of numbers from the interval 0 to 1. Tables that people
/// round to two digits still count as tables of weights.
const ROUNDED: f64 = 0.05;

impl Scale {
    /// Rows of a table that are not on this scale, cell by cell in row order.
    ///
    /// # Errors
    /// [`DecodeError::Table`] when the table belongs to another space.
    pub fn off(self, space: &Space, table: &WeightTable) -> Result<Vec<OffScale>, DecodeError> {
        table.check(space).map_err(DecodeError::Table)?;
        let mut off = Vec::new();
        for (spec, cell) in space.cells().iter().zip(table.cells()) {
            for (edge, row) in spec.graph.edges().iter().zip(&cell.edges) {
                if let Some(found) = self.off_row(row) {
                    let name = spec.name.clone();
                    let edge = EdgeIn { cell: name, from: edge.from, to: edge.to };
                    off.push(OffScale { edge, found });
                }
            }
        }
        Ok(off)
    }

    fn off_row(self, row: &[f64]) -> Option<f64> {
        let outside = |weight: f64| (-weight).max(weight - 1.0);
        let farthest = row.iter().copied().max_by(|a, b| outside(*a).total_cmp(&outside(*b)));
        let farthest = farthest.filter(|&weight| outside(weight) > ROUNDED);
        let sum: f64 = row.iter().sum();
        match self {
            Self::UnitInterval => farthest,
            // Numbers below 0 are no shares, whatever they sum to.
            Self::Simplex if (sum - 1.0).abs() > ROUNDED => Some(sum),
            Self::Simplex => farthest.map(|_| sum),
        }
    }
}

impl ConfiguredDecoder {
    /// The kind of numbers that it expects in rows.
    pub fn scale(&self) -> Scale {
        match self {
            Self::SparseThreshold(_) | Self::EdgeThreshold(_) => Scale::UnitInterval,
            Self::TopK(_) | Self::Argmax(_) | Self::EdgeWeighted(_) | Self::Constrained(_) => {
                Scale::Simplex
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Scale;
    use crate::testing::{OPS, space, table};
    use crate::{ConfiguredDecoder, builtin_names};

    fn off(scale: Scale, row: [f64; 3]) -> Option<f64> {
        let weights = table([row; 5], None);
        let off = scale.off(&space(&OPS), &weights).unwrap();
        assert!(off.is_empty() || off.len() == 5);
        off.first().map(|row| row.found)
    }

    #[test]
    fn logits_are_on_no_scale_and_weights_are_on_theirs() {
        assert_eq!(off(Scale::Simplex, [0.2, 0.3, 0.5]), None);
        assert_eq!(off(Scale::Simplex, [0.33, 0.33, 0.33]), None);
        assert_eq!(off(Scale::Simplex, [0.0, 0.0, 0.0]), Some(0.0));
        assert_eq!(off(Scale::Simplex, [0.75, 0.75, 0.25]), Some(1.75));
        assert_eq!(off(Scale::Simplex, [2.0, -1.0, 0.0]), Some(1.0));
        assert_eq!(off(Scale::UnitInterval, [0.9, 0.8, 0.1]), None);
        assert_eq!(off(Scale::UnitInterval, [0.9, -3.0, 2.0]), Some(-3.0));
    }

    #[test]
    fn thresholds_are_for_numbers_that_do_not_compete() {
        for name in builtin_names() {
            let scale = ConfiguredDecoder::named(name).unwrap().scale();
            assert_eq!(scale == Scale::UnitInterval, name.starts_with("threshold"), "{name}");
        }
    }
}
