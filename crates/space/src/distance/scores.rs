//! The weights of operations in a distance.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::SpaceError;

/// A weight above 0 for every operation: the cost of a change of that operation.
///
/// Written as a map from names to numbers. The published ones are the accuracies, in percent, that
/// a proxy network reached with the operation on one of its edges.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, f64>", into = "BTreeMap<String, f64>")]
pub struct OpScores {
    weights: BTreeMap<String, f64>,
}

/// Operation, mean, median.
const PUBLISHED: [(&str, f64, f64); 12] = [
    ("conv_3x1_1x3", 82.105830863444, 82.76499747314453),
    ("conv_7x1_1x7", 83.1591640991211, 82.71999720458984),
    ("max_pool_3x3", 82.13416411336264, 82.9599975830078),
    ("avg_pool_3x3", 81.56333073120116, 82.50499731445314),
    ("skip_connect", 81.34166406249999, 82.15499764404296),
    ("simple_conv_1x1", 81.49166413777668, 82.26999738769531),
    ("simple_conv_3x3", 82.30333082275389, 83.12499739990236),
    ("sep_conv_3x3", 83.39583075561525, 83.18999750976562),
    ("sep_conv_5x5", 84.97416410115558, 84.87499729003906),
    ("dil_conv_3x3", 82.73583073323566, 82.964997265625),
    ("dil_conv_5x5", 82.89249749959309, 82.98999738769531),
    ("bottleneck_1x3x1", 82.87499756469727, 83.06999747314453),
];

impl OpScores {
    /// Scores by operation name.
    ///
    /// # Errors
    /// [`SpaceError::NoScores`] for none at all, [`SpaceError::Score`] for one that is not a finite
    /// number above 0.
    pub fn new(weights: BTreeMap<String, f64>) -> Result<Self, SpaceError> {
        if weights.is_empty() {
            return Err(SpaceError::NoScores);
        }
        for (op, &found) in &weights {
            if !found.is_finite() || found <= 0.0 {
                return Err(SpaceError::Score { op: op.clone(), found });
            }
        }
        Ok(Self { weights })
    }

    /// Means over 12 edges of a proxy network for the 12 operations of `S_o`: the weights in the
    /// released code of D-DARTS (`op_stats.json`).
    pub fn means() -> Self {
        Self::published(|(op, mean, _)| (op, mean))
    }

    /// Medians of the same measurements: table 1 of the D-DARTS paper (`op_stats_2.json`).
    pub fn medians() -> Self {
        Self::published(|(op, _, median)| (op, median))
    }

    fn published(column: impl Fn((&'static str, f64, f64)) -> (&'static str, f64)) -> Self {
        let rows = PUBLISHED.into_iter().map(column);
        Self { weights: rows.map(|(op, weight)| (op.to_owned(), weight)).collect() }
    }

    /// The scores of some of the operations: distances are then relative to these alone.
    ///
    /// # Errors
    /// [`SpaceError::NoScore`] for an operation that has none, [`SpaceError::NoScores`] for an
    /// empty choice.
    pub fn choose<'a>(&self, ops: impl IntoIterator<Item = &'a str>) -> Result<Self, SpaceError> {
        let chosen = ops.into_iter().map(|op| Ok((op.to_owned(), self.get(op)?)));
        Self::new(chosen.collect::<Result<_, SpaceError>>()?)
    }

    /// The score of an operation.
    ///
    /// # Errors
    /// [`SpaceError::NoScore`] with the operations that have one.
    pub fn get(&self, op: &str) -> Result<f64, SpaceError> {
        self.weights.get(op).copied().ok_or_else(|| SpaceError::NoScore {
            op: op.to_owned(),
            known: self.weights.keys().cloned().collect(),
        })
    }

    /// Operations with their scores, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, f64)> {
        self.weights.iter().map(|(op, &weight)| (op.as_str(), weight))
    }

    /// Number of operations, at least 1.
    #[allow(clippy::len_without_is_empty, reason = "there is at least one")]
    pub fn len(&self) -> usize {
        self.weights.len()
    }

    /// Sum of all scores.
    pub fn sum(&self) -> f64 {
        self.weights.values().sum()
    }

    /// Reads scores from a JSON object of numbers by operation name.
    ///
    /// # Errors
    /// [`SpaceError::Json`] with line and column where the text is no such object; otherwise as
    /// [`OpScores::new`].
    pub fn from_json(text: &str) -> Result<Self, SpaceError> {
        Self::new(
            serde_json::from_str(crate::text::without_mark(text)).map_err(SpaceError::from_json)?,
        )
    }

    /// Writes the scores as JSON on one line.
    ///
    /// # Errors
    /// None for a value of this crate.
    pub fn to_json(&self) -> Result<String, SpaceError> {
        serde_json::to_string(self).map_err(SpaceError::from_json)
    }
}

impl TryFrom<BTreeMap<String, f64>> for OpScores {
    type Error = SpaceError;

    fn try_from(weights: BTreeMap<String, f64>) -> Result<Self, SpaceError> {
        Self::new(weights)
    }
}

impl From<OpScores> for BTreeMap<String, f64> {
    fn from(scores: OpScores) -> Self {
        scores.weights
    }
}

#[cfg(test)]
mod tests {
    use super::OpScores;
    use crate::{OpSet, SpaceError};

    #[test]
    fn the_published_scores_are_those_of_all_operations_of_the_paper() {
        for scores in [OpScores::means(), OpScores::medians()] {
            let ops = OpSet::builtin("S_o").unwrap();
            assert_eq!(scores.len(), ops.len());
            assert_eq!(scores, scores.choose(ops.names()).unwrap());
        }
        // Table 1 prints two digits.
        let medians = OpScores::medians();
        for (op, printed) in [("conv_3x1_1x3", 82.76), ("sep_conv_5x5", 84.87)] {
            assert!((medians.get(op).unwrap() - printed).abs() < 0.01, "{op}");
        }
    }

    #[test]
    fn an_operation_without_score_is_named_with_those_that_have_one() {
        let error = OpScores::means().get("attention").unwrap_err().to_string();
        assert!(error.contains("`attention`") && error.contains("sep_conv_5x5"), "{error}");
        let none = OpScores::means().choose([]);
        assert_eq!(none, Err(SpaceError::NoScores));
    }

    #[test]
    fn only_finite_numbers_above_0_are_scores() {
        let scores = OpScores::from_json(r#"{"a": 2, "b": 0.5}"#).unwrap();
        assert_eq!(OpScores::from_json(&scores.to_json().unwrap()).unwrap(), scores);
        assert!((scores.sum() - 2.5).abs() < 1e-15);
        for (text, message) in [
            (r#"{"a": 0}"#, "operation `a`"),
            (r#"{"a": -1}"#, "above 0"),
            ("{}", "no operation"),
            ("{\"a\": 1,\n\"b\": \"x\"}", "line 2"),
            ("[1]", "line 1"),
        ] {
            let error = OpScores::from_json(text).unwrap_err().to_string();
            assert!(error.contains(message), "{text}: {error}");
        }
        assert!(serde_json::from_str::<OpScores>(r#"{"a": -1}"#).is_err());
    }
}
