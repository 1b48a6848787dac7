//! Random search at a given cost.

use dartloom_net::Model as _;
use dartloom_ops::Registry;
use dartloom_space::{Build, Genotype, Space};
use dartloom_train::{Evaluation, FitConfig, Noise, RunDir, Session};
use serde::{Deserialize, Serialize};

use crate::explore::{Proposal, Training, TrainingConfig};
use crate::{Parts, SearchError};

/// How candidates are drawn and judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RandomConfig {
    /// In-edges kept per node.
    pub top: usize,
    /// How every candidate is trained.
    pub fit: FitConfig,
}

impl Default for RandomConfig {
    /// Two in-edges per node; ten epochs of training without drop-path or auxiliary head.
    fn default() -> Self {
        let fit = FitConfig { epochs: 10, batch: 64, drop_path: 0.0, ..FitConfig::default() };
        Self { top: 2, fit }
    }
}

impl RandomConfig {
    /// Refuses values that make no sense.
    ///
    /// # Errors
    /// [`SearchError::Config`], or [`SearchError::Train`] from the training, naming the field.
    pub fn check(&self) -> Result<(), SearchError> {
        if self.top == 0 {
            return Err(SearchError::Config {
                field: "top",
                expected: "at least 1",
                found: self.top.to_string(),
            });
        }
        Ok(self.fit.check()?)
    }
}

/// A candidate that has been trained and judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Candidate {
    /// The architecture.
    pub genotype: Genotype,
    /// Accuracy on the validation images.
    pub accuracy: f64,
    /// Loss on the validation images.
    pub loss: f64,
    /// Multiply-adds spent on training it.
    pub training_macs: u64,
}

/// What a random search found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RandomOutcome {
    /// Everything it tried, in order.
    pub candidates: Vec<Candidate>,
}

impl RandomOutcome {
    /// The candidate with the highest validation accuracy (lowest loss among equals, then the
    /// first).
    pub fn best(&self) -> Option<&Candidate> {
        let better = |a: &&Candidate, b: &&Candidate| {
            // `max_by` keeps the last of equals; an earlier candidate must win.
            a.accuracy.total_cmp(&b.accuracy).then(b.loss.total_cmp(&a.loss))
        };
        self.candidates.iter().rev().max_by(better)
    }

    /// Multiply-adds spent on training all candidates.
    pub fn training_macs(&self) -> u64 {
        self.candidates.iter().map(|candidate| candidate.training_macs).sum()
    }
}

/// Random search: architectures drawn uniformly ([`Space::sample`]), each trained for a few epochs on
/// the same images as a search's weights and judged on the same images as its logits, until
/// the budget is spent (Li and Talwalkar 2019, arXiv 1902.07638).
#[derive(Debug)]
pub struct RandomSearch<'a> {
    /// The space.
    pub space: &'a Space,
    /// Its operations.
    pub registry: &'a Registry,
    /// Base channels, classes, image shape.
    pub build: Build,
    /// Training and validation images.
    pub data: &'a Parts<'a>,
    /// How candidates are drawn and judged.
    pub config: RandomConfig,
    /// Multiply-adds to spend on training.
    pub budget: u64,
    /// Seed of draws and weights.
    pub noise: Noise,
}

/// Most candidates of one search: a bound for budgets that would never end.
const MOST_CANDIDATES: usize = 10_000;

impl RandomSearch<'_> {
    /// Trains candidates until the next one would exceed the budget; at least one is tried.
    ///
    /// Finished candidates are kept in `dir` under the session's digest, so a stopped search goes
    /// on where it was. Returns `None` when an observer stopped it.
    ///
    /// # Errors
    /// The error of a candidate's training or of a file, [`SearchError::Stored`] when `dir` holds
    /// the candidates of another configuration.
    pub fn run(
        &self,
        phase: &str,
        dir: &RunDir,
        session: &mut Session<'_>,
    ) -> Result<Option<RandomOutcome>, SearchError> {
        self.config.check()?;
        let training = self.training();
        let mut outcome = stored(dir, &session.digest)?;
        while outcome.candidates.len() < MOST_CANDIDATES {
            let index = outcome.candidates.len();
            let genotype = self
                .space
                .sample(self.config.top, &mut self.noise.stream("candidate", index as u64));
            let model = training.model(&genotype, index as u64)?;
            let training_macs =
                training.training_macs(model.cost().macs, self.config.fit.epochs)?;
            if index > 0 && outcome.training_macs() + training_macs > self.budget {
                break;
            }
            let name = format!("{phase}/{index}");
            let proposal = Proposal::new(index as u64, genotype.clone());
            let mut session = Session {
                observer: &mut *session.observer,
                checkpoint: Some(dir.file(&format!("candidate-{index}.safetensors"))),
                digest: session.digest.clone(),
            };
            let judged = training.train(name, &proposal, &model, &mut session)?;
            let Some(Evaluation { accuracy, loss }) = judged else { return Ok(None) };
            outcome.candidates.push(Candidate { genotype, accuracy, loss, training_macs });
            store(dir, &session.digest, &outcome)?;
        }
        Ok(Some(outcome))
    }

    /// How its candidates are judged.
    fn training(&self) -> Training<'_> {
        let fit = self.config.fit.clone();
        Training {
            space: self.space,
            registry: self.registry,
            build: self.build,
            data: self.data,
            config: TrainingConfig { fit, patience: None },
            noise: self.noise,
            checkpoints: None,
        }
    }
}

const FILE: &str = "candidates.json";

/// The candidates so far and the configuration they belong to.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    digest: String,
    candidates: Vec<Candidate>,
}

fn stored(dir: &RunDir, digest: &str) -> Result<RandomOutcome, SearchError> {
    let Some(text) = dir.read(FILE)? else {
        return Ok(RandomOutcome { candidates: Vec::new() });
    };
    let refused = |expected, found| SearchError::Stored { file: FILE.to_owned(), expected, found };
    let kept: Kept = serde_json::from_str(&text)
        .map_err(|error| refused("the candidates of a random search", error.to_string()))?;
    if kept.digest != digest {
        let found = format!("those of configuration {}", kept.digest);
        return Err(refused("candidates of this configuration", found));
    }
    Ok(RandomOutcome { candidates: kept.candidates })
}

fn store(dir: &RunDir, digest: &str, outcome: &RandomOutcome) -> Result<(), SearchError> {
    let kept = Kept { digest: digest.to_owned(), candidates: outcome.candidates.clone() };
    let text = serde_json::to_string_pretty(&kept).map_err(|error| SearchError::Stored {
        file: FILE.to_owned(),
        expected: "candidates that can be written",
        found: error.to_string(),
    })?;
    dir.write(FILE, text.as_bytes())?;
    Ok(())
}
