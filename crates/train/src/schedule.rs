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
    /// Several cosines, each from half of where the last one began (GAEA's released code):
    ///
    /// ```text
    /// c = (1 + cos(pi t / T)) / 2,  t = epoch mod T,  T = epochs / cycles
    /// rate = to + (from / 2^(epoch div T) - to) (power^c - 1) / (power - 1)
    /// ```
    ///
    /// A `power` of 1 is the limit, `c` itself; larger ones fall sooner.
    Cycles {
        /// First rate.
        from: f64,
        /// Rate after the last epoch of a cycle.
        to: f64,
        /// Number of cosines, at least 1.
        cycles: usize,
        /// The exponent of the cosine, positive.
        power: f64,
    },
}

impl Schedule {
    /// The rate in `epoch` of `epochs`.
    pub fn at(self, epoch: usize, epochs: usize) -> f64 {
        match self {
            Self::Constant(rate) => rate,
            Self::Cosine { from, to } => {
                to + (from - to) * half_cosine(epoch as f64 / epochs.max(1) as f64)
            }
            Self::Cycles { from, to, cycles, power } => {
                let period = (epochs / cycles.max(1)).max(1);
                let cycle = epoch / period;
                let epoch = epoch % period;
                let cosine = half_cosine(epoch as f64 / period as f64);
                let limit = (power - 1.0).abs() < 1e-9;
                let bent = if limit { cosine } else { (power.powf(cosine) - 1.0) / (power - 1.0) };
                to + (from / (cycle as f64).exp2() - to) * bent
            }
        }
    }

    /// The same with every rate times `factor`.
    #[must_use]
    pub fn scaled(self, factor: f64) -> Self {
        match self {
            Self::Constant(rate) => Self::Constant(factor * rate),
            Self::Cosine { from, to } => Self::Cosine { from: factor * from, to: factor * to },
            Self::Cycles { from, to, cycles, power } => {
                Self::Cycles { from: factor * from, to: factor * to, cycles, power }
            }
        }
    }

    /// `true` if every rate is zero or a positive number.
    pub fn is_valid(self) -> bool {
        let good = |rate: f64| rate.is_finite() && rate >= 0.0;
        match self {
            Self::Constant(rate) => good(rate),
            Self::Cosine { from, to } => good(from) && good(to),
            Self::Cycles { from, to, cycles, power } => {
                good(from) && good(to) && cycles > 0 && power.is_finite() && power > 0.0
            }
        }
    }
}

/// From 1 at `fraction` 0 to 0 at 1.
fn half_cosine(fraction: f64) -> f64 {
    (1.0 + (std::f64::consts::PI * fraction).cos()) / 2.0
}
