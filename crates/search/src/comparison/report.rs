//! The verdict table and the sentences under it.

mod paired;

use std::collections::BTreeMap;

use dartloom_metrics::statistics;
use serde::{Deserialize, Serialize};

pub use paired::PairedReport;

use super::LegResult;
use super::legs::SeedResults;
use crate::explore::FailureCount;
use crate::stop::Stopped;
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

/// What was found out about a searched method.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MethodReport {
    /// Its name, that of its row.
    pub name: String,
    /// The method against random search and against the hand-made network.
    pub paired: Vec<PairedReport>,
    /// Discretisation gap of each seed's search.
    pub gaps: Vec<Gap>,
    /// Of each seed's discrete search, the candidates that were tried and why some have no measurement.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<CandidatesReport>,
    /// Of each seed's search, the rule that ended it early, if one did.
    #[serde(default)]
    pub stopped: Vec<Option<Stopped>>,
    /// Whether searching was worth it: better than both others beyond chance.
    pub worth_it: bool,
    /// The verdict in one sentence.
    pub sentence: String,
}

/// The candidates of a discrete search.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CandidatesReport {
    /// How many were tried.
    pub tried: usize,
    /// Those without a measurement by reason.
    pub failures: Vec<FailureCount>,
}

/// What a comparison found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The methods in their order, random search, the hand-made network.
    pub contenders: Vec<ContenderReport>,
    /// The verdict on each method. Every interval is a test by itself at 5 %: of several methods
    /// that are no better, one more often seems to be.
    pub methods: Vec<MethodReport>,
    /// Architectures tried by each seed's random search.
    pub random_tried: Vec<usize>,
}

impl Report {
    /// The report on methods of these names and a hand-made network.
    pub(super) fn new(
        methods: &[&str],
        baseline: &str,
        seeds: &[SeedResults],
    ) -> Result<Self, SearchError> {
        let names = methods.iter().copied().chain(["random search", baseline]);
        let row = |(slot, name)| contender(name, slot, seeds);
        let contenders: Vec<ContenderReport> = names.enumerate().map(row).collect();
        let (searched, others) = contenders.split_at(methods.len());
        let methods = searched.iter().enumerate().map(|(slot, row)| {
            let legs: Vec<_> = seeds.iter().filter_map(|seed| seed.searches.get(slot)).collect();
            MethodReport::new(row, others, &legs)
        });
        Ok(Self {
            methods: methods.collect::<Result<_, _>>()?,
            random_tried: seeds.iter().filter_map(|seed| seed.random.tried).collect(),
            contenders,
        })
    }

    /// Mean accuracies by contender: what the last event of a run says.
    pub fn metrics(&self) -> BTreeMap<String, f64> {
        let accuracy = |row: &ContenderReport| (format!("accuracy {}", row.name), row.accuracy);
        self.contenders.iter().map(accuracy).collect()
    }
}

impl MethodReport {
    fn new(
        row: &ContenderReport,
        others: &[ContenderReport],
        searches: &[&LegResult],
    ) -> Result<Self, SearchError> {
        let paired = others.iter().map(|other| PairedReport::new(&row.accuracies, other));
        let paired = paired.collect::<Result<Vec<_>, _>>()?;
        let worth_it = paired.iter().all(PairedReport::is_better);
        let sentence = sentence(row, &paired, worth_it);
        let gaps = searches.iter().filter_map(|leg| leg.gap).collect();
        let stopped = searches.iter().map(|leg| leg.stopped.clone()).collect();
        let candidates = searches.iter().filter_map(|leg| {
            Some(CandidatesReport { tried: leg.tried?, failures: leg.failures.clone() })
        });
        let candidates = candidates.collect();
        Ok(Self { name: row.name.clone(), paired, gaps, candidates, stopped, worth_it, sentence })
    }
}

/// The row of what is retrained in `slot`.
fn contender(name: &str, slot: usize, seeds: &[SeedResults]) -> ContenderReport {
    let mean = |values: Vec<f64>| statistics::mean(&values).unwrap_or(0.0);
    let trained: Vec<&LegResult> = seeds.iter().filter_map(|seed| seed.trained.get(slot)).collect();
    let over = |value: fn(&LegResult) -> f64| mean(trained.iter().map(|leg| value(leg)).collect());
    // Behind the methods' searches stands random search's; a hand-made network has none.
    let search = |value: fn(&LegResult) -> f64| {
        let legs = seeds.iter().map(|seed| seed.searches.iter().chain([&seed.random]).nth(slot));
        mean(legs.map(|leg| leg.map_or(0.0, value)).collect())
    };
    let accuracies: Vec<f64> = trained.iter().filter_map(|leg| leg.accuracy).collect();
    ContenderReport {
        name: name.to_owned(),
        accuracy: statistics::mean(&accuracies).unwrap_or(0.0),
        accuracy_sd: statistics::sample_sd(&accuracies),
        accuracies,
        parameters: over(|leg| leg.parameters.unwrap_or(0) as f64),
        macs: over(|leg| leg.macs.unwrap_or(0) as f64),
        search_seconds: search(|leg| leg.seconds),
        train_seconds: over(|leg| leg.seconds),
        search_macs: search(|leg| leg.training_macs as f64),
    }
}

fn sentence(method: &ContenderReport, paired: &[PairedReport], worth_it: bool) -> String {
    let parts: Vec<String> = paired.iter().map(PairedReport::describe).collect();
    let (name, evidence) = (&method.name, parts.join("; "));
    let seeds = method.accuracies.len();
    if seeds < 2 {
        return format!(
            "One seed cannot tell whether searching with {name} is worth it: {evidence}."
        );
    }
    let answer = if worth_it { "is" } else { "is not shown to be" };
    format!(
        "Searching with {name} {answer} worth it here, over {seeds} paired seeds: {evidence} \
         (difference in test accuracy, 95 % confidence interval of the paired t test)."
    )
}

#[cfg(test)]
mod tests;
