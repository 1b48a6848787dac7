//! The parts of a search that every update rule works on.

use std::collections::BTreeMap;
use std::sync::Arc;

use candle_core::{DType, Tensor, Var};
use dartloom_data::Batch;
use dartloom_net::{Mixing, Replaced, Supernet};
use dartloom_noise::Noise;
use dartloom_ops::{Execution, Mode, Pass};
use dartloom_record::Where;
use dartloom_relax::Progress;
use dartloom_space::ArchWeights;
use dartloom_task::Task;
use dartloom_train::{
    Finite, Gradients, Learner, MeanLoss, Optimiser, Position, TrainError, WeightOptimiser,
    first_not_finite,
};
use rand::RngCore;

use super::{
    BilevelConfig, Found, LogitOptimiser, PassLoss, PassObserver, PassSpec, Purpose, Statistics,
    Step, StepReport, Wanted,
};
use crate::{Architecture, LogitGradients, SearchError};

/// A supernet, its logits, and the optimisers of both.
///
/// A [`Strategy`](super::Strategy) moves them by [`gradients`](Self::gradients),
/// [`move_logits`](Self::move_logits) and [`move_weights`](Self::move_weights); every pass of a
/// step sees the same noise, every step its own.
#[derive(Debug)]
pub struct Core<'a> {
    /// The supernet.
    pub supernet: Supernet,
    /// The logits.
    pub architecture: Architecture,
    /// The task.
    pub task: Box<dyn Task + 'a>,
    /// Optimiser of the weights.
    pub optimiser: WeightOptimiser,
    /// Optimiser of the logits.
    pub logits: LogitOptimiser,
    /// The way the supernet's cells are computed. At first, each is one operation and keeps the
    /// values chosen by [`BilevelConfig::recompute`].
    pub execution: Execution,
    /// The observer of passes, if there is one.
    pub observer: Option<Arc<dyn PassObserver>>,
    /// The phase that errors name.
    pub(super) phase: Where,
    pub(super) config: BilevelConfig,
    pub(super) noise: Noise,
}

impl<'a> Core<'a> {
    pub(super) fn new(
        supernet: Supernet,
        architecture: Architecture,
        task: Box<dyn Task + 'a>,
        config: BilevelConfig,
        noise: Noise,
    ) -> Result<Self, SearchError> {
        let logits = config.logits(&architecture)?;
        let optimiser = WeightOptimiser::new(config.weight_step, config.sgd, config.weight_adam);
        let execution = config.recompute.into();
        Ok(Self {
            supernet,
            architecture,
            task,
            optimiser,
            logits,
            execution,
            observer: None,
            phase: "search".into(),
            config,
            noise,
        })
    }

    /// The configuration.
    pub fn config(&self) -> &BilevelConfig {
        &self.config
    }

    /// A step with the rate that its epoch has.
    pub fn step_at(&self, at: Position, epochs: usize) -> Step {
        let progress = Progress { epoch: at.epoch, epochs };
        Step { at, progress, rate: self.config.rate.at(at.epoch, epochs) }
    }

    /// The mode of batch norms in passes for the logits.
    pub fn logit_mode(&self) -> Mode {
        match self.config.statistics {
            Statistics::Moved => Mode::train(),
            Statistics::Kept => Mode::probe(),
        }
    }

    /// Gradients of a pass on a batch; its loss is checked and joins the report.
    ///
    /// # Errors
    /// [`TrainError::NotFinite`] for a loss that is not finite, or the network's error.
    pub fn gradients(
        &self,
        step: Step,
        batch: &Batch,
        pass: PassSpec,
        report: &mut StepReport,
    ) -> Result<Found, SearchError> {
        self.begin(pass.purpose);
        let weights = self.pass_weights(step, pass)?;
        let loss = self.loss(step, batch, pass, &weights)?;
        let locate = || self.locate(&batch.inputs, &weights);
        let learnt = self.backward(step, loss, pass, locate)?;
        report.passes.push(PassLoss { purpose: pass.purpose, loss: learnt.loss });
        self.end(pass.purpose);
        Ok(learnt.found)
    }

