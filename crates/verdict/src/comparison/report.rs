//! The verdict table and the sentences under it.

mod paired;
mod sentence;
mod text;

use std::collections::BTreeMap;

use dartloom_record::{Contender, Leg, Objective, statistics};
use dartloom_task::Constant;
use serde::{Deserialize, Serialize};

pub use paired::PairedReport;

use self::sentence::Verdict;
use super::legs::SeedResults;
use super::{LegResult, Tried};
use crate::VerdictError;
use dartloom_search::Gap;
use dartloom_search::stop::Stopped;

/// A row of the verdict table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ContenderReport {
    /// Name of the contender.
    pub name: String,
    /// Test score of each seed, that of [`Report::objective`]; `None` where a network diverged and
    /// there is none.
    pub scores: Vec<Option<f64>>,
    /// The reason, for every seed without a score.
    #[serde(default)]
    pub failures: Vec<String>,
    /// Mean of the scores that there are.
    pub score: Option<f64>,
    /// Their standard deviation (n - 1); absent with fewer than two.
    pub score_sd: Option<f64>,
    /// Mean trainable numbers of the networks that there are.
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
    /// The score by which networks are compared.
    pub objective: Objective,
    /// Its seeds.
    pub seeds: Vec<u64>,
    /// The methods in their order, random search, the hand-made network.
    pub contenders: Vec<ContenderReport>,
    /// The verdict on each method. Every interval stands by itself at 5 %; p-values are adjusted
    /// for the number of methods, and the adjusted ones decide.
    pub methods: Vec<MethodReport>,
    /// Architectures tried by each seed's random search.
    pub random: Vec<Tried>,
    /// The best answer that is the same for every image, where the task knows of one.
    pub constant: Option<Constant>,
    /// Remarks on odd labels, a sentence each.
    #[serde(default)]
    pub remarks: Vec<String>,
}

/// The parts of a report beside the results of legs.
pub(super) struct Frame<'a> {
    pub(super) objective: Objective,
    pub(super) constant: Option<Constant>,
    pub(super) remarks: Vec<String>,
    pub(super) seeds: &'a [u64],
}

impl Report {
    /// The report on methods of these names and a hand-made network.
    ///
    /// Fails with [`VerdictError::NothingTrained`] when no contender has a score.
    pub(super) fn new(
        searched: &[(Leg, &str)],
        baseline: &str,
        seeds: &[SeedResults],
        frame: Frame<'_>,
    ) -> Result<Self, VerdictError> {
        let Frame { objective, constant, remarks, seeds: numbers } = frame;
        let row = |name: &str, search: Option<&Leg>| contender(name, search, seeds, &objective);
        let mut contenders: Vec<ContenderReport> =
            searched.iter().map(|(search, name)| row(name, Some(search))).collect();
        contenders.push(row("random search", Some(&Leg::Random)));
        contenders.push(row(baseline, None));
        if contenders.iter().all(|row| row.score.is_none()) {
            let failures = contenders.iter().flat_map(|row| &row.failures);
            let last = failures.last().cloned().unwrap_or_default();
            let networks = contenders.len() * seeds.len();
            return Err(VerdictError::NothingTrained { networks, last });
        }
        let (rows, others) = contenders.split_at(searched.len());
        let against = |row: &ContenderReport| {
            others.iter().map(|other| PairedReport::new(&row.scores, other)).collect()
        };
        let mut pairs: Vec<Vec<PairedReport>> =
            rows.iter().map(against).collect::<Result<_, _>>()?;
        PairedReport::adjust(&mut pairs);
        let methods = rows.iter().zip(searched).zip(pairs).map(|((row, (search, _)), paired)| {
            let legs: Vec<_> = seeds.iter().filter_map(|seed| seed.get(search)).collect();
            MethodReport::new(row, paired, &legs, (others, &objective))
        });
        let methods = methods.collect();
        let random = seeds.iter().filter_map(|seed| seed.get(&Leg::Random));
        let random = random.filter_map(|search| search.tried.clone()).collect();
        let seeds = numbers.to_vec();
        Ok(Self { objective, seeds, contenders, methods, random, constant, remarks })
    }

    /// Mean scores of the contenders that have one: what the last event of a run says.
    pub fn metrics(&self) -> BTreeMap<String, f64> {
        let name = &self.objective.name;
        let score = |row: &ContenderReport| Some((format!("{name} {}", row.name), row.score?));
        self.contenders.iter().filter_map(score).collect()
    }
}

impl MethodReport {
    fn new(
        row: &ContenderReport,
        paired: Vec<PairedReport>,
        searches: &[&LegResult],
        (others, objective): (&[ContenderReport], &Objective),
    ) -> Self {
        // A method that diverges with some seeds is not better for doing well with the others.
        let better = |pair: &PairedReport| pair.is_better(objective);
        let worth_it = row.failures.is_empty() && paired.iter().all(better);
        let verdict = Verdict { method: row, others, paired: &paired, objective };
        let sentence = verdict.sentence(worth_it);
        let gaps = searches.iter().filter_map(|leg| leg.gap.clone()).collect();
        let tried = searches.iter().filter_map(|leg| leg.tried.clone()).collect();
        let stopped = searches.iter().map(|leg| leg.stopped.clone()).collect();
        Self { name: row.name.clone(), paired, gaps, tried, stopped, worth_it, sentence }
    }
}

/// The row of what a search has found; that of the hand-made network where there is no search.
fn contender(
    name: &str,
    search: Option<&Leg>,
    seeds: &[SeedResults],
    objective: &Objective,
) -> ContenderReport {
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
    let scores: Vec<Option<f64>> = trained.iter().map(|leg| leg.score(objective)).collect();
    let known: Vec<f64> = scores.iter().copied().flatten().collect();
    ContenderReport {
        name: name.to_owned(),
        score: statistics::mean(&known),
        score_sd: statistics::sample_sd(&known),
        scores,
        failures: trained.iter().filter_map(|leg| leg.failure.clone()).collect(),
        parameters: counted(|leg| leg.parameters),
        macs: counted(|leg| leg.macs),
        search_seconds: searching(|leg| leg.seconds),
        train_seconds: mean(trained.iter().map(|leg| leg.seconds).collect()).unwrap_or(0.0),
        search_macs: searching(|leg| leg.training_macs as f64),
    }
}

#[cfg(test)]
mod tests;
