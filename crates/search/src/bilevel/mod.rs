//! Alternating steps of logits and weights (DARTS, algorithm 1).

mod ablation;
mod cells;
mod config;
mod logits;
mod second_order;

use candle_core::backprop::GradStore;
use candle_core::{DType, Tensor};
use dartloom_data::Batch;
use dartloom_net::{Execution, Mixing, Pass, Replaced, Supernet};
use dartloom_noise::Noise;
use dartloom_ops::Mode;
use dartloom_relax::Progress;
use dartloom_space::{ArchWeights, CellWeights, Compat};
use dartloom_train::{
    Finite, Gradients, Optimiser, Position, Sgd, TrainError, cross_entropy, first_not_finite,
};
use rand::RngCore;

pub use ablation::{Ablation, AblationConfig, AblationGradient, Removal, ablation_losses};
pub use cells::{Bookkeeping, Leak};
pub use config::{BilevelConfig, CellRule, Order};
pub use logits::{LogitOptimiser, LogitStep};
pub use second_order::Implicit;

use crate::{Architecture, LogitGradients, SearchError};

/// A supernet, its logits, and the optimisers of both.
///
/// A step first moves the logits `alpha` on a validation batch, then the weights `w` on a training
/// batch:
///
/// - first order: `alpha <- Adam(grad_alpha L_val(w, alpha))`;
/// - second order: `alpha <- Adam(grad_alpha L_val(w', alpha) - xi (g+ - g-) / (2 eps))` with
///   `w' = w - xi (mu v + grad_w L_train(w, alpha) + lambda w)`,
///   `g+- = grad_alpha L_train(w +- eps d, alpha)`, `d = grad_w' L_val(w', alpha)`,
///   `eps = 0.01 / ||d||` (DARTS, equations 7 and 8);
/// - then `w <- SGD(clip(grad_w L_train(w, alpha)))`;
/// - joint: both move by the gradients of `L_train(w, alpha)`, one pass in all, and the validation
///   batch is not used (the single level of the released FairDARTS code).
///
/// `mu`, `v` and `lambda` are the momentum, velocity and weight decay of the weights' SGD, `xi` its
/// learning rate.
///
/// # Differences from the paper
/// The paper's `w'` has neither momentum nor weight decay; its code has both, and so have we. With
/// [`Compat::Official`] passes for the logits update batch-norm statistics as the released code
/// does; by default only the weights' own pass does.
#[derive(Debug)]
pub struct Bilevel {
    /// The supernet.
    pub supernet: Supernet,
    /// The logits.
    pub architecture: Architecture,
    /// Optimiser of the weights.
    pub sgd: Sgd,
    /// Optimiser of the logits.
    pub logits: LogitOptimiser,
    /// How the supernet's cells are computed; at first one operation each that keeps what
    /// [`BilevelConfig::recompute`] says.
    pub execution: Execution,
    /// What cells that are removed weigh, by cell in the space's order, in place of what
    /// [`AblationConfig::removal`] says.
    pub removed: Option<Vec<CellWeights<Tensor>>>,
    /// What was left over for the next step ([`Bookkeeping::Leaking`]).
    pub leak: Leak,
    config: BilevelConfig,
    noise: Noise,
    /// Whether relaxations and penalties have been held to their contracts.
    checked: bool,
}

/// Where and with which rates a step is made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub(crate) at: Position,
    pub(crate) progress: Progress,
    pub(crate) rate: f64,
}

/// Whose gradients a pass is for; those of the others are not computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    Logits,
    Weights,
    Both,
}

/// What a step did.
#[derive(Clone, Debug, Default)]
pub struct StepReport {
    /// Every loss in the order of evaluation; the last is the weights' training loss.
    pub losses: Vec<f64>,
    /// The gradient handed to the logits' optimiser; empty in warm-up epochs.
    pub arch_gradients: LogitGradients,
    /// Norm of the weights' gradient before clipping.
    pub gradient_norm: f64,
    /// Parts of the second-order term.
    pub implicit: Option<Implicit>,
    /// What cells contribute.
    pub ablation: Option<Ablation>,
}

impl StepReport {
    /// Training loss of the weights' step.
    pub fn train_loss(&self) -> f64 {
        self.losses.last().copied().unwrap_or(f64::NAN)
    }

    /// Validation loss of the logits' step, if there was one.
    pub fn arch_loss(&self) -> Option<f64> {
        match self.losses.len() {
            0 | 1 => None,
            2 => self.losses.first().copied(),
            _ => self.losses.get(1).copied(),
        }
    }
}

