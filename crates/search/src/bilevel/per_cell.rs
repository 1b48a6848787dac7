//! Logit steps in which every cell has a loss of its own.

use std::collections::BTreeMap;

use candle_core::Tensor;
use dartloom_data::Batch;
use dartloom_ops::Mode;
use dartloom_space::{CellId, CellWeights};
use dartloom_train::{Gradients, MeanLoss};
use serde::{Deserialize, Serialize};

use super::core::{Backward, loss_of, scalar};
use super::{
    AblationConfig, Batches, Core, PassLoss, PassSpec, Purpose, Step, StepReport, Strategy, Wanted,
};
use crate::{LogitGradients, SearchError};

/// The way from the losses of several cells to their logits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Bookkeeping {
    /// Every cell's logits move by the gradient of their own cell's loss.
    #[default]
    Isolated,
    /// As the released D-DARTS code does: cells are stepped one after the other, each after a
    /// backward pass of its own loss through the whole network, and only its own logits'
    /// gradients are cleared. With `n` cells, cell `j` (from 0) moves by
    ///
    /// ```text
    /// (j + 1) grad_j L_CE + grad_j L_01 + left over from before,
    /// ```
    ///
    /// leaves `(n - 1 - j) grad_j L_CE` and the gradient of the training loss for the next step,
    /// and the weights move by `n` times the validation gradient more.
    Leaking,
}

/// Every cell's logits move by a loss of its own (D-DARTS): the network's loss, the cell's
/// penalties, and the cell's contribution if that is measured ([`AblationConfig`]). Weights move as
/// usual.
#[derive(Clone, Debug, Default)]
pub struct PerCell {
    /// Terms for the contributions of cells, if any.
    pub ablation: Option<AblationConfig>,
    /// The way of the losses to the logits.
    pub bookkeeping: Bookkeeping,
    /// The weights of removed cells, by cell in the space's order, in place of
    /// [`AblationConfig::removal`].
    pub removed: Option<Vec<CellWeights<Tensor>>>,
    /// Gradients left over for the next step ([`Bookkeeping::Leaking`]).
    leak: Leak,
}

/// The gradients that the released D-DARTS code forgets to clear.
#[derive(Clone, Debug, Default)]
struct Leak {
    /// Gradients of logits, until their cell has been stepped.
    logits: LogitGradients,
    /// Gradients of weights, until they are stepped.
    weights: Gradients,
}

/// A pass for the logits, its parts kept apart.
#[derive(Debug)]
pub(super) struct Validation {
    /// The network's loss.
    pub(super) loss: f64,
    /// Its gradient with respect to the logits.
    pub(super) gradient: LogitGradients,
    /// The penalties' gradient.
    penalty: LogitGradients,
    /// The gradient with respect to the weights, if it leaks.
    weights: Gradients,
}

impl PerCell {
    /// A rule that has made no step.
    pub fn new(ablation: Option<AblationConfig>, bookkeeping: Bookkeeping) -> Self {
        Self { ablation, bookkeeping, removed: None, leak: Leak::default() }
    }

    fn leaks(&self) -> bool {
        self.bookkeeping == Bookkeeping::Leaking
    }

    /// The gradient of every cell's own loss.
    fn gradients(
        &mut self,
        core: &Core<'_>,
        step: Step,
        valid: &Batch,
        report: &mut StepReport,
    ) -> Result<LogitGradients, SearchError> {
        let whole = self.validation(core, step, valid, report)?;
        let mut gradients = whole.gradient.clone();
        if self.leaks() {
            gradients = self.leak(core, &whole)?;
        }
        gradients.add(&whole.penalty)?;
        if let Some(config) = self.ablation {
            let (ablation, gradient) = self.ablate(core, step, valid, (&config, &whole))?;
            gradients.add(&gradient)?;
            report.ablation = Some(ablation);
        }
        Ok(gradients)
    }

    fn validation(
        &self,
        core: &Core<'_>,
        step: Step,
        valid: &Batch,
        report: &mut StepReport,
    ) -> Result<Validation, SearchError> {
        let wanted = if self.leaks() { Wanted::Both } else { Wanted::Logits };
        let pass = PassSpec::new(Purpose::Logits, core.logit_mode(), wanted);
        core.begin(pass.purpose);
        let weights = core.weights(step)?;
        let logits = core.run(step, &valid.inputs, &weights, pass, None)?;
        let loss = core.task_loss(&logits, valid)?;
        drop(logits);
        let count = loss.count;
        let locate = || core.locate(&valid.inputs, &weights);
        let Backward { loss, found } = core.backward(step, loss, pass, locate)?;
        let mut parts = Validation {
            loss,
            gradient: found.logits,
            penalty: LogitGradients::default(),
            weights: found.weights,
        };
        let mut total = loss;
        if let Some(penalty) = core.penalty(step)? {
            total += scalar(&penalty)? * share_of_penalty(core);
            let own = PassSpec { wanted: Wanted::Logits, ..pass };
            let penalty = MeanLoss { mean: penalty, count };
            parts.penalty = core.backward(step, penalty, own, || None)?.found.logits;
        }
        let loss = core.guard(step.at).check(&loss_of(pass.purpose), total, || None)?;
        report.passes.push(PassLoss { purpose: pass.purpose, loss });
        core.end(pass.purpose);
        Ok(parts)
    }

