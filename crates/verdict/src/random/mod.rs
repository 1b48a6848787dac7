//! Random search at a given cost.

mod draws;

use dartloom_net::Setting;
use dartloom_noise::Noise;
use dartloom_ops::Model as _;
use dartloom_record::{
    Event, Identity, KeptRuns, Objective, Observer, RunDir, RunLayout, Scores, Where,
};
use dartloom_space::Genotype;
use dartloom_task::Task;
use dartloom_train::{FitConfig, Session};
use serde::{Deserialize, Serialize};

use self::draws::Draws;
use crate::{Training, TrainingConfig, VerdictError};
use dartloom_data::{Dataset as _, Parts};
use dartloom_explore::{Evaluator as _, Proposal};

/// The drawing and the training of candidates.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RandomConfig {
    /// In-edges kept per node.
    pub top: usize,
    /// The training of every candidate.
    pub fit: FitConfig,
}

impl Default for RandomConfig {
    /// Two in-edges per node; ten epochs of training without drop-path or auxiliary head.
    fn default() -> Self {
        let fit = FitConfig {
            epochs: 10,
            batch: 64,
            drop_path: 0.0,
            auxiliary: 0.0,
            ..FitConfig::default()
        };
        Self { top: 2, fit }
    }
}

impl RandomConfig {
    /// Refuses invalid values.
    ///
    /// # Errors
    /// [`VerdictError::Config`] naming the field, such as `fit.epochs`.
    pub fn check(&self) -> Result<(), VerdictError> {
        if self.top == 0 {
            return Err(VerdictError::Config {
                field: "top",
                expected: "at least 1",
                found: self.top.to_string(),
            });
        }
        self.fit.check().map_err(|error| VerdictError::from(error).within("fit"))
    }
}

/// A candidate that has been trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Candidate {
    /// The architecture.
    pub genotype: Genotype,
    /// The result of its training.
    pub judgement: Judgement,
    /// Multiply-adds of its training. A candidate whose training failed counts as if it had been
    /// trained to its end, so that failures do not prolong a search.
    pub training_macs: u64,
}

impl Candidate {
    /// Scores on the validation images; `None` when its training failed.
    pub fn scores(&self) -> Option<&Scores> {
        match &self.judgement {
            Judgement::Measured { scores, .. } => Some(scores),
            Judgement::Failed { .. } => None,
        }
    }

    /// The reason of its failure, if it failed.
    pub fn failure(&self) -> Option<&str> {
        match &self.judgement {
            Judgement::Measured { .. } => None,
            Judgement::Failed { reason } => Some(reason),
        }
    }
}

/// The result of training a candidate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Judgement {
    /// It was trained and judged on the validation images.
    Measured {
        /// The task's scores.
        scores: Scores,
        /// Its mean loss.
        loss: f64,
    },
    /// Its loss stopped being a finite number.
    Failed {
        /// The place and the number, for people to read.
        reason: String,
    },
}

/// The result of a random search.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RandomOutcome {
    /// Everything it tried, in order; no two are the same ([`Key`](dartloom_explore::Key)).
    pub candidates: Vec<Candidate>,
    /// `true` if the search ended because the space gave no other architecture.
    pub exhausted: bool,
    /// The score that chooses among them.
    pub objective: Objective,
}

/// A measured candidate and the two numbers that choose.
struct Ranked<'a> {
    candidate: &'a Candidate,
    score: f64,
    loss: f64,
}

impl RandomOutcome {
    /// The candidate with the best validation score (lowest loss among equals, then the first);
    /// `None` when none has a score.
    pub fn best(&self) -> Option<&Candidate> {
        let mut best: Option<Ranked<'_>> = None;
        for candidate in &self.candidates {
            let Judgement::Measured { scores, loss } = &candidate.judgement else { continue };
            let Some(score) = scores.get(&self.objective.name) else { continue };
            let other = Ranked { candidate, score, loss: *loss };
            if best.as_ref().is_none_or(|best| self.is_better(&other, best)) {
                best = Some(other);
            }
        }
        best.map(|best| best.candidate)
    }

    fn is_better(&self, one: &Ranked<'_>, other: &Ranked<'_>) -> bool {
        let better = |one: f64, other: f64| self.objective.better(one, other);
        let equal = !better(one.score, other.score) && !better(other.score, one.score);
        better(one.score, other.score) || (equal && one.loss < other.loss)
    }

    /// The reasons of failed candidates, in order.
    pub fn failures(&self) -> impl Iterator<Item = &str> {
        self.candidates.iter().filter_map(Candidate::failure)
    }

    /// Multiply-adds spent on training all candidates.
    pub fn training_macs(&self) -> u64 {
        let macs = self.candidates.iter().map(|candidate| candidate.training_macs);
        macs.fold(0, u64::saturating_add)
    }
}

