//! Constants of a bilevel search.

use dartloom_space::Compat;
use dartloom_train::{AdamConfig, Recompute, Schedule, SgdConfig};
use serde::{Deserialize, Serialize};

use super::LogitStep;
use crate::SearchError;

/// How the logits' gradient treats the dependence of the weights on the logits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Order {
    /// Weights are taken as constant.
    #[default]
    First,
    /// Weights are taken one step ahead (DARTS, equation 6), by finite differences.
    Second,
    /// Logits and weights move together on the training batch.
    Joint,
}

/// How weights and logits are moved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BilevelConfig {
    /// First or second order.
    pub order: Order,
    /// Whether passes for the logits update batch-norm statistics as the released code's do.
    pub compat: Compat,
    /// Learning rate of the weights.
    pub rate: Schedule,
    /// Momentum and weight decay of the weights.
    pub sgd: SgdConfig,
    /// Largest norm of the weights' gradient.
    pub clip: f64,
    /// The rule that moves the logits.
    pub logit_step: LogitStep,
    /// Learning rate of the logits.
    pub arch_rate: Schedule,
    /// Moments and weight decay of the logits, where Adam moves them.
    pub adam: AdamConfig,
    /// Epochs before the first logit step.
    pub warm_up: usize,
    /// What the supernet's cells keep for the backward pass.
    pub recompute: Recompute,
}

impl Default for BilevelConfig {
    /// DARTS on CIFAR-10: weights 0.025 to 0.001 by cosine, logits 3e-4, clip 5, no warm-up.
    fn default() -> Self {
        Self {
            order: Order::First,
            compat: Compat::Paper,
            rate: Schedule::Cosine { from: 0.025, to: 0.001 },
            sgd: SgdConfig::default(),
            clip: 5.0,
            logit_step: LogitStep::Adam,
            arch_rate: Schedule::Constant(3e-4),
            adam: AdamConfig::default(),
            warm_up: 0,
            recompute: Recompute::default(),
        }
    }
}

impl BilevelConfig {
    /// Refuses values that make no sense.
    ///
    /// # Errors
    /// [`SearchError::Config`], or [`SearchError::Train`] from an optimiser, naming the field.
    pub fn check(&self) -> Result<(), SearchError> {
        let refuse =
            |field, expected, found: String| Err(SearchError::Config { field, expected, found });
        if !self.rate.is_valid() {
            return refuse("rate", "finite rates of 0 or more", format!("{:?}", self.rate));
        }
        if self.clip.is_nan() || self.clip <= 0.0 {
            return refuse("clip", "a positive norm", self.clip.to_string());
        }
        if !self.arch_rate.is_valid() {
            let found = format!("{:?}", self.arch_rate);
            return refuse("arch_rate", "finite rates of 0 or more", found);
        }
        self.sgd.check()?;
        Ok(self.adam.check()?)
    }
}