    /// The weights' own pass on a training batch, and their move.
    ///
    /// # Errors
    /// Those of [`gradients`](Self::gradients) and [`move_weights`](Self::move_weights).
    pub fn weight_step(
        &mut self,
        step: Step,
        train: &Batch,
        report: &mut StepReport,
    ) -> Result<(), SearchError> {
        let pass = PassSpec::new(Purpose::Weights, Mode::train(), Wanted::Weights);
        let found = self.gradients(step, train, pass, report)?;
        self.move_weights(step, found.weights, report)
    }

    /// Moves the weights by a gradient, clipped.
    ///
    /// # Errors
    /// [`TrainError::NotFinite`] before a gradient that is not finite moves anything.
    pub fn move_weights(
        &mut self,
        step: Step,
        mut gradients: Gradients,
        report: &mut StepReport,
    ) -> Result<(), SearchError> {
        let variables = self.supernet.variables().parameters();
        let learner = Learner::alone(self.guard(step.at));
        report.gradient_norm = learner.clip("gradient norm", &mut gradients, self.config.clip)?;
        self.optimiser.step(variables, &gradients, step.rate)?;
        Ok(())
    }

    /// Moves the logits by a gradient, which the report then holds.
    ///
    /// # Errors
    /// [`TrainError::NotFinite`] before a gradient that is not finite moves anything.
    pub fn move_logits(
        &mut self,
        step: Step,
        gradients: LogitGradients,
        report: &mut StepReport,
    ) -> Result<(), SearchError> {
        self.check_logit_norm(step, &gradients)?;
        self.logits.step(&self.architecture, &gradients, step.progress)?;
        report.arch_gradients = gradients;
        Ok(())
    }

    /// The weights of a pass, constant where no gradient of the logits is asked for.
    fn pass_weights(&self, step: Step, pass: PassSpec) -> Result<ArchWeights<Tensor>, SearchError> {
        let weights = self.weights(step)?;
        Ok(if pass.wanted == Wanted::Weights { weights.map(Tensor::detach) } else { weights })
    }

    /// The loss of a pass, penalties included.
    fn loss(
        &self,
        step: Step,
        batch: &Batch,
        pass: PassSpec,
        weights: &ArchWeights<Tensor>,
    ) -> Result<MeanLoss, SearchError> {
        let output = self.run(step, &batch.inputs, weights, pass, None)?;
        let mut loss = self.task_loss(&output, batch)?;
        if let Some(penalty) = self.penalty(step)? {
            loss.mean = (loss.mean + (penalty * pass.penalty)?)?;
        }
        Ok(loss)
    }

    /// The task's loss of the network's output on a batch.
    pub(super) fn task_loss(
        &self,
        output: &Tensor,
        batch: &Batch,
    ) -> Result<MeanLoss, SearchError> {
        let loss = self.task.loss(output, &batch.targets).map_err(TrainError::from)?;
        Ok(MeanLoss::try_from(&loss)?)
    }

    /// The gradients of a loss that is finite; its graph is gone afterwards. The purpose of the
    /// pass names the loss in errors, and `locate` finds where a number that is not finite came
    /// from.
    pub(super) fn backward(
        &self,
        step: Step,
        loss: MeanLoss,
        pass: PassSpec,
        locate: impl FnOnce() -> Option<String>,
    ) -> Result<Backward, SearchError> {
        if let Some(observer) = &self.observer {
            observer.backward(pass.purpose);
        }
        let none = BTreeMap::new();
        let wanted = |unwanted: Wanted, variables| -> &BTreeMap<String, Var> {
            if pass.wanted == unwanted { &none } else { variables }
        };
        let logits = wanted(Wanted::Weights, self.architecture.named());
        let weights = wanted(Wanted::Logits, self.supernet.variables().parameters());
        let learner = Learner::alone(self.guard(step.at));
        let learnt = learner.gradients(&loss_of(pass.purpose), &loss, [logits, weights], locate)?;
        let [logits, weights] = learnt.gradients;
        let logits = self.architecture.addressed(&logits)?;
        Ok(Backward { loss: learnt.loss, found: Found { logits, weights } })
    }

    pub(super) fn begin(&self, purpose: Purpose) {
        if let Some(observer) = &self.observer {
            observer.begin(purpose);
        }
    }

    pub(super) fn end(&self, purpose: Purpose) {
        if let Some(observer) = &self.observer {
            observer.end(purpose);
        }
    }