/// Random search: architectures drawn uniformly ([`Space::sample`](dartloom_space::Space::sample)),
/// each trained for a few epochs on the same images as a search's weights and judged on the same
/// images as its logits, until the budget is spent (Li and Talwalkar 2019, arXiv 1902.07638). A
/// repetition is replaced by another draw.
///
/// # Differences from the paper
/// Li and Talwalkar draw with replacement. In the spaces that they search a repetition is next to
/// impossible; in a small space it would cost a training without new information.
#[derive(Debug)]
pub struct RandomSearch<'a> {
    /// Space, operations, base channels, outputs, images, device.
    pub setting: Setting<'a>,
    /// The task.
    pub task: &'a dyn Task,
    /// Training and validation images.
    pub data: &'a Parts<'a>,
    /// The drawing and the training of candidates.
    pub config: RandomConfig,
    /// Multiply-adds to spend on training.
    pub budget: u64,
    /// Seed of draws and weights.
    pub noise: Noise,
}

/// The most candidates of one search, which ends searches whose budget would last forever.
const MOST_CANDIDATES: usize = 10_000;

impl RandomSearch<'_> {
    /// Trains candidates until the next one would exceed the budget or the space has no other; at
    /// least one is tried. A candidate whose loss is not finite has failed, and the search goes on.
    ///
    /// Finished candidates are kept in `dir`, so a stopped search goes on where it was. Candidates
    /// that are damaged there, or that belong to an operation without an identity, are trained
    /// again, and `observer` is told so. Only the weights of the best candidate are kept. Returns
    /// `None` when `observer` stopped the search.
    ///
    /// # Errors
    /// Those of [`Training`]'s [`check`](dartloom_explore::Evaluator::check) before anything is
    /// trained, the error of a candidate's training or of a file;
    /// [`RecordError::OtherWork`](dartloom_record::RecordError::OtherWork) when `dir` holds the
    /// candidates of another search: of other numbers, another seed, space or data set.
    pub fn run(
        &self,
        phase: &Where,
        dir: &RunDir,
        observer: &mut dyn Observer,
    ) -> Result<Option<RandomOutcome>, VerdictError> {
        self.config.check()?;
        let training = self.training();
        training.check()?;
        let identity = self.identity()?;
        let kept = KeptRuns { dir, file: RunLayout::CANDIDATES, phase, identity: &identity };
        let candidates: Vec<Candidate> = kept.read(observer)?.unwrap_or_default();
        let mut draws = Draws::new(self.setting.space, self.config.top, self.noise);
        draws.again(&candidates)?;
        let objective = self.task.objective();
        let mut outcome = RandomOutcome { candidates, exhausted: false, objective };
        while outcome.candidates.len() < MOST_CANDIDATES {
            let index = outcome.candidates.len();
            let Some(genotype) = draws.draw() else {
                outcome.exhausted = true;
                break;
            };
            let model = training.model(&genotype, index as u64)?;
            let training_macs =
                training.training_macs(model.cost().macs, self.config.fit.epochs)?;
            let spent = outcome.training_macs().saturating_add(training_macs);
            if index > 0 && spent > self.budget {
                break;
            }
            let name = phase.clone().with_candidate(index as u64);
            let proposal = Proposal::new(index as u64, genotype.clone());
            let file = dir.file(&RunLayout::candidate(index as u64));
            let mut session = Session::new(&mut *observer).saved_at(file);
            let judgement = match training.train(name, &proposal, &model, &mut session) {
                Ok(Some(found)) => Judgement::Measured { scores: found.scores, loss: found.loss },
                Ok(None) => return Ok(None),
                Err(error) => Judgement::Failed { reason: error.divergence()? },
            };
            outcome.candidates.push(Candidate { genotype, judgement, training_macs });
            dir.store(RunLayout::CANDIDATES, &identity, &outcome.candidates)?;
            if let Some(reason) = outcome.candidates[index].failure() {
                let text = format!("{reason}; the candidate counts as failed");
                // It is stored; a wish to stop is heard at the next candidate's first event.
                let _ = observer.on_event(&Event::Note { text })?;
            }
        }
        self.remove_losers(dir, &outcome)?;
        Ok(Some(outcome))
    }

    /// Everything that it depends on.
    fn identity(&self) -> Result<Identity, VerdictError> {
        let identity = Identity::new()
            .with("random search", &self.config)?
            .with("network", &self.setting.build)?
            .with_code("task", "Task::identity", self.task.identity())
            .with("budget", &self.budget)?
            .with("seed", &self.noise.seed())?
            .with("training images", &self.data.train.digest()?)?
            .with("validation images", &self.data.valid.digest()?)?
            .with("space", self.setting.space)?;
        let ops = self.setting.space.op_set().names();
        Ok(self.setting.registry.identified(identity, ops)?)
    }

    /// Removes the weights of all candidates but the best, because nothing reads them any more.
    fn remove_losers(&self, dir: &RunDir, outcome: &RandomOutcome) -> Result<(), VerdictError> {
        let best = outcome.best();
        for (index, candidate) in outcome.candidates.iter().enumerate() {
            if best.is_none_or(|best| !std::ptr::eq(best, candidate)) {
                dir.remove(&RunLayout::candidate(index as u64))?;
            }
        }
        Ok(())
    }

    /// The training that judges its candidates.
    fn training(&self) -> Training<'_> {
        let fit = self.config.fit.clone();
        Training {
            setting: self.setting.clone(),
            task: self.task,
            data: self.data,
            config: TrainingConfig { fit, patience: None },
            noise: self.noise,
            checkpoints: None,
        }
    }
}
