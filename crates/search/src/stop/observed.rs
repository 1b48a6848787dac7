//! The input and the output of rules.

use std::fmt;

use dartloom_record::{Objective, Scores};
use dartloom_space::{Genotype, WeightTable};
use serde::{Deserialize, Serialize};

/// The facts known at the end of an epoch of a search.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Observed {
    /// The epoch, from 0.
    pub epoch: usize,
    /// Architecture weights.
    pub weights: WeightTable,
    /// The architecture decoded from them.
    pub genotype: Genotype,
    /// Scores of the supernet on the validation images.
    pub scores: Scores,
    /// The one that selects.
    pub objective: Objective,
    /// Its mean loss on them; `None` when that is not finite, which JSON has no number for.
    pub loss: Option<f64>,
}

impl Observed {
    /// The score that selects; NaN where it has no value.
    #[must_use]
    pub fn score(&self) -> f64 {
        self.scores.get(&self.objective.name).unwrap_or(f64::NAN)
    }
}

/// The reason why a rule holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    /// Name of the rule in reports.
    pub rule: String,
    /// The observation, in one line.
    pub seen: String,
}

impl Reason {
    /// A reason of the rule called `rule`.
    pub fn new(rule: impl Into<String>, seen: impl Into<String>) -> Self {
        Self { rule: rule.into(), seen: seen.into() }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.rule, self.seen)
    }
}

/// The end of a search by a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stopped {
    /// The last epoch of the search, from 0.
    pub epoch: usize,
    /// The reason to stop.
    pub reason: Reason,
}