impl Bilevel {
    /// A search that has made no step.
    ///
    /// # Errors
    /// [`SearchError::Config`] naming the field that makes no sense, or when the logits do not live
    /// where their rule moves them.
    pub fn new(
        supernet: Supernet,
        architecture: Architecture,
        config: BilevelConfig,
        noise: Noise,
    ) -> Result<Self, SearchError> {
        let logits = config.logits(&architecture)?;
        let sgd = Sgd::new(config.sgd);
        let execution = config.recompute.into();
        let (removed, leak, checked) = (None, Leak::default(), false);
        Ok(Self {
            supernet,
            architecture,
            sgd,
            logits,
            execution,
            removed,
            leak,
            config,
            noise,
            checked,
        })
    }

    /// The configuration.
    pub fn config(&self) -> &BilevelConfig {
        &self.config
    }

    /// Holds the relaxations and penalties to their contracts, unless that has been done: what the
    /// first step does before anything else.
    ///
    /// # Errors
    /// As [`Architecture::check`].
    pub fn check(&mut self, at: Position, epochs: usize) -> Result<(), SearchError> {
        if self.checked {
            return Ok(());
        }
        let progress = Progress { epoch: at.epoch, epochs };
        self.architecture.check(progress, || self.noise_at(at))?;
        self.checked = true;
        Ok(())
    }

    /// Makes one step in `epoch` of `epochs`, step `step` of the epoch.
    ///
    /// In warm-up epochs `valid` is not used.
    ///
    /// # Errors
    /// [`SearchError::Relaxation`] when a relaxation or penalty breaks its contract, before anything
    /// is trained with it; [`TrainError::NotFinite`] before a loss or gradient that is not finite changes anything, or
    /// the network's error.
    pub fn step(
        &mut self,
        at: Position,
        epochs: usize,
        train: &Batch,
        valid: Option<&Batch>,
    ) -> Result<StepReport, SearchError> {
        self.check(at, epochs)?;
        let progress = Progress { epoch: at.epoch, epochs };
        let step = Step { at, progress, rate: self.config.rate.at(at.epoch, epochs) };
        let mut report = StepReport::default();
        if let Some(valid) = valid
            && at.epoch >= self.config.warm_up
        {
            match self.config.order {
                Order::First if self.config.has_cell_losses() => {
                    self.cells(step, valid, &mut report)?;
                }
                Order::First => self.first_order(step, valid, &mut report)?,
                Order::Second => self.second_order(step, train, valid, &mut report)?,
                Order::Joint => return self.joint_step(step, train, report),
            }
            self.logit_step(step, &report)?;
        }
        self.weight_step(step, train, &mut report)?;
        Ok(report)
    }

    fn logit_step(&mut self, step: Step, report: &StepReport) -> Result<(), SearchError> {
        self.logits.step(&self.architecture, &report.arch_gradients, step.progress)
    }

    /// Moves logits and weights by the gradients of one pass.
    fn joint_step(
        &mut self,
        step: Step,
        train: &Batch,
        mut report: StepReport,
    ) -> Result<StepReport, SearchError> {
        let loss = self.loss(step, train, (Mode::train(), Wanted::Both), &mut report)?;
        let mut store = loss.backward()?;
        report.arch_gradients = self.logit_gradients(&mut store)?;
        self.check_logit_norm(step, &report.arch_gradients)?;
        self.descend(step, &mut store, &mut report)?;
        self.logit_step(step, &report)?;
        Ok(report)
    }

    fn first_order(
        &mut self,
        step: Step,
        valid: &Batch,
        report: &mut StepReport,
    ) -> Result<(), SearchError> {
        let loss = self.loss(step, valid, (self.logit_mode(), Wanted::Logits), report)?;
        let mut store = loss.backward()?;
        report.arch_gradients = self.logit_gradients(&mut store)?;
        self.check_logit_norm(step, &report.arch_gradients)?;
        Ok(())
    }

    fn weight_step(
        &mut self,
        step: Step,
        train: &Batch,
        report: &mut StepReport,
    ) -> Result<(), SearchError> {
        let leaks = self.config.bookkeeping == Bookkeeping::Leaking;
        let wanted = if leaks { Wanted::Both } else { Wanted::Weights };
        let loss = self.loss(step, train, (Mode::train(), wanted), report)?;
        self.descend(step, &mut loss.backward()?, report)
    }

    fn descend(
        &mut self,
        step: Step,
        store: &mut GradStore,
        report: &mut StepReport,
    ) -> Result<(), SearchError> {
        let mut gradients = Gradients::take(store, self.supernet.variables().parameters());
        if self.config.bookkeeping == Bookkeeping::Leaking {
            let logits = self.logit_gradients(store)?;
            self.pick_up(&mut gradients, &logits)?;
        }
        let variables = self.supernet.variables().parameters();
        report.gradient_norm = gradients.clip_norm(self.config.clip)?;
        let place = || gradients.first_not_finite().map(str::to_owned);
        guard(step.at).check("gradient norm", report.gradient_norm, place)?;
        self.sgd.step(variables, &gradients, step.rate)?;
        Ok(())
    }

