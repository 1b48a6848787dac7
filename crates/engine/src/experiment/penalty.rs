//! Terms of the loss as data.

use dartloom::relax::{ConfiguredRegulariser, Ramp, RelaxError};
use serde::{Deserialize, Serialize};

use super::Named;

/// A term of the loss and how much it counts, epoch by epoch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Penalty {
    /// The term.
    pub kind: Named<ConfiguredRegulariser>,
    /// Its weight in the first epoch; that in the last one when left out.
    #[serde(default)]
    pub from: Option<f64>,
    /// Its weight in the last epoch.
    pub to: f64,
    /// Share of the search after which the weight begins to move.
    #[serde(default)]
    pub begin: f64,
    /// Share of the search after which it rests.
    #[serde(default = "whole")]
    pub end: f64,
}

fn whole() -> f64 {
    1.0
}

impl Penalty {
    /// Its weight, epoch by epoch.
    pub(super) fn ramp(&self) -> Result<Ramp, RelaxError> {
        let from = self.from.unwrap_or(self.to);
        for (name, found) in [("to", self.to), ("from", from)] {
            if !found.is_finite() {
                let expected = "a finite number";
                return Err(RelaxError::Parameter { name, expected, found });
            }
        }
        Ramp::new(from, self.to).between(self.begin, self.end)
    }
}
