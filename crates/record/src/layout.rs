//! The names of files in the directory of a run.

use crate::{Contender, Leg};

/// The names of all files of a comparison.
///
/// ```text
/// run.json, experiment.ron, lock               what is run, and by whom
/// events.jsonl, metrics.csv, log.txt           what happened
/// report.json, verdict.txt, finished.json      what came of it
/// report.html                                  all of it, for people
/// genotypes/, cells/, curves/                  drawings of both
/// spaces/                                      what searches choose from
/// models/                                      the trained networks, each a file of its own
/// seed-N/search-KEY.json, random.json, ...     the result of a leg, and its checkpoint
/// (.safetensors) seed-N/genotype-KEY.json, weights-KEY.json   the findings of a search
/// ```
///
/// A single contender needs no key in its file names: `search.json`, `retrain-searched.json`,
/// `genotype.json`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunLayout {
    /// `true` if at most one contender searches.
    pub alone: bool,
}

impl RunLayout {
    /// Every event, as JSON lines.
    pub const EVENTS: &'static str = "events.jsonl";
    /// The metrics of every epoch, as a table.
    pub const EPOCHS: &'static str = "metrics.csv";
    /// The messages for people.
    pub const LOG: &'static str = "log.txt";

    /// The experiment, its process and its images; the mark by which a directory is known to hold a
    /// run.
    pub const RUN: &'static str = "run.json";
    /// The experiment with every value filled in.
    pub const EXPERIMENT: &'static str = "experiment.ron";
    /// Held by the process that writes the run.
    pub const LOCK: &'static str = "lock";
    /// The results, as values.
    pub const REPORT: &'static str = "report.json";
    /// Everything of the run on one page.
    pub const PAGE: &'static str = "report.html";
    /// The results, as text.
    pub const VERDICT: &'static str = "verdict.txt";
    /// Checksums of the two: written last, it means that the run is finished.
    pub const FINISHED: &'static str = "finished.json";
    /// The directory of the genotypes that a search went through.
    pub const GENOTYPES: &'static str = "genotypes";
    /// The directory of the spaces of searches by gradients, as `KEY.json`.
    pub const SPACES: &'static str = "spaces";
    /// The directory of the drawings of genotypes.
    pub const CELLS: &'static str = "cells";
    /// The directory of the curves of discrete searches.
    pub const CURVES: &'static str = "curves";

    /// The directory of the trained networks.
    pub const MODELS: &'static str = "models";

    /// Everything that random search has tried, in the directory of its leg.
    pub const CANDIDATES: &'static str = "candidates.json";
    /// The runs of a benchmark of operations.
    pub const OP_RUNS: &'static str = "op-runs.json";

    /// All of the whole run that has one name, directories included, without those of seeds.
    pub const WHOLE: [&'static str; 15] = [
        Self::RUN,
        Self::EXPERIMENT,
        Self::LOCK,
        Self::EVENTS,
        Self::EPOCHS,
        Self::LOG,
        Self::REPORT,
        Self::PAGE,
        Self::VERDICT,
        Self::FINISHED,
        Self::GENOTYPES,
        Self::SPACES,
        Self::CELLS,
        Self::CURVES,
        Self::MODELS,
    ];

    /// The layout of a run in which so many contenders search.
    pub fn of(contenders: usize) -> Self {
        Self { alone: contenders < 2 }
    }

    /// The directory of a seed.
    pub fn seed(seed: u64) -> String {
        format!("seed-{seed}")
    }

    /// The seed of a directory's name; `None` for any other name.
    pub fn seed_of(name: &str) -> Option<u64> {
        name.strip_prefix("seed-")?.parse().ok()
    }

    /// The name of a leg's files, without their endings.
    pub fn stem(self, leg: &Leg) -> String {
        match leg {
            Leg::Search(_) | Leg::Explore(_) if self.alone => "search".to_owned(),
            Leg::Search(key) | Leg::Explore(key) => format!("search-{key}"),
            Leg::Random => "random".to_owned(),
            Leg::Retrain(Contender::Found(_)) if self.alone => "retrain-searched".to_owned(),
            Leg::Retrain(contender) => format!("retrain-{contender}"),
            Leg::Own(name) => name.clone(),
        }
    }

    /// The result of a leg.
    pub fn result(self, leg: &Leg) -> String {
        format!("{}.json", self.stem(leg))
    }

    /// The state from which a leg continues; at its end, its weights.
    pub fn checkpoint(self, leg: &Leg) -> String {
        format!("{}.safetensors", self.stem(leg))
    }

    /// The running time so far, in seconds, of a leg that was stopped.
    pub fn seconds(self, leg: &Leg) -> String {
        format!("{}.seconds", self.stem(leg))
    }

    /// The genotype that a contender has found.
    pub fn genotype(self, key: &str) -> String {
        self.own("genotype", key, "json")
    }

    /// `true` for the name of a genotype that a contender has found.
    pub fn is_genotype(name: &str) -> bool {
        let key = name.strip_prefix("genotype").and_then(|rest| rest.strip_suffix(".json"));
        key.is_some_and(|key| key.is_empty() || key.starts_with('-'))
    }

    /// The trained network of a contender and seed, in the directory of the run.
    pub fn model(contender: &Contender, seed: u64) -> String {
        format!("{}/{contender}-{seed}.safetensors", Self::MODELS)
    }

    /// The weights of the architecture when the search of a method ended.
    pub fn weights(self, key: &str) -> String {
        self.own("weights", key, "json")
    }

    /// The architecture of a method's best epoch.
    pub fn best_epoch(self, key: &str) -> String {
        self.own("best-epoch", key, "json")
    }

    /// The journal of an explorer.
    pub fn journal(self, key: &str) -> String {
        self.own("journal", key, "log")
    }

    /// The directory of an explorer's candidates.
    pub fn candidates(self, key: &str) -> String {
        self.own("candidates", key, "dir")
    }

    /// The weights of a candidate while it is trained, in the directory of its search.
    pub fn candidate(task: u64) -> String {
        format!("candidate-{task}.safetensors")
    }

    /// The state from which a run of a benchmark of operations continues.
    pub fn op_run(index: usize) -> String {
        format!("op-run-{index}.safetensors")
    }

    fn own(self, stem: &str, key: &str, ending: &str) -> String {
        if self.alone { format!("{stem}.{ending}") } else { format!("{stem}-{key}.{ending}") }
    }
}

#[cfg(test)]
mod tests;
