//! The rules by which a step is made.

use std::collections::BTreeMap;
use std::fmt::Debug;

use candle_core::Tensor;
use dartloom_data::Batch;
use dartloom_relax::Progress;
use dartloom_train::{Position, TrainError};

use super::{BilevelConfig, Core, FirstOrder, Joint, Order, PerCell, SecondOrder, StepReport};
use crate::SearchError;

/// Place and rate of a step.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// Epoch and step of the epoch.
    pub at: Position,
    /// The epoch among all.
    pub progress: Progress,
    /// Learning rate of the weights.
    pub rate: f64,
}

/// The batches of a step.
#[derive(Clone, Copy, Debug)]
pub struct Batches<'a> {
    /// The batch that moves the weights.
    pub train: &'a Batch,
    /// The batch that moves the logits; `None` while they rest, as in warm-up epochs.
    pub valid: Option<&'a Batch>,
}

/// An update rule: moves logits and weights by one step.
///
/// [`BilevelConfig`] chooses among those of this crate;
/// [`SupernetSearch::with_strategy`](crate::SupernetSearch::with_strategy) takes others. What a rule
/// remembers between steps is its own, and goes into checkpoints by [`state`](Self::state).
pub trait Strategy: Debug + Send + Sync {
    /// Makes one step. Where there is no validation batch, the logits stay as they are.
    ///
    /// # Errors
    /// [`TrainError::NotFinite`] before a loss or gradient that is not finite changes anything, or
    /// the network's error.
    fn step(
        &mut self,
        core: &mut Core<'_>,
        batches: Batches<'_>,
        at: Step,
    ) -> Result<StepReport, SearchError>;

    /// The cost of a step that moves the logits beyond one that does not, in forward passes' worth: 3
    /// for every pass with gradients. The space has `cells` cells.
    fn passes(&self, cells: u64) -> u64;

    /// Everything the next step depends on, by name; nothing by default.
    fn state(&self, _core: &Core<'_>) -> BTreeMap<String, Tensor> {
        BTreeMap::new()
    }

    /// Takes over a saved state.
    ///
    /// # Errors
    /// [`TrainError::State`] or [`SearchError::Logits`] for names that this rule does not write: any
    /// at all by default.
    fn restore(
        &mut self,
        _core: &Core<'_>,
        state: BTreeMap<String, Tensor>,
    ) -> Result<(), SearchError> {
        match state.keys().next() {
            None => Ok(()),
            Some(name) => {
                let expected = "a strategy that remembers nothing".to_owned();
                Err(TrainError::State { expected, found: format!("`{name}`") }.into())
            }
        }
    }

    /// A text that changes whenever what this rule does changes: its name, its numbers, and a version
    /// of its code.
    ///
    /// A checkpoint is only gone on with for the same identity. `None`, the default, says nothing,
    /// and the search begins anew.
    fn identity(&self) -> Option<String> {
        None
    }
}

/// The rule that a configuration asks for.
pub(super) fn chosen(config: &BilevelConfig) -> Box<dyn Strategy> {
    match config.order {
        Order::First if config.has_cell_losses() => {
            Box::new(PerCell::new(config.ablation, config.bookkeeping))
        }
        Order::First => Box::new(FirstOrder),
        Order::Second => Box::new(SecondOrder),
        Order::Joint => Box::new(Joint),
    }
}
