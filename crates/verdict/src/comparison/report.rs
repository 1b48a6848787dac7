//! The verdict table and the sentences under it.

mod paired;

use std::collections::BTreeMap;

use dartloom_record::{Contender, Leg, statistics};
use serde::{Deserialize, Serialize};

pub use paired::PairedReport;

use super::legs::SeedResults;
use super::{Labels, LegResult, Majority, Tried};
use crate::VerdictError;
use dartloom_search::Gap;
use dartloom_search::stop::Stopped;

/// A row of the verdict table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ContenderReport {
    /// Name of the contender.
    pub name: String,
    /// Test accuracy of each seed; `None` where a network diverged and there is none.
    pub accuracies: Vec<Option<f64>>,
    /// The reason, for every seed without an accuracy.
    #[serde(default)]
    pub failures: Vec<String>,
    /// Mean of the known accuracies.
    pub accuracy: Option<f64>,
    /// Standard deviation of the accuracies (n - 1); absent with fewer than two.
    pub accuracy_sd: Option<f64>,
    /// Mean trainable numbers of the trained networks.
    pub parameters: Option<f64>,
    /// Mean multiply-adds per image of the trained networks.
    pub macs: Option<f64>,
    /// Mean seconds of searching.
    pub search_seconds: f64,
    /// Mean seconds of retraining.
    pub train_seconds: f64,
    /// Mean multiply-adds of searching.
    pub search_macs: f64,
}

/// The findings on a searched method.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MethodReport {
    /// Its name, that of its row.
    pub name: String,
    /// The method against random search and against the hand-made network.
    pub paired: Vec<PairedReport>,
    /// Discretisation gap of each seed's search.
    pub gaps: Vec<Gap>,
    /// Architectures tried by each seed's search, if it tries any.
    #[serde(default)]
    pub tried: Vec<Tried>,
    /// Of each seed's search, the rule that ended it early, if one did.
    #[serde(default)]
    pub stopped: Vec<Option<Stopped>>,
    /// `true` if searching was worth it: the method is better than both others beyond chance.
    pub worth_it: bool,
    /// The verdict in one sentence.
    pub sentence: String,
}

/// The result of a comparison.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The methods in their order, random search, the hand-made network.
    pub contenders: Vec<ContenderReport>,
    /// The verdict on each method. Every interval is a test by itself at 5 %: with several methods
    /// that are no better, it is more likely that one of them seems to be.
    pub methods: Vec<MethodReport>,
    /// Architectures tried by each seed's random search.
    pub random: Vec<Tried>,
    /// The accuracy of always saying the most frequent class.
    pub majority: Majority,
    /// Remarks on odd labels, a sentence each.
    #[serde(default)]
    pub remarks: Vec<String>,
}

impl Report {
    /// The report on methods of these names and a hand-made network.
    ///
    /// [`VerdictError::NothingTrained`] when no contender has an accuracy.
    pub(super) fn new(
        searched: &[(Leg, &str)],
        baseline: &str,
        seeds: &[SeedResults],
        labels: &Labels,
    ) -> Result<Self, VerdictError> {
        let row = |(search, name): &(Leg, &str)| contender(name, Some(search), seeds);
        let mut contenders: Vec<ContenderReport> = searched.iter().map(row).collect();
        contenders.push(contender("random search", Some(&Leg::Random), seeds));
        contenders.push(contender(baseline, None, seeds));
        if contenders.iter().all(|row| row.accuracy.is_none()) {
            let failures = contenders.iter().flat_map(|row| &row.failures);
            let last = failures.last().cloned().unwrap_or_default();
            let networks = contenders.len() * seeds.len();
            return Err(VerdictError::NothingTrained { networks, last });
        }
        let (rows, others) = contenders.split_at(searched.len());
        let methods = rows.iter().zip(searched).map(|(row, (search, _))| {
            let legs: Vec<_> = seeds.iter().filter_map(|seed| seed.get(search)).collect();
            MethodReport::new(row, others, &legs)
        });
        let random = seeds.iter().filter_map(|seed| seed.get(&Leg::Random));
        Ok(Self {
            methods: methods.collect::<Result<_, _>>()?,
            random: random.filter_map(|search| search.tried.clone()).collect(),
            majority: labels.majority(),
            remarks: labels.remarks(),
            contenders,
        })
    }

    /// Mean accuracies of the contenders that have one, for the last event of a run.
    pub fn metrics(&self) -> BTreeMap<String, f64> {
        let accuracy =
            |row: &ContenderReport| Some((format!("accuracy {}", row.name), row.accuracy?));
        self.contenders.iter().filter_map(accuracy).collect()
    }
}