    /// The gradients that cells are stepped on; keeps those that are left over.
    fn leak(&mut self, core: &Core<'_>, whole: &Validation) -> Result<LogitGradients, SearchError> {
        let cells = core.architecture.cells().len();
        let mut gradients = LogitGradients::default();
        for (id, gradient) in &whole.gradient.0 {
            let Some(CellId(cell)) = id.cell() else {
                // Links belong to no cell, and the released code has none: nothing leaks into them.
                gradients.0.insert(*id, gradient.clone());
                continue;
            };
            let mut seen = (gradient * (cell + 1) as f64)?;
            if let Some(left) = self.leak.logits.0.remove(id) {
                seen = (seen + left)?;
            }
            gradients.0.insert(*id, seen);
            let left = (gradient * (cells - 1 - cell) as f64)?;
            self.leak.logits.0.insert(*id, left);
        }
        let times = |(name, gradient): (&String, &Tensor)| {
            Ok::<_, SearchError>((name.clone(), (gradient * cells as f64)?))
        };
        let weights = whole.weights.0.iter().map(times).collect::<Result<BTreeMap<_, _>, _>>()?;
        self.leak.weights = Gradients(weights);
        Ok(gradients)
    }

    /// Moves the weights, with the gradients left over before, and keeps those left over for later.
    fn weight_step(
        &mut self,
        core: &mut Core<'_>,
        step: Step,
        train: &Batch,
        report: &mut StepReport,
    ) -> Result<(), SearchError> {
        let wanted = if self.leaks() { Wanted::Both } else { Wanted::Weights };
        let penalty = share_of_penalty(core);
        let pass = PassSpec { penalty, ..PassSpec::new(Purpose::Weights, Mode::train(), wanted) };
        let mut found = core.gradients(step, train, pass, report)?;
        if self.leaks() {
            add(&mut found.weights, &std::mem::take(&mut self.leak.weights))?;
            self.leak.logits.add(&found.logits)?;
        }
        core.move_weights(step, found.weights, report)
    }
}

impl Strategy for PerCell {
    fn step(
        &mut self,
        core: &mut Core<'_>,
        batches: Batches<'_>,
        at: Step,
    ) -> Result<StepReport, SearchError> {
        let mut report = StepReport::default();
        if let Some(valid) = batches.valid {
            let gradients = self.gradients(core, at, valid, &mut report)?;
            core.move_logits(at, gradients, &mut report)?;
        }
        self.weight_step(core, at, batches.train, &mut report)?;
        Ok(report)
    }

    fn passes(&self, cells: u64) -> u64 {
        3 + self.ablation.map_or(0, |ablation| ablation.passes(cells))
    }

    fn state(&self, core: &Core<'_>) -> BTreeMap<String, Tensor> {
        core.architecture.by_name(&self.leak.logits).0
    }

    fn restore(
        &mut self,
        core: &Core<'_>,
        state: BTreeMap<String, Tensor>,
    ) -> Result<(), SearchError> {
        let logits = core.architecture.addressed(&Gradients(state))?;
        self.leak = Leak { logits, weights: Gradients::default() };
        Ok(())
    }

    /// `None` with [`removed`](Self::removed) cells, because tensors have no text.
    fn identity(&self) -> Option<String> {
        let parts = (&self.ablation, &self.bookkeeping);
        let numbers = serde_json::to_string(&parts).ok().filter(|_| self.removed.is_none());
        numbers.map(|numbers| format!("PerCell 1 {numbers}"))
    }
}

/// The factor of the sum of all cells' penalties in a loss for all cells: if cells have
/// losses of their own, that loss is their mean.
fn share_of_penalty(core: &Core<'_>) -> f64 {
    1.0 / core.architecture.cells().len().max(1) as f64
}

fn add(sum: &mut Gradients, more: &Gradients) -> Result<(), SearchError> {
    for (name, gradient) in &more.0 {
        let sum_so_far = match sum.0.get(name) {
            Some(before) => (before + gradient)?,
            None => gradient.clone(),
        };
        sum.0.insert(name.clone(), sum_so_far);
    }
    Ok(())
}
