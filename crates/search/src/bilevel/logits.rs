//! How logits move.

use std::collections::BTreeMap;

use candle_core::Tensor;
use dartloom_relax::{Constraint, ExponentiatedGradient};
use dartloom_train::{Adam, AdamConfig, Gradients, Optimiser as _, TrainError};
use serde::{Deserialize, Serialize};

use crate::{Architecture, SearchError};

/// The rule by which logits move.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum LogitStep {
    /// Adam, for logits that may be any numbers.
    #[default]
    Adam,
    /// Exponentiated gradient, for logits that are weights and stay on the simplex (GAEA):
    /// [`ExponentiatedGradient::darts`] for operations and [`ExponentiatedGradient::edges`] for
    /// edges, at the logits' learning rate. It has no momentum and no weight decay.
    ExponentiatedGradient,
}

impl LogitStep {
    /// Refuses a rule that would take logits out of where they live.
    pub(super) fn check(self, domain: Constraint) -> Result<(), SearchError> {
        let simplex = self == Self::ExponentiatedGradient;
        if simplex == (domain == Constraint::Simplex) {
            return Ok(());
        }
        let expected = if simplex {
            "`Adam`, since the relaxation's logits are free"
        } else {
            "`ExponentiatedGradient`, since the relaxation's logits live on the simplex"
        };
        Err(SearchError::Config { field: "logit_step", expected, found: format!("{self:?}") })
    }
}

/// A rule with its state.
#[derive(Debug)]
pub struct LogitOptimiser {
    rule: LogitStep,
    adam: Adam,
}

impl LogitOptimiser {
    pub(super) fn new(rule: LogitStep, adam: AdamConfig) -> Self {
        Self { rule, adam: Adam::new(adam) }
    }

    /// Moves the logits that have a gradient.
    pub(super) fn step(
        &mut self,
        architecture: &Architecture,
        gradients: &Gradients,
        rate: f64,
    ) -> Result<(), SearchError> {
        if self.rule == LogitStep::Adam {
            return Ok(self.adam.step(architecture.logits(), gradients, rate)?);
        }
        let ops = ExponentiatedGradient { rate, ..ExponentiatedGradient::darts() };
        let edges = ExponentiatedGradient { rate, ..ExponentiatedGradient::edges() };
        for (name, theta) in architecture.logits() {
            let Some(gradient) = gradients.0.get(name) else { continue };
            match architecture.groups(name) {
                Some(groups) => edges.step_groups(theta, gradient, groups)?,
                None => ops.step(theta, gradient)?,
            }
        }
        Ok(())
    }

    /// Everything the next step depends on, by name.
    pub fn state(&self) -> BTreeMap<String, Tensor> {
        self.adam.state()
    }

    /// Takes over a saved state.
    ///
    /// # Errors
    /// [`TrainError::State`] for names this rule does not write.
    pub fn restore(&mut self, state: BTreeMap<String, Tensor>) -> Result<(), TrainError> {
        self.adam.restore(state)
    }
}
