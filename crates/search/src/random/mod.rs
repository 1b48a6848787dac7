//! Random search at a given cost.

use dartloom_metrics::Observer;
use dartloom_net::Model as _;
use dartloom_ops::Registry;
use dartloom_space::{Build, Genotype, Space};
use dartloom_train::{Evaluation, FitConfig, Identity, Noise, RunDir, Session};
use serde::{Deserialize, Serialize};

use crate::explore::{Evaluator as _, Proposal, Training, TrainingConfig};
use crate::kept_runs::KeptRuns;
use crate::{Parts, SearchError, identity};

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
    /// Finished candidates are kept in `dir`, so a stopped search goes on where it was; candidates
    /// that are damaged there, or that belong to an operation which says no identity, are trained
    /// again, and `observer` is told so. Returns `None` when it stopped the search.
    ///
    /// # Errors
    /// Those of [`Training`]'s [`check`](crate::explore::Evaluator::check) before anything is trained,
    /// the error of a candidate's training or of a file;
    /// [`TrainError::OtherWork`](dartloom_train::TrainError::OtherWork) when `dir` holds the candidates
    /// of another search: of other numbers, another seed, space or data set.
    pub fn run(
        &self,
        phase: &str,
        dir: &RunDir,
        observer: &mut dyn Observer,
    ) -> Result<Option<RandomOutcome>, SearchError> {
        self.config.check()?;
        let training = self.training();
        training.check()?;
        let identity = self.identity()?;
        let kept = KeptRuns { dir, file: FILE, phase, identity: &identity };
        let candidates = kept.read(observer)?.unwrap_or_default();
        let mut outcome = RandomOutcome { candidates };
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
            let file = dir.file(&format!("candidate-{index}.safetensors"));
            let mut session = Session::new(&mut *observer).saved_at(file);
            let judged = training.train(name, &proposal, &model, &mut session)?;
            let Some(Evaluation { accuracy, loss }) = judged else { return Ok(None) };
            outcome.candidates.push(Candidate { genotype, accuracy, loss, training_macs });
            dir.store(FILE, &identity, &outcome.candidates)?;
        }
        Ok(Some(outcome))
    }

    /// Everything that it depends on.
    fn identity(&self) -> Result<Identity, SearchError> {
        let identity = Identity::new()
            .with("random search", &self.config)?
            .with("network", &self.build)?
            .with("budget", &self.budget)?
            .with("seed", &self.noise.seed())?;
        let identity = identity::images(identity, self.data)?;
        identity::space(identity, self.space, self.registry)
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

/// Where the candidates so far are kept; also recorded by whoever keeps the whole search.
pub(crate) const FILE: &str = "candidates.json";
