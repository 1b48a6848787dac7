//! The verdict table and the sentence under it.

use std::collections::BTreeMap;

use dartloom_metrics::statistics::{self, Paired};
use serde::{Deserialize, Serialize};

use super::legs::SeedResults;
use super::{ComparisonConfig, LegResult};
use crate::{Gap, SearchError};

/// A row of the verdict table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ContenderReport {
    /// What was retrained.
    pub name: String,
    /// Test accuracy of each seed.
    pub accuracies: Vec<f64>,
    /// Their mean.
    pub accuracy: f64,
    /// Their standard deviation (n - 1); absent with one seed.
    pub accuracy_sd: Option<f64>,
    /// Mean trainable numbers.
    pub parameters: f64,
    /// Mean multiply-adds per image.
    pub macs: f64,
    /// Mean seconds of searching.
    pub search_seconds: f64,
    /// Mean seconds of retraining.
    pub train_seconds: f64,
    /// Mean multiply-adds of searching.
    pub search_macs: f64,
}

/// The searched method against another contender, paired by seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PairedReport {
    /// The other contender.
    pub against: String,
    /// Number of seeds.
    pub seeds: usize,
    /// Mean difference of test accuracies, method minus other.
    pub difference: f64,
    /// 95 % confidence interval of the difference (paired t); absent with one seed.
    pub interval: Option<(f64, f64)>,
    /// Two-sided p-value of the paired t test; absent with one seed or equal differences.
    pub p_value: Option<f64>,
}

impl PairedReport {
    /// Whether the method is better beyond chance: the interval lies above zero. Differences that
    /// are equal over a few seeds by accident show no spread, have no test, and prove nothing.
    fn is_better(&self) -> bool {
        self.p_value.is_some() && self.interval.is_some_and(|(lower, _)| lower > 0.0)
    }
}

/// What a comparison found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Searched, random, baseline.
    pub contenders: Vec<ContenderReport>,
    /// The method against the others.
    pub paired: Vec<PairedReport>,
    /// Discretisation gap of each seed's search.
    pub gaps: Vec<Gap>,
    /// Architectures tried by each seed's random search.
    pub random_tried: Vec<usize>,
    /// Whether searching was worth it: better than both others beyond chance.
    pub worth_it: bool,
    /// The verdict in one sentence.
    pub sentence: String,
}

impl Report {
    pub(super) fn new(
        config: &ComparisonConfig,
        seeds: &[SeedResults],
    ) -> Result<Self, SearchError> {
        let idle = LegResult::default();
        let rows = [
            (config.method.as_str(), 0, true),
            ("random search", 1, true),
            (config.baseline.name(), 2, false),
        ];
        let mut contenders = Vec::new();
        for (name, slot, searched) in rows {
            let legs: Vec<_> = seeds
                .iter()
                .map(|seed| {
                    let search = match (searched, slot) {
                        (true, 0) => &seed.search,
                        (true, _) => &seed.random,
                        _ => &idle,
                    };
                    (search, &seed.trained[slot])
                })
                .collect();
            contenders.push(contender(name, &legs));
        }
        let method = &contenders[0];
        let paired = contenders[1..]
            .iter()
            .map(|other| against(&method.accuracies, other))
            .collect::<Result<Vec<_>, _>>()?;
        let worth_it = paired.iter().all(PairedReport::is_better);
        let sentence = sentence(method, &paired, worth_it);
        Ok(Self {
            gaps: seeds.iter().filter_map(|seed| seed.search.gap).collect(),
            random_tried: seeds.iter().filter_map(|seed| seed.random.tried).collect(),
            contenders,
            paired,
            worth_it,
            sentence,
        })
    }

    /// Mean accuracies by contender: what the last event of a run says.
    pub fn metrics(&self) -> BTreeMap<String, f64> {
        let accuracy = |row: &ContenderReport| (format!("accuracy {}", row.name), row.accuracy);
        self.contenders.iter().map(accuracy).collect()
    }
}

fn contender(name: &str, legs: &[(&LegResult, &LegResult)]) -> ContenderReport {
    let mean = |value: &dyn Fn(&(&LegResult, &LegResult)) -> f64| {
        statistics::mean(&legs.iter().map(value).collect::<Vec<_>>()).unwrap_or(0.0)
    };
    let accuracies: Vec<f64> = legs.iter().filter_map(|(_, trained)| trained.accuracy).collect();
    ContenderReport {
        name: name.to_owned(),
        accuracy: statistics::mean(&accuracies).unwrap_or(0.0),
        accuracy_sd: statistics::sample_sd(&accuracies),
        accuracies,
        parameters: mean(&|(_, trained)| trained.parameters.unwrap_or(0) as f64),
        macs: mean(&|(_, trained)| trained.macs.unwrap_or(0) as f64),
        search_seconds: mean(&|(search, _)| search.seconds),
        train_seconds: mean(&|(_, trained)| trained.seconds),
        search_macs: mean(&|(search, _)| search.training_macs as f64),
    }
}

fn against(method: &[f64], other: &ContenderReport) -> Result<PairedReport, SearchError> {
    let difference = statistics::mean(method).unwrap_or(0.0) - other.accuracy;
    let alone = PairedReport {
        against: other.name.clone(),
        seeds: method.len(),
        difference,
        interval: None,
        p_value: None,
    };
    if method.len() < 2 {
        return Ok(alone);
    }
    let Paired { lower, upper, test, .. } = statistics::paired(method, &other.accuracies)?;
    let p_value = test.map(|test| test.p_value);
    Ok(PairedReport { interval: Some((lower, upper)), p_value, ..alone })
}

fn sentence(method: &ContenderReport, paired: &[PairedReport], worth_it: bool) -> String {
    let parts: Vec<String> = paired.iter().map(describe).collect();
    let evidence = parts.join("; ");
    let seeds = method.accuracies.len();
    if seeds < 2 {
        return format!("One seed cannot tell whether searching is worth it: {evidence}.");
    }
    let answer = if worth_it { "is" } else { "is not shown to be" };
    let name = &method.name;
    format!(
        "Searching with {name} {answer} worth it here, over {seeds} paired seeds: {evidence} \
         (difference in test accuracy, 95 % confidence interval of the paired t test)."
    )
}

fn describe(pair: &PairedReport) -> String {
    let PairedReport { against, difference, interval, p_value, .. } = pair;
    let points = 100.0 * difference;
    let interval = interval.map_or_else(String::new, |(lower, upper)| {
        format!(" [{:+.2}, {:+.2}]", 100.0 * lower, 100.0 * upper)
    });
    let p_value = p_value.map_or_else(String::new, |p| format!(", p = {p:.3}"));
    format!("{points:+.2} points{interval}{p_value} against {against}")
}

#[cfg(test)]
mod tests;
