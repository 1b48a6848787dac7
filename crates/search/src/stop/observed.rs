//! The input and the output of rules.

use std::fmt;

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
    /// Accuracy of the supernet on the validation images, in `[0, 1]`.
    pub accuracy: f64,
    /// Its mean loss on them; `None` if that is not finite, because JSON has no such number.
    pub loss: Option<f64>,
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