impl MethodReport {
    fn new(
        row: &ContenderReport,
        others: &[ContenderReport],
        searches: &[&LegResult],
    ) -> Result<Self, VerdictError> {
        let paired = others.iter().map(|other| PairedReport::new(&row.accuracies, other));
        let paired = paired.collect::<Result<Vec<_>, _>>()?;
        // A method that diverges with some seeds is not better for doing well with the others.
        let worth_it = row.failures.is_empty() && paired.iter().all(PairedReport::is_better);
        let sentence = sentence(row, others, &paired, worth_it);
        let gaps = searches.iter().filter_map(|leg| leg.gap.clone()).collect();
        let tried = searches.iter().filter_map(|leg| leg.tried.clone()).collect();
        let stopped = searches.iter().map(|leg| leg.stopped.clone()).collect();
        Ok(Self { name: row.name.clone(), paired, gaps, tried, stopped, worth_it, sentence })
    }
}

/// The row of a search's result, or of the hand-made network if there is no search.
fn contender(name: &str, search: Option<&Leg>, seeds: &[SeedResults]) -> ContenderReport {
    let retrain = Leg::Retrain(match search {
        Some(Leg::Search(key) | Leg::Explore(key)) => Contender::of(key),
        Some(_) => Contender::Random,
        None => Contender::Baseline,
    });
    let trained: Vec<&LegResult> = seeds.iter().filter_map(|seed| seed.get(&retrain)).collect();
    let mean = |values: Vec<f64>| statistics::mean(&values);
    let counted = |count: fn(&LegResult) -> Option<u64>| {
        mean(trained.iter().filter_map(|leg| count(leg)).map(|count| count as f64).collect())
    };
    // A hand-made network has no search, and costs none.
    let searching = |value: fn(&LegResult) -> f64| {
        let legs = seeds.iter().map(|seed| search.and_then(|search| seed.get(search)));
        mean(legs.map(|leg| leg.map_or(0.0, value)).collect()).unwrap_or(0.0)
    };
    let accuracies: Vec<Option<f64>> = trained.iter().map(|leg| leg.accuracy).collect();
    let known: Vec<f64> = accuracies.iter().copied().flatten().collect();
    ContenderReport {
        name: name.to_owned(),
        accuracy: statistics::mean(&known),
        accuracy_sd: statistics::sample_sd(&known),
        accuracies,
        failures: trained.iter().filter_map(|leg| leg.failure.clone()).collect(),
        parameters: counted(|leg| leg.parameters),
        macs: counted(|leg| leg.macs),
        search_seconds: searching(|leg| leg.seconds),
        train_seconds: mean(trained.iter().map(|leg| leg.seconds).collect()).unwrap_or(0.0),
        search_macs: searching(|leg| leg.training_macs as f64),
    }
}

fn sentence(
    method: &ContenderReport,
    others: &[ContenderReport],
    paired: &[PairedReport],
    worth_it: bool,
) -> String {
    let name = &method.name;
    let missing: String = std::iter::once(method).chain(others).filter_map(missing).collect();
    if method.accuracy.is_none() {
        return format!("Searching with {name} has no result here.{missing}");
    }
    let parts: Vec<String> = paired.iter().map(PairedReport::describe).collect();
    let evidence = parts.join("; ");
    let pairs = || paired.iter().map(|pair| pair.seeds);
    let (fewest, most) = (pairs().min().unwrap_or(0), pairs().max().unwrap_or(0));
    if fewest < 2 {
        let few = if method.accuracies.len() < 2 { "One seed" } else { "So few paired seeds" };
        return format!(
            "{few} cannot tell whether searching with {name} is worth it: {evidence}.{missing}"
        );
    }
    let answer = if worth_it { "is" } else { "is not shown to be" };
    let seeds = if fewest == most { fewest.to_string() } else { format!("{fewest} to {most}") };
    format!(
        "Searching with {name} {answer} worth it here, over {seeds} paired seeds: {evidence} \
         (difference in test accuracy, 95 % confidence interval of the paired t test).{missing}"
    )
}

/// A sentence about the seeds for which a contender has no accuracy.
fn missing(row: &ContenderReport) -> Option<String> {
    let first = row.failures.first()?;
    let (name, failed, seeds) = (&row.name, row.failures.len(), row.accuracies.len());
    Some(format!(" {name} has no accuracy with {failed} of {seeds} seeds: {first}."))
}

#[cfg(test)]
mod tests;
