//! What rules read and say.

use std::fmt;

use dartloom_space::{Genotype, WeightTable};
use serde::{Deserialize, Serialize};

/// What is known at the end of an epoch of a search.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Observed {
    /// The epoch, from 0.
    pub epoch: usize,
    /// Architecture weights.
    pub weights: WeightTable,
    /// The architecture decoded from them.
    pub genotype: Genotype,
    /// Accuracy of the supernet on the validation images, in `[0, 1]`.
    pub accuracy: f64,
    /// Its mean loss on them; `None` when that is not finite, which JSON has no number for.
    pub loss: Option<f64>,
}

/// Why a rule holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    /// What the rule is called in reports.
    pub rule: String,
    /// What it has seen, in one line.
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

/// How a rule ended a search.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stopped {
    /// The last epoch of the search, from 0.
    pub epoch: usize,
    /// Why no other followed.
    pub reason: Reason,
}
