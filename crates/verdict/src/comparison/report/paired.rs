//! One contender against another, pair by pair.

use dartloom_record::Objective;
use dartloom_record::statistics::{self, Paired};
use serde::{Deserialize, Serialize};

use super::ContenderReport;
use crate::VerdictError;

/// The probability of error at which a difference counts.
const LEVEL: f64 = 0.05;

/// A searched method against another contender, paired by seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PairedReport {
    /// The other contender.
    pub against: String,
    /// Number of seeds with which both have a score.
    pub seeds: usize,
    /// Mean difference of test scores over these, method minus other; absent where there are none.
    pub difference: Option<f64>,
    /// 95 % confidence interval of the difference (paired t); absent with fewer than two seeds, and
    /// with equal differences, whose lack of spread is no certainty.
    pub interval: Option<(f64, f64)>,
    /// Two-sided p-value of the paired t test; absent with fewer than two seeds or equal
    /// differences.
    pub p_value: Option<f64>,
    /// The p-value adjusted for the number of methods that are tested against this contender
    /// ([`statistics::holm`]).
    #[serde(default)]
    pub adjusted_p_value: Option<f64>,
    /// Size of the effect: the mean difference in standard deviations of the differences.
    #[serde(default)]
    pub effect: Option<f64>,
    /// Seeds with which the interval would leave zero out if mean and spread of the differences
    /// stay as they are ([`statistics::pairs_needed`]); absent where nothing can be said.
    #[serde(default)]
    pub seeds_needed: Option<usize>,
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
            adjusted_p_value: None,
            effect: None,
            seeds_needed: None,
        };
        if own.len() < 2 {
            return Ok(alone);
        }
        let Paired { mean_difference, difference_sd, lower, upper, test, .. } =
            statistics::paired(&own, &others)?;
        let Some(test) = test else { return Ok(alone) };
        Ok(Self {
            interval: Some((lower, upper)),
            p_value: Some(test.p_value),
            adjusted_p_value: Some(test.p_value),
            effect: Some(mean_difference / difference_sd),
            seeds_needed: statistics::pairs_needed(mean_difference, difference_sd),
            ..alone
        })
    }

    /// Adjusts the p-values of several methods against their contenders, one contender after the
    /// other.
    pub(super) fn adjust(methods: &mut [Vec<Self>]) {
        let contenders = methods.iter().map(Vec::len).max().unwrap_or(0);
        for contender in 0..contenders {
            let tested = methods.iter_mut().filter_map(|pairs| pairs.get_mut(contender));
            let mut tested: Vec<&mut Self> = tested.filter(|pair| pair.p_value.is_some()).collect();
            let p_values: Vec<f64> = tested.iter().filter_map(|pair| pair.p_value).collect();
            for (pair, adjusted) in tested.iter_mut().zip(statistics::holm(&p_values)) {
                pair.adjusted_p_value = Some(adjusted);
            }
        }
    }

    /// `true` if the method is better beyond chance: the interval lies above zero, or below where
    /// lower scores are better, and the adjusted p-value is below 5 %. Differences that are equal
    /// over a few seeds by accident show no spread, have no test, and prove nothing.
    pub(super) fn is_better(&self, objective: &Objective) -> bool {
        let all_better =
            |(lower, upper)| objective.better(lower, 0.0) && objective.better(upper, 0.0);
        let beyond_chance = self.adjusted_p_value.is_some_and(|p_value| p_value < LEVEL);
        beyond_chance && self.interval.is_some_and(all_better)
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
        let adjusted = self.adjusted_p_value.filter(|_| self.adjusted_p_value != self.p_value);
        let adjusted =
            adjusted.map_or_else(String::new, |p| format!(" ({p:.3} among all methods)"));
        format!("{difference}{interval}{p_value}{adjusted} against {against}")
    }

    /// Seeds that it would take, where these do not tell.
    pub(super) fn outlook(&self) -> Option<String> {
        let against = &self.against;
        if self.seeds < 2 || self.adjusted_p_value.is_some_and(|p_value| p_value < LEVEL) {
            return None;
        }
        let Some(needed) = self.seeds_needed else {
            return self.interval.is_none().then(|| {
                format!(" The differences from {against} are all equal, which is no certainty.")
            });
        };
        // More than there are: several methods ask for more than one alone.
        let needed = needed.max(self.seeds + 1);
        Some(format!(" Differences like these take about {needed} seeds to tell {against} apart."))
    }
}
