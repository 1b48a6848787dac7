//! The number of paths that stay.

use serde::{Deserialize, Serialize};

use crate::{DecodeError, ScoreStatistics};

/// The rule for the number of ranked paths that stay; at least one always does.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum PathCount {
    /// This many of the best.
    Fixed(usize),
    /// Those whose score is at least `mean + factor spread` over all scores.
    Deviations {
        /// The number of spreads above the mean.
        factor: f64,
        /// The measure of spread.
        spread: Spread,
    },
    /// The best share of all, rounded up: above 0, at most 1.
    Share(f64),
    /// Those whose score, a mean logarithm, is at least this.
    AtLeast(f64),
}

/// A measure of how scores scatter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Spread {
    /// The standard deviation, dividing by the number of paths. No score of `n` lies more than
    /// `sqrt(n - 1)` of these above the mean: with a factor of 3, fewer than 10 paths never keep
    /// any.
    #[default]
    Population,
    /// The standard deviation, dividing by one less: at most `(n - 1) / sqrt(n)`, with a factor of
    /// 3 fewer than 11 paths never keep any.
    Sample,
    /// The variance, which equation 13 of the Preligens study calls its sigma. It is not on the
    /// scale of scores but of their squares.
    Variance,
}

impl Spread {
    /// The spread of scores with these statistics; 0 for a single score.
    #[must_use]
    pub fn of(self, statistics: &ScoreStatistics) -> f64 {
        let variance = statistics.variance;
        let count = statistics.count as f64;
        match self {
            Self::Population => variance.sqrt(),
            Self::Sample if statistics.count < 2 => 0.0,
            Self::Sample => (variance * (count / (count - 1.0))).sqrt(),
            Self::Variance => variance,
        }
    }
}

/// The paths that a rule keeps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kept {
    /// This many of the best, or all where there are fewer.
    First(u128),
    /// Those whose score is at least this.
    Reaching(f64),
}

impl PathCount {
    pub(crate) fn check(self) -> Result<(), DecodeError> {
        let refuse = |expected, found: f64| Err(DecodeError::PathCount { expected, found });
        match self {
            Self::Fixed(0) => refuse("1 or more paths", 0.0),
            Self::Share(share) if !(share > 0.0 && share <= 1.0) => {
                refuse("a share above 0, at most 1", share)
            }
            Self::Deviations { factor, .. } if !factor.is_finite() => {
                refuse("a finite factor", factor)
            }
            Self::AtLeast(bound) if !bound.is_finite() => refuse("a finite bound", bound),
            _ => Ok(()),
        }
    }

    pub(crate) fn needs_statistics(self) -> bool {
        matches!(self, Self::Deviations { .. })
    }

    /// The paths that stay of `count` possible ones whose scores have these statistics.
    pub(crate) fn kept(self, count: u128, statistics: Option<&ScoreStatistics>) -> Kept {
        match self {
            Self::Fixed(number) => Kept::First(number as u128),
            // Exact below 2^53 paths; the conversion back saturates.
            Self::Share(share) => Kept::First((share * count as f64).ceil() as u128),
            Self::AtLeast(bound) => Kept::Reaching(bound),
            Self::Deviations { factor, spread } => {
                let bound = |own: &ScoreStatistics| own.mean + factor * spread.of(own);
                Kept::Reaching(statistics.map_or(f64::INFINITY, bound))
            }
        }
    }
}
