//! Steps of logits and weights (DARTS, algorithm 1, and its variants).

mod ablation;
mod config;
mod core;
mod first_order;
mod logits;
mod passes;
mod per_cell;
mod second_order;
mod strategy;

use std::collections::BTreeMap;

use candle_core::Tensor;
use dartloom_data::Batch;
use dartloom_net::Supernet;
use dartloom_noise::Noise;
use dartloom_record::Where;
use dartloom_relax::Progress;
use dartloom_task::Task;
use dartloom_train::Position;

pub use self::core::Core;
pub use ablation::{
    Ablation, AblationConfig, AblationGradient, AblationSign, Places, Removal, Whole,
    ablation_losses,
};
pub use config::{BilevelConfig, CellRule, Order, Statistics};
pub use first_order::{FirstOrder, Joint};
pub use logits::{LogitOptimiser, LogitStep};
pub use passes::{Found, PassLoss, PassObserver, PassSpec, Purpose, StepReport, Wanted};
pub use per_cell::{Bookkeeping, PerCell};
pub use second_order::{Implicit, SecondOrder};
pub use strategy::{Batches, Step, Strategy};

use crate::{Architecture, SearchError};

/// A supernet with its logits, and the rule that moves both.
///
/// A step moves the logits on a validation batch and the weights on a training batch, in the way of
/// its [`Strategy`]: [`FirstOrder`], [`SecondOrder`], [`Joint`], [`PerCell`], or a custom one.
///
/// # Differences from the papers
/// With [`Statistics::Moved`] passes for the logits update batch-norm statistics as the released
/// code does; by default only the weights' own pass does.
#[derive(Debug)]
pub struct Bilevel<'a> {
    /// The parts that are moved, and their optimisers.
    pub core: Core<'a>,
    strategy: Box<dyn Strategy>,
    /// `true` if the contracts of relaxations and penalties have been checked.
    checked: bool,
}

impl<'a> Bilevel<'a> {
    /// A search that has made no step, with the strategy that `config` asks for.
    ///
    /// # Errors
    /// [`SearchError::Config`] naming an invalid field, or when the rule of the logits would take
    /// them out of their domain.
    pub fn new(
        supernet: Supernet,
        architecture: Architecture,
        task: Box<dyn Task + 'a>,
        config: BilevelConfig,
        noise: Noise,
    ) -> Result<Self, SearchError> {
        let strategy = strategy::chosen(&config);
        let architecture = architecture.with_link_bytes(&supernet.link_bytes());
        let core = Core::new(supernet, architecture, task, config, noise)?;
        Ok(Self { core, strategy, checked: false })
    }

    /// The same search with a custom strategy in place of the configuration's.
    #[must_use]
    pub fn with_strategy(self, strategy: Box<dyn Strategy>) -> Self {
        Self { strategy, ..self }
    }

    /// The same search with the place in a run that its errors name, `search` when left out.
    #[must_use]
    pub fn in_phase(mut self, phase: impl Into<Where>) -> Self {
        self.core.phase = phase.into();
        self
    }

    /// The rule that makes the steps.
    pub fn strategy(&self) -> &dyn Strategy {
        &*self.strategy
    }

    /// Takes over a saved state of the strategy.
    ///
    /// # Errors
    /// As [`Strategy::restore`].
    pub fn restore(&mut self, state: BTreeMap<String, Tensor>) -> Result<(), SearchError> {
        self.strategy.restore(&self.core, state)
    }

    /// Checks the contracts of the relaxations and penalties, unless that has been done. The first
    /// step begins with this check.
    ///
    /// # Errors
    /// As [`Architecture::check`].
    pub fn check(&mut self, at: Position, epochs: usize) -> Result<(), SearchError> {
        if self.checked {
            return Ok(());
        }
        let progress = Progress { epoch: at.epoch, epochs };
        self.core.architecture.check(progress, || self.core.noise_at(at))?;
        self.checked = true;
        Ok(())
    }

    /// Makes one step in `epoch` of `epochs`, step `step` of the epoch.
    ///
    /// In warm-up epochs `valid` is not used.
    ///
    /// # Errors
    /// [`SearchError::Relaxation`] when a relaxation or penalty breaks its contract, before
    /// anything is trained with it, or the strategy's errors.
    pub fn step(
        &mut self,
        at: Position,
        epochs: usize,
        train: &Batch,
        valid: Option<&Batch>,
    ) -> Result<StepReport, SearchError> {
        self.check(at, epochs)?;
        let warm = at.epoch >= self.core.config.warm_up;
        let batches = Batches { train, valid: valid.filter(|_| warm) };
        let step = self.core.step_at(at, epochs);
        self.strategy.step(&mut self.core, batches, step)
    }
}
