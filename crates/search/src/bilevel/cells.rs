//! Logit steps in which every cell has a loss of its own.

use std::collections::BTreeMap;

use candle_core::{DType, Tensor};
use dartloom_data::Batch;
use dartloom_space::CellId;
use dartloom_train::{Gradients, cross_entropy};
use serde::{Deserialize, Serialize};

use super::{Bilevel, Step, StepReport, Wanted, guard};
use crate::{Architecture, LogitGradients, SearchError};

/// How the losses of several cells reach their logits.
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

/// A pass for the logits, its parts kept apart.
#[derive(Debug)]
pub(super) struct Validation {
    /// Cross-entropy.
    pub(super) loss: f64,
    /// Its gradient with respect to the logits.
    pub(super) cross_entropy: LogitGradients,
    /// The penalties' gradient.
    penalty: LogitGradients,
    /// The gradient with respect to the weights, where it leaks.
    weights: Gradients,
}

/// What the released D-DARTS code forgets to clear.
#[derive(Clone, Debug, Default)]
pub struct Leak {
    /// Of logits, until their cell has been stepped.
    pub(super) logits: LogitGradients,
    /// Of weights, until they are stepped.
    pub(super) weights: Gradients,
}

impl Bilevel {
    /// The gradient of every cell's own loss.
    pub(super) fn cells(
        &mut self,
        step: Step,
        valid: &Batch,
        report: &mut StepReport,
    ) -> Result<(), SearchError> {
        let whole = self.validation(step, valid, report)?;
        let mut gradients = whole.cross_entropy.clone();
        if self.config.bookkeeping == Bookkeeping::Leaking {
            gradients = self.leak(&whole)?;
        }
        gradients.add(&whole.penalty)?;
        if let Some(config) = self.config.ablation {
            let (ablation, gradient) = self.ablate(step, valid, &config, &whole)?;
            gradients.add(&gradient)?;
            report.ablation = Some(ablation);
        }
        self.check_logit_norm(step, &gradients)?;
        report.arch_gradients = gradients;
        Ok(())
    }

    /// How much the sum of all cells' penalties counts in a loss for all of them: where cells have
    /// losses of their own, that one is their mean.
    pub(super) fn share_of_penalty(&self) -> f64 {
        let cells = self.architecture.cells().len().max(1) as f64;
        if self.config.has_cell_losses() { 1.0 / cells } else { 1.0 }
    }

    fn validation(
        &self,
        step: Step,
        valid: &Batch,
        report: &mut StepReport,
    ) -> Result<Validation, SearchError> {
        let leaks = self.config.bookkeeping == Bookkeeping::Leaking;
        let wanted = if leaks { Wanted::Both } else { Wanted::Logits };
        let weights = self.weights(step)?;
        let logits = self.run(step, &valid.inputs, &weights, (self.logit_mode(), wanted))?;
        let loss = cross_entropy(&logits, &valid.targets, 0.0)?;
        let value = loss.to_dtype(DType::F64)?.to_scalar::<f64>()?;
        let locate = || self.locate(&valid.inputs, &weights);
        let value = guard(step.at).check("loss", value, locate)?;
        let mut store = loss.backward()?;
        let cross_entropy = self.logit_gradients(&mut store)?;
        let mut parts = Validation {
            loss: value,
            cross_entropy,
            penalty: LogitGradients::default(),
            weights: Gradients::default(),
        };
        if leaks {
            parts.weights = Gradients::take(&mut store, self.supernet.variables().parameters());
        }
        let mut total = value;
        if let Some(penalty) = self.penalty(step)? {
            let sum = penalty.to_dtype(DType::F64)?.to_scalar::<f64>()?;
            total += sum * self.share_of_penalty();
            parts.penalty = self.logit_gradients(&mut penalty.backward()?)?;
        }
        report.losses.push(guard(step.at).check("loss", total, || None)?);
        Ok(parts)
    }

    /// What cells are stepped on, and what is left behind.
    fn leak(&mut self, whole: &Validation) -> Result<LogitGradients, SearchError> {
        let cells = self.architecture.cells().len();
        let mut gradients = LogitGradients::default();
        for (id, gradient) in &whole.cross_entropy.0 {
            let Some(CellId(cell)) = id.cell() else { continue };
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

    /// Adds what was left over to the weights' gradient, and leaves the logits' for later.
    pub(super) fn pick_up(
        &mut self,
        weights: &mut Gradients,
        logits: &LogitGradients,
    ) -> Result<(), SearchError> {
        add(weights, &std::mem::take(&mut self.leak.weights))?;
        self.leak.logits.add(logits)
    }
}

impl Leak {
    /// Everything the next step depends on, by name.
    pub(crate) fn state(&self, architecture: &Architecture) -> BTreeMap<String, Tensor> {
        architecture.by_name(&self.logits).0
    }

    /// Takes over a saved state.
    ///
    /// # Errors
    /// [`SearchError::Logits`] for a name that no logits have.
    pub(crate) fn restore(
        &mut self,
        architecture: &Architecture,
        state: BTreeMap<String, Tensor>,
    ) -> Result<(), SearchError> {
        let logits = architecture.addressed(&Gradients(state))?;
        *self = Self { logits, weights: Gradients::default() };
        Ok(())
    }
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
