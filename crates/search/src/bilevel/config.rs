//! Constants of a bilevel search.

use std::collections::BTreeMap;

use dartloom_net::Mask;
use dartloom_net::memory::{Training, Workload};
use dartloom_ops::Recompute;
use dartloom_train::{AdamConfig, Schedule, SgdConfig, WeightStep};
use serde::{Deserialize, Serialize};

use super::{AblationConfig, Bookkeeping, LogitOptimiser, LogitStep};
use crate::{Architecture, SearchError};

/// The treatment of the weights' dependence on the logits in the logits' gradient.
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

/// Running statistics of batch norms in passes that only serve the logits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Statistics {
    /// They stay as they are: only the weights' own pass moves them.
    #[default]
    Kept,
    /// They move, as in the released code of DARTS and its successors.
    Moved,
}

/// The rule that moves the logits of one cell.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CellRule {
    /// Learning rate.
    pub rate: Schedule,
    /// Moments and weight decay, if Adam moves them; those of DARTS when left out.
    #[serde(default = "AdamConfig::darts_logits")]
    pub adam: AdamConfig,
}

/// The rules that move weights and logits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BilevelConfig {
    /// First or second order.
    pub order: Order,
    /// The running statistics in passes for the logits.
    pub statistics: Statistics,
    /// Learning rate of the weights.
    pub rate: Schedule,
    /// The rule that moves the weights; not written where it is momentum SGD.
    #[serde(skip_serializing_if = "WeightStep::is_sgd")]
    pub weight_step: WeightStep,
    /// Momentum and weight decay of the weights, if SGD moves them.
    pub sgd: SgdConfig,
    /// Moments and weight decay of the weights, if Adam moves them; not written where they are the
    /// usual ones.
    #[serde(skip_serializing_if = "AdamConfig::is_default")]
    pub weight_adam: AdamConfig,
    /// Largest norm of the weights' gradient.
    pub clip: f64,
    /// The rule that moves the logits.
    pub logit_step: LogitStep,
    /// Learning rate of the logits.
    pub arch_rate: Schedule,
    /// Moments and weight decay of the logits, if Adam moves them.
    pub adam: AdamConfig,
    /// Rates and moments of single cells' logits, by name, in place of the common ones.
    pub cells: BTreeMap<String, CellRule>,
    /// Terms for the contributions of cells, if any (D-DARTS).
    pub ablation: Option<AblationConfig>,
    /// The way from the losses of several cells to their logits (D-DARTS).
    pub bookkeeping: Bookkeeping,
    /// Epochs before the first logit step.
    pub warm_up: usize,
    /// The channels that operations see, if they see only some of them (PC-DARTS).
    pub mask: Mask,
    /// The values that the supernet's cells keep for the backward pass.
    pub recompute: Recompute,
}

impl Default for BilevelConfig {
    /// DARTS on CIFAR-10: weights 0.025 to 0.001 by cosine, logits 3e-4, clip 5, no warm-up.
    fn default() -> Self {
        Self {
            order: Order::First,
            statistics: Statistics::Kept,
            rate: Schedule::Cosine { from: 0.025, to: 0.001 },
            weight_step: WeightStep::Sgd,
            sgd: SgdConfig::default(),
            weight_adam: AdamConfig::default(),
            clip: 5.0,
            logit_step: LogitStep::Adam,
            arch_rate: Schedule::Constant(3e-4),
            adam: AdamConfig::darts_logits(),
            cells: BTreeMap::new(),
            ablation: None,
            bookkeeping: Bookkeeping::Isolated,
            warm_up: 0,
            mask: Mask::First,
            recompute: Recompute::default(),
        }
    }
}

impl BilevelConfig {
    /// `true` if a cell's logits follow more than one loss for all.
    pub(super) fn has_cell_losses(&self) -> bool {
        self.ablation.is_some() || self.bookkeeping == Bookkeeping::Leaking
    }

    /// The memory workload of a step on batches of `batch` images with `logits` logits, on
    /// `threads` threads.
    pub fn workload(&self, batch: usize, logits: u64, threads: usize) -> Workload {
        let own = Training {
            moments: self.weight_step.moments(),
            // The weights before, and the gradient or the direction of the step ahead.
            copies: if self.order == Order::Second { 2 } else { 0 },
            batches: if self.order == Order::Joint { 1 } else { 2 },
            logits,
            logit_moments: if self.logit_step == LogitStep::Adam { 2 } else { 0 },
            ..Training::default()
        };
        Workload {
            execution: self.recompute.into(),
            threads,
            training: Some(own),
            drawn_channels: self.mask == Mask::Random,
            ..Workload::training(batch)
        }
    }

    /// The rules that move the logits of `architecture`, with which these rules have been checked.
    pub(crate) fn logits(
        &self,
        architecture: &Architecture,
    ) -> Result<LogitOptimiser, SearchError> {
        self.check()?;
        if let Some(ablation) = &self.ablation {
            ablation.removal.check(architecture)?;
        }
        LogitOptimiser::new(self, architecture)
    }

    /// Refuses invalid values.
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
        for (name, rule) in &self.cells {
            if !rule.rate.is_valid() {
                let found = format!("{:?} for `{name}`", rule.rate);
                return refuse("cells", "finite rates of 0 or more", found);
            }
            let adam = rule.adam.check().map_err(SearchError::from);
            adam.map_err(|error| error.within(format!("cells.{name}.adam")))?;
        }
        if self.has_cell_losses() && self.order != Order::First {
            let found = format!("{:?}", self.order);
            return refuse("order", "`First` where cells have losses of their own", found);
        }
        if let Some(ablation) = &self.ablation {
            ablation.check()?;
        }
        let sgd = self.sgd.check().map_err(SearchError::from);
        sgd.map_err(|error| error.within("sgd"))?;
        let weights = self.weight_adam.check().map_err(SearchError::from);
        weights.map_err(|error| error.within("weight_adam"))?;
        let adam = self.adam.check().map_err(SearchError::from);
        adam.map_err(|error| error.within("adam"))
    }
}
