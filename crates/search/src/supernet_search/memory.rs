//! The memory of a search.

use dartloom_space::Genotype;
use dartloom_train::Evaluation;
use serde::{Deserialize, Serialize};

use crate::StepReport;
use crate::prune::Pruning;
use crate::stop::{Observed, Stopped};

/// The memory of a search besides its tensors, saved with them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Memory {
    /// Sums over the current epoch, so that a stop in its middle loses nothing.
    pub(super) running: Running,
    /// The best epoch so far.
    pub(super) best: Option<BestEpoch>,
    /// The input of rules: epochs in which the logits moved. It is empty if there is no rule.
    #[serde(default)]
    pub(super) history: Vec<Observed>,
    /// The rule that ended the search.
    #[serde(default)]
    pub(super) stopped: Option<Stopped>,
    /// The remaining candidates, if some may have been removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) pruning: Option<Pruning>,
}

/// The architecture of the epoch with the best validation score (the first of equals).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BestEpoch {
    /// The epoch, from 0.
    pub epoch: usize,
    /// Score of the supernet on the validation images: the one that the task selects by.
    pub score: f64,
    /// The architecture decoded at its end.
    pub genotype: Genotype,
}

impl Memory {
    /// Notes an epoch that is better than all before, of those from `from` on. A score that is not
    /// finite is none: a file has no number for it.
    pub(super) fn note(
        &mut self,
        from: usize,
        epoch: usize,
        valid: &Evaluation,
        genotype: &Genotype,
    ) {
        let score = valid.score();
        let best = self.best.as_ref().map_or(f64::NAN, |best| best.score);
        if epoch >= from && score.is_finite() && valid.objective.better(score, best) {
            self.best = Some(BestEpoch { epoch, score, genotype: genotype.clone() });
        }
    }
}

/// Sums over the steps of an epoch.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Running {
    train_loss: f64,
    arch_loss: f64,
    steps: usize,
    arch_steps: usize,
    /// The contributions of cells, if they are measured.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    contributions: Vec<f64>,
}

impl Running {
    /// Adds a step.
    pub(super) fn add(&mut self, report: &StepReport) {
        self.train_loss += report.train_loss();
        self.steps += 1;
        if let Some(loss) = report.arch_loss() {
            self.arch_loss += loss;
            self.arch_steps += 1;
        }
        if let Some(ablation) = &report.ablation {
            let sums = &mut self.contributions;
            sums.resize(ablation.marginal.len(), 0.0);
            sums.iter_mut().zip(&ablation.marginal).for_each(|(sum, marginal)| *sum += marginal);
        }
    }

    /// Mean training loss.
    pub(super) fn train_loss(&self) -> f64 {
        self.train_loss / self.steps.max(1) as f64
    }

    /// Mean loss of the logits' steps, if there were any.
    pub(super) fn arch_loss(&self) -> Option<f64> {
        (self.arch_steps > 0).then(|| self.arch_loss / self.arch_steps as f64)
    }

    /// Mean contributions by cell, if they were measured.
    pub(super) fn contributions(&self) -> impl Iterator<Item = f64> {
        self.contributions.iter().map(|sum| sum / self.arch_steps.max(1) as f64)
    }
}
