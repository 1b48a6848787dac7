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
/// A step moves the logits on a validation batch and the weights on a training batch, as its
/// [`Strategy`] says: [`FirstOrder`], [`SecondOrder`], [`Joint`], [`PerCell`], or one of your own.
///
/// # Differences from the papers
/// With [`Statistics::Moved`] passes for the logits update batch-norm statistics as the released code
/// does; by default only the weights' own pass does.
#[derive(Debug)]
pub struct Bilevel<'a> {
    /// The parts that are moved, and their optimisers.
    pub core: Core<'a>,
    strategy: Box<dyn Strategy>,
    /// Whether relaxations and penalties have been held to their contracts.
    checked: bool,
}

impl<'a> Bilevel<'a> {
    /// A search that has made no step, with the strategy that `config` asks for.
    ///
    /// # Errors
    /// [`SearchError::Config`] naming the field that makes no sense, or when the logits do not live
    /// where their rule moves them.
    pub fn new(
        supernet: Supernet,
        architecture: Architecture,
        task: Box<dyn Task + 'a>,
        config: BilevelConfig,
        noise: Noise,
    ) -> Result<Self, SearchError> {
        let strategy = strategy::chosen(&config);
        let core = Core::new(supernet, architecture, task, config, noise)?;
        Ok(Self { core, strategy, checked: false })
    }

    /// The same search with a strategy of its own in place of the configuration's.
    #[must_use]
    pub fn with_strategy(self, strategy: Box<dyn Strategy>) -> Self {
        Self { strategy, ..self }
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
        self.core.architecture.check(progress, || self.core.noise_at(at))?;
        self.checked = true;
        Ok(())
    }

    /// Makes one step in `epoch` of `epochs`, step `step` of the epoch.
    ///
    /// In warm-up epochs `valid` is not used.
    ///
    /// # Errors
    /// [`SearchError::Relaxation`] when a relaxation or penalty breaks its contract, before anything
    /// is trained with it, or the strategy's errors.
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
