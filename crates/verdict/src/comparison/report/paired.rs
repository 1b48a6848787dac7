//! One contender against another, pair by pair.

use dartloom_record::Objective;
use dartloom_record::statistics::{self, Paired};
use serde::{Deserialize, Serialize};

use super::ContenderReport;
use crate::VerdictError;

/// A searched method against another contender, paired by seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PairedReport {
    /// The other contender.
    pub against: String,
    /// Number of seeds with which both have a score.
    pub seeds: usize,
    /// Mean difference of test scores over these, method minus other; absent where there are none.
    pub difference: Option<f64>,
    /// 95 % confidence interval of the difference (paired t); absent with fewer than two seeds.
    pub interval: Option<(f64, f64)>,
    /// Two-sided p-value of the paired t test; absent with fewer than two seeds or equal
    /// differences.
    pub p_value: Option<f64>,
}

impl PairedReport {
    /// The scores of a method, seed by seed, against those of `other`.
    pub(super) fn new(
        method: &[Option<f64>],
        other: &ContenderReport,
    ) -> Result<Self, VerdictError> {
        let pairs = method.iter().zip(&other.scores);
        let pairs = pairs.filter_map(|(own, other)| Some(((*own)?, (*other)?)));
        let (own, others): (Vec<f64>, Vec<f64>) = pairs.unzip();
        let means = statistics::mean(&own).zip(statistics::mean(&others));
        let alone = Self {
            against: other.name.clone(),
            seeds: own.len(),
            difference: means.map(|(own, other)| own - other),
            interval: None,
            p_value: None,
        };
        if own.len() < 2 {
            return Ok(alone);
        }
        let Paired { lower, upper, test, .. } = statistics::paired(&own, &others)?;
        let p_value = test.map(|test| test.p_value);
        Ok(Self { interval: Some((lower, upper)), p_value, ..alone })
    }

    /// `true` if the method is better beyond chance: the interval lies above zero, or below where
    /// lower scores are better. Differences that
    /// are equal over a few seeds by accident show no spread, have no test, and prove nothing.
    pub(super) fn is_better(&self, objective: &Objective) -> bool {
        let all_better =
            |(lower, upper)| objective.better(lower, 0.0) && objective.better(upper, 0.0);
        self.p_value.is_some() && self.interval.is_some_and(all_better)
    }

    /// `+1.00 points [+0.50, +1.50], p = 0.012 against random search`.
    pub(super) fn describe(&self, objective: &Objective) -> String {
        let Self { against, difference, interval, p_value, .. } = self;
        let Some(difference) = difference else {
            return format!("nothing to compare with {against}");
        };
        let interval = interval.map_or_else(String::new, |(lower, upper)| {
            format!(" [{}, {}]", objective.signed(lower), objective.signed(upper))
        });
        let difference = objective.difference(*difference);
        let p_value = p_value.map_or_else(String::new, |p| format!(", p = {p:.3}"));
        format!("{difference}{interval}{p_value} against {against}")
    }
}
