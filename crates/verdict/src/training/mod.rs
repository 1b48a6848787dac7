//! Candidates judged by training them.

mod patience;

use dartloom_data::{Dataset, Parts};
use dartloom_dist::worker::TaskError;
use dartloom_net::memory::predict;
use dartloom_net::{DerivedNetwork, NetworkSize, Setting};
use dartloom_noise::Noise;
use dartloom_ops::Model as _;
use dartloom_record::{Event, Flow, RunDir, RunLayout, Where, observer_fn};
use dartloom_space::{Blueprint, Cost, Genotype};
use dartloom_task::Task;
use dartloom_train::{
    Evaluation, Fit, FitConfig, HeldOut, Judged, Outcome as Ending, Problem, Session, Stepper as _,
    TrainError, drive,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::fault::{failed, is_common};
use crate::{RandomConfig, VerdictError, fit_workload};
use dartloom_explore::{Evaluator, ExploreError, Outcome, Proposal};
use dartloom_search::check_build;
use patience::{Patient, valid};

/// The way candidates are trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrainingConfig {
    /// Epochs, batches, rates: a short training that stands for a long one.
    pub fit: FitConfig,
    /// Epochs without a better score after which a candidate's training ends; `None` for never.
    pub patience: Option<usize>,
}

impl Default for TrainingConfig {
    /// Ten epochs without drop-path or auxiliary head, as in random search
    /// ([`RandomConfig`](crate::RandomConfig)).
    fn default() -> Self {
        Self { fit: RandomConfig::default().fit, patience: None }
    }
}

/// Trains every candidate for a few epochs on the images that move a search's weights; its quality
/// is the task's score on those that move its logits, turned round where lower scores are better.
///
/// A proposal's [`epochs`](Proposal::epochs) take the place of the configuration's. Weights,
/// batches and all randomness are seeded by the number of its task, so that equal tasks have equal
/// results wherever they run.
#[derive(Debug)]
pub struct Training<'a> {
    /// Space, operations, base channels, outputs, images, device.
    pub setting: Setting<'a>,
    /// The task.
    pub task: &'a dyn Task,
    /// Training and validation images.
    pub data: &'a Parts<'a>,
    /// The way candidates are trained.
    pub config: TrainingConfig,
    /// Seed of weights and batches.
    pub noise: Noise,
    /// The directory in which candidates are saved epoch by epoch, so that a restarted one goes on.
    pub checkpoints: Option<RunDir>,
}

/// A worker's report while it trains a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EpochTrained {
    /// Epochs so far.
    pub epochs: usize,
    /// Quality on the validation images; more is better.
    pub quality: Option<f64>,
}