    /// Outputs of the supernet with the architecture weights of `progress`.
    ///
    /// A relaxation with noise draws from the epoch's own stream, not from one of its steps'.
    ///
    /// # Errors
    /// The network's error.
    pub fn forward(
        &self,
        progress: Progress,
        images: &Tensor,
        mode: Mode,
    ) -> Result<Tensor, SearchError> {
        let mut noise = self.noise.stream("relaxation", progress.epoch as u64);
        let weights = self.architecture.weights(progress, &mut noise)?;
        let mut noise = self.noise.stream("supernet", progress.epoch as u64);
        let mut pass = self.pass(mode, Wanted::Both, &mut noise);
        Ok(self.supernet.forward(images, &weights, &mut pass)?.main)
    }

    /// The architecture weights of a step: every pass of it sees the same noise, every step its
    /// own.
    pub(super) fn weights(&self, step: Step) -> Result<ArchWeights<Tensor>, SearchError> {
        self.architecture.weights(step.progress, &mut self.noise_at(step.at))
    }

    pub(super) fn penalty(&self, step: Step) -> Result<Option<Tensor>, SearchError> {
        self.architecture.penalty(step.progress, &mut self.noise_at(step.at))
    }

    pub(super) fn noise_at(&self, at: Position) -> impl RngCore + use<> {
        let noise = self.noise.child("relaxation of steps");
        noise.stream(&at.epoch.to_string(), at.step as u64)
    }

    /// Runs the supernet; one placed cell may have weights of its own in place of the shared ones.
    ///
    /// If channels are drawn, every pass of a step draws the same ones.
    pub(super) fn run(
        &self,
        step: Step,
        images: &Tensor,
        weights: &ArchWeights<Tensor>,
        spec: PassSpec,
        replaced: Option<Replaced>,
    ) -> Result<Tensor, SearchError> {
        let noise = self.noise.child("channels of steps");
        let mut noise = noise.stream(&step.at.epoch.to_string(), step.at.step as u64);
        let mixing = Mixing { replaced, mask: self.config.mask };
        let mut pass = self.pass(spec.mode, spec.wanted, &mut noise);
        Ok(self.supernet.forward_with(images, weights, &mixing, &mut pass)?.main)
    }

    fn pass<'n>(&self, mode: Mode, wanted: Wanted, noise: &'n mut dyn RngCore) -> Pass<'n> {
        Pass {
            constant_parameters: wanted == Wanted::Logits,
            execution: self.execution,
            ..Pass::new(mode, noise)
        }
    }

    pub(super) fn locate(&self, images: &Tensor, weights: &ArchWeights<Tensor>) -> Option<String> {
        let mut noise = self.noise.stream("supernet", 0);
        first_not_finite(|watch| {
            let mut pass = Pass::new(Mode::probe(), &mut noise);
            pass.watch = Some(watch);
            self.supernet.forward(images, weights, &mut pass)
        })
    }

    pub(super) fn check_norm(&self, step: Step, what: &str, norm: f64) -> Result<f64, TrainError> {
        self.guard(step.at).check(what, norm, || None)
    }

    /// The place that errors of a step name.
    pub(super) fn guard(&self, at: Position) -> Finite<'_> {
        Finite { phase: &self.phase, epoch: at.epoch, step: at.step }
    }

    /// Refuses a gradient of the logits that is not finite, naming its table.
    ///
    /// # Errors
    /// [`TrainError::NotFinite`].
    pub fn check_logit_norm(
        &self,
        step: Step,
        gradients: &LogitGradients,
    ) -> Result<(), TrainError> {
        let gradients = self.architecture.by_name(gradients);
        let place = || gradients.first_not_finite().map(|table| format!("logits of `{table}`"));
        self.guard(step.at).check("logit gradient norm", gradients.norm()?, place)?;
        Ok(())
    }
}

/// The number in a tensor of one.
pub(super) fn scalar(tensor: &Tensor) -> Result<f64, SearchError> {
    Ok(tensor.to_dtype(DType::F64)?.to_scalar::<f64>()?)
}

/// The findings of a backward pass, and the loss they came from.
#[derive(Debug)]
pub(super) struct Backward {
    /// The loss.
    pub(super) loss: f64,
    /// Its gradients.
    pub(super) found: Found,
}

/// The name of a pass's loss in errors.
pub(super) fn loss_of(purpose: Purpose) -> String {
    format!("loss of the pass `{purpose}`")
}
