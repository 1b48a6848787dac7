//! The number of paths that stay.

use serde::{Deserialize, Serialize};

use crate::DecodeError;

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
    fn of(self, scores: &[f64], mean: f64) -> f64 {
        let squares: f64 = scores.iter().map(|score| (score - mean).powi(2)).sum();
        let count = scores.len() as f64;
        match self {
            Self::Population => (squares / count).sqrt(),
            Self::Sample if scores.len() < 2 => 0.0,
            Self::Sample => (squares / (count - 1.0)).sqrt(),
            Self::Variance => squares / count,
        }
    }
}

impl PathCount {
    pub(super) fn check(self) -> Result<(), DecodeError> {
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

    /// The number of the descending, finite `scores` that stay by the rule alone, and the bound
    /// that it drew, if it draws one.
    pub(super) fn of(self, scores: &[f64]) -> (usize, Option<f64>) {
        let reaching = |bound: f64| {
            let reach = scores.iter().take_while(|&&score| score >= bound).count();
            (reach, Some(bound))
        };
        match self {
            Self::Fixed(count) => (count.min(scores.len()), None),
            Self::Share(share) => ((share * scores.len() as f64).ceil() as usize, None),
            Self::AtLeast(bound) => reaching(bound),
            Self::Deviations { factor, spread } => {
                let mean = scores.iter().sum::<f64>() / scores.len() as f64;
                reaching(mean + factor * spread.of(scores, mean))
            }
        }
    }
}