impl Training<'_> {
    /// The network of a candidate, with the initial weights of its task.
    ///
    /// # Errors
    /// When the genotype does not fit the space, or an operation is unknown.
    pub fn model(&self, genotype: &Genotype, task: u64) -> Result<DerivedNetwork, VerdictError> {
        let mut rng = self.noise.stream("candidate weights", task);
        Ok(self.setting.derive(genotype, &NetworkSize::default(), &mut rng)?)
    }

    fn plan(&self, genotype: &Genotype) -> Result<Blueprint, VerdictError> {
        Ok(self.setting.plan(genotype, &NetworkSize::default())?)
    }

    /// Multiply-adds that training a proposal takes: three forward passes' worth per image and
    /// epoch.
    ///
    /// # Errors
    /// When the genotype does not fit the space, an operation's cost is unknown, or the
    /// multiply-adds of all epochs are too many to count.
    pub fn price(&self, proposal: &Proposal) -> Result<u64, VerdictError> {
        let cost = self.setting.registry.cost(&self.plan(&proposal.genotype)?)?;
        self.training_macs(cost.macs, self.epochs(proposal))
    }

    /// Predicted peak of a process that trains a proposal on `threads` threads, in bytes.
    ///
    /// # Errors
    /// As [`Training::price`].
    pub fn memory(&self, proposal: &Proposal, threads: usize) -> Result<u64, VerdictError> {
        let plan = self.plan(&proposal.genotype)?;
        let work = fit_workload(&self.config.fit, threads);
        Ok(predict(&plan, self.setting.registry, &work)?.total())
    }

    pub(crate) fn training_macs(&self, macs: u64, epochs: usize) -> Result<u64, VerdictError> {
        let factors = [3, self.data.train.indices().len() as u64, epochs as u64];
        let all = factors.into_iter().try_fold(macs, |product, factor| product.checked_mul(factor));
        all.ok_or_else(|| VerdictError::Config {
            field: "epochs",
            expected: "so many that their multiply-adds are below 2^64",
            found: epochs.to_string(),
        })
    }

    fn epochs(&self, proposal: &Proposal) -> usize {
        proposal.epochs.unwrap_or(self.config.fit.epochs)
    }

    /// Trains `model`, the network of this proposal; `None` when an observer stopped it.
    ///
    /// # Errors
    /// The error of its training, or of its checkpoint.
    pub fn train(
        &self,
        phase: Where,
        proposal: &Proposal,
        model: &DerivedNetwork,
        session: &mut Session<'_>,
    ) -> Result<Option<Evaluation>, VerdictError> {
        let noise = self.noise.child(&format!("candidate {}", proposal.task));
        let train: &dyn Dataset = &self.data.train;
        let held_out = Some(HeldOut::Validation(&self.data.valid));
        let config = FitConfig { epochs: self.epochs(proposal), ..self.config.fit.clone() };
        let problem = Problem { task: self.task, train, held_out };
        let fit = Fit::solving(phase, model, config, noise, problem)?;
        let mut fit = Patient::new(fit, self.config.patience, self.task.objective());
        if drive(&mut fit, session)? != Ending::Finished {
            return Ok(None);
        }
        match fit.inner().evaluate_in(session)? {
            Judged::Found(found) => Ok(Some(found)),
            Judged::Stopped => Ok(None),
            Judged::Nothing => Err(TrainError::Config {
                field: "validation images",
                expected: "at least one",
                found: fit.inner().phase().to_string(),
            }
            .into()),
        }
    }

    /// The work on a proposal in a worker: trains it, and reports every epoch.
    ///
    /// # Errors
    /// [`TaskError::NonFinite`] when its loss is not finite, [`TaskError::Machine`] for failures
    /// that the candidate does not cause, such as a full disk, and [`TaskError::Other`] otherwise.
    pub fn task(
        &self,
        proposal: &Proposal,
        report: &mut dyn FnMut(EpochTrained),
    ) -> Result<Outcome, TaskError> {
        let objective = self.task.objective();
        let mut observer = observer_fn(|event: &Event| {
            if let Event::EpochFinished { epoch, metrics, .. } = event {
                let score = metrics.get(&valid(&objective)).copied();
                let quality = score.map(|score| objective.quality(score));
                report(EpochTrained { epochs: epoch + 1, quality });
            }
            Ok(Flow::Continue)
        });
        let mut session = Session::new(&mut observer);
        if let Some(dir) = &self.checkpoints {
            session = session.saved_at(dir.file(&RunLayout::candidate(proposal.task)));
        }
        self.outcome(proposal, &mut session).map_err(|error| match error {
            VerdictError::Train(error @ TrainError::NotFinite { .. }) => {
                TaskError::NonFinite(error.to_string())
            }
            error if is_common(&error) => TaskError::Machine(error.to_string()),
            other => TaskError::Other(other.to_string()),
        })
    }

    /// The same with the proposal, the reports and the outcome as JSON: the input and the output of a pool's
    /// worker.
    ///
    /// # Errors
    /// As [`Training::task`], and [`TaskError::Machine`] for a payload that is not a proposal.
    pub fn handle(
        &self,
        payload: &Value,
        report: &mut dyn FnMut(Value),
    ) -> Result<Value, TaskError> {
        let told = |error: serde_json::Error| TaskError::Machine(error.to_string());
        let proposal: Proposal = serde_json::from_value(payload.clone()).map_err(told)?;
        let outcome = self.task(&proposal, &mut |trained| report(json!(trained)))?;
        serde_json::to_value(outcome).map_err(told)
    }

    fn outcome(
        &self,
        proposal: &Proposal,
        session: &mut Session<'_>,
    ) -> Result<Outcome, VerdictError> {
        let model = self.model(&proposal.genotype, proposal.task)?;
        let phase = Where::from("candidate").with_candidate(proposal.task);
        Ok(match self.train(phase, proposal, &model, session)? {
            Some(judged) => measured(&judged, model.cost()),
            None => Outcome::Failed { reason: "stopped".to_owned() },
        })
    }
}

impl Evaluator for Training<'_> {
    fn evaluate(&mut self, proposal: &Proposal) -> Result<Outcome, ExploreError> {
        let outcome = self.outcome(proposal, &mut Session::silent());
        outcome.or_else(|error| failed(proposal.task, error))
    }

    /// # Errors
    /// [`OpError::Unregistered`](dartloom_ops::OpError::Unregistered) and its like for operations
    /// that the registry lacks, [`TrainError::Outputs`] for images of other classes.
    fn check(&self) -> Result<(), ExploreError> {
        let Setting { space, registry, build, .. } = &self.setting;
        registry.check(space.op_set()).map_err(ExploreError::part)?;
        check_build(*build, self.task, &self.data.train).map_err(ExploreError::part)
    }
}

/// The outcome that a discrete search is told: the one place where a score becomes a quality.
pub(crate) fn measured(judged: &Evaluation, cost: Cost) -> Outcome {
    let score = judged.score();
    if score.is_finite() {
        return Outcome::measured(judged.objective.quality(score), cost);
    }
    let reason = format!("expected a finite {}, found {score}", judged.objective.label());
    Outcome::Failed { reason }
}