    /// How batch norms run in passes for the logits.
    pub(crate) fn logit_mode(&self) -> Mode {
        match self.config.compat {
            Compat::Official => Mode::train(),
            Compat::Paper => Mode::probe(),
        }
    }

    /// The loss on a batch, checked and appended to the report.
    pub(crate) fn loss(
        &self,
        step: Step,
        batch: &Batch,
        (mode, wanted): (Mode, Wanted),
        report: &mut StepReport,
    ) -> Result<Tensor, SearchError> {
        let mut weights = self.weights(step)?;
        if wanted == Wanted::Weights {
            weights = weights.map(Tensor::detach);
        }
        let logits = self.run(step, &batch.inputs, &weights, (mode, wanted))?;
        let mut loss = cross_entropy(&logits, &batch.targets, 0.0)?;
        if let Some(penalty) = self.penalty(step)? {
            loss = (loss + (penalty * self.share_of_penalty())?)?;
        }
        let value = loss.to_dtype(DType::F64)?.to_scalar::<f64>()?;
        let locate = || self.locate(&batch.inputs, &weights);
        report.losses.push(guard(step.at).check("loss", value, locate)?);
        Ok(loss)
    }

    /// Logits of the supernet with the architecture weights of `progress`.
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
        let mut pass = self.pass((mode, Wanted::Both), &mut noise);
        Ok(self.supernet.forward(images, &weights, &mut pass)?.main)
    }

    /// The architecture weights of a step: every pass of it sees the same noise, every step its
    /// own.
    fn weights(&self, step: Step) -> Result<ArchWeights<Tensor>, SearchError> {
        self.architecture.weights(step.progress, &mut self.step_noise(step))
    }

    fn penalty(&self, step: Step) -> Result<Option<Tensor>, SearchError> {
        self.architecture.penalty(step.progress, &mut self.step_noise(step))
    }

    fn step_noise(&self, step: Step) -> impl RngCore + use<> {
        self.noise_at(step.at)
    }

    fn noise_at(&self, at: Position) -> impl RngCore + use<> {
        let noise = self.noise.child("relaxation of steps");
        noise.stream(&at.epoch.to_string(), at.step as u64)
    }

    /// Every pass of a step draws the same channels, where they are drawn.
    fn run(
        &self,
        step: Step,
        images: &Tensor,
        weights: &ArchWeights<Tensor>,
        how: (Mode, Wanted),
    ) -> Result<Tensor, SearchError> {
        self.run_with(step, images, weights, (how, None))
    }

    /// Runs the supernet, one placed cell with other weights than its share.
    fn run_with(
        &self,
        step: Step,
        images: &Tensor,
        weights: &ArchWeights<Tensor>,
        (how, replaced): ((Mode, Wanted), Option<Replaced>),
    ) -> Result<Tensor, SearchError> {
        let noise = self.noise.child("channels of steps");
        let mut noise = noise.stream(&step.at.epoch.to_string(), step.at.step as u64);
        let mixing = Mixing { replaced, mask: self.config.mask };
        let mut pass = self.pass(how, &mut noise);
        Ok(self.supernet.forward_with(images, weights, &mixing, &mut pass)?.main)
    }

    fn pass<'a>(&self, (mode, wanted): (Mode, Wanted), noise: &'a mut dyn RngCore) -> Pass<'a> {
        Pass {
            constant_parameters: wanted == Wanted::Logits,
            execution: self.execution,
            ..Pass::new(mode, noise)
        }
    }

    fn locate(&self, images: &Tensor, weights: &ArchWeights<Tensor>) -> Option<String> {
        let mut noise = self.noise.stream("supernet", 0);
        first_not_finite(|watch| {
            let mut pass = Pass::new(Mode::probe(), &mut noise);
            pass.watch = Some(watch);
            self.supernet.forward(images, weights, &mut pass)
        })
    }

    /// The gradients of the logits that a backward pass has found.
    pub(crate) fn logit_gradients(
        &self,
        store: &mut GradStore,
    ) -> Result<LogitGradients, SearchError> {
        self.architecture.addressed(&Gradients::take(store, self.architecture.named()))
    }

    pub(crate) fn check_norm(&self, step: Step, what: &str, norm: f64) -> Result<f64, TrainError> {
        guard(step.at).check(what, norm, || None)
    }

    /// Refuses a gradient of the logits that is not finite, with the table where it is not.
    pub(crate) fn check_logit_norm(
        &self,
        step: Step,
        gradients: &LogitGradients,
    ) -> Result<(), TrainError> {
        let gradients = self.architecture.by_name(gradients);
        let place = || gradients.first_not_finite().map(|table| format!("logits of `{table}`"));
        guard(step.at).check("logit gradient norm", gradients.norm()?, place)?;
        Ok(())
    }
}

fn guard(at: Position) -> Finite<'static> {
    Finite { phase: "search", epoch: at.epoch, step: at.step }
}
