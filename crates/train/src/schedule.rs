//! Learning rates over epochs.

use serde::{Deserialize, Serialize};

/// The learning rate as a function of the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub enum Schedule {
    /// The same rate in every epoch.
    Constant(f64),
    /// Half a cosine from `from` (epoch 0) towards `to` (never reached):
    /// `to + (from - to) (1 + cos(pi epoch / epochs)) / 2` (SGDR, equation 5, one period).
    Cosine {
        /// First rate.
        from: f64,
        /// Rate after the last epoch.
        to: f64,
    },
}

impl Schedule {
    /// The rate in `epoch` of `epochs`.
    pub fn at(self, epoch: usize, epochs: usize) -> f64 {
        match self {
            Self::Constant(rate) => rate,
            Self::Cosine { from, to } => {
                let fraction = epoch as f64 / epochs.max(1) as f64;
                to + (from - to) * (1.0 + (std::f64::consts::PI * fraction).cos()) / 2.0
            }
        }
    }

    /// Whether every rate is a positive number or zero.
    pub fn is_valid(self) -> bool {
        let good = |rate: f64| rate.is_finite() && rate >= 0.0;
        match self {
            Self::Constant(rate) => good(rate),
            Self::Cosine { from, to } => good(from) && good(to),
        }
    }
}
