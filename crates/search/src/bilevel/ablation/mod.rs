//! The contribution of each cell, and the loss made from it (D-DARTS).

mod gradient;
mod removal;

use candle_core::Tensor;
use dartloom_data::Batch;
use dartloom_net::Replaced;
use dartloom_space::{ArchWeights, CellId, CellWeights};
use dartloom_train::MeanLoss;
use serde::{Deserialize, Serialize};

pub use removal::Removal;

use self::gradient::{quotient, scaled};
use super::core::{loss_of, scalar};
use super::per_cell::Validation;
use super::{Core, PassSpec, PerCell, Purpose, Step, Wanted};
use crate::{LogitGradients, SearchError};

/// The ablation loss of D-DARTS (Heuillet et al., equations 7, 8 and 10).
///
/// ```text
/// M_i    = L_CE(C) - L_CE(C without cell i)                      marginal contribution
/// L_AB^i = (M_i - mean M) / mean M,  0 where mean M = 0
/// L_T^i  = L_CE + w01 L_01 + sign weight L_AB^i                  loss of the logits of cell i
/// ```
///
/// It costs one more forward pass per cell and step, with [`AblationGradient::Full`] a backward
/// pass as well. One graph is alive at a time, so that memory does not grow with the cells.
///
/// # Differences from the paper
/// Equation 10 adds the term, which for useful cells (`M < 0`) punishes those that contribute most;
/// the released code subtracts it, and so does this by default: see [`sign`](Self::sign). In the
/// released code the term is a constant and moves nothing ([`AblationGradient::Zero`]), and a
/// removed cell is a random one ([`Removal::Noise`]).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AblationConfig {
    /// The weight of the term, `w_AB`.
    pub weight: f64,
    /// The sign of the term.
    pub sign: AblationSign,
    /// The part of its gradient that is computed.
    pub gradient: AblationGradient,
    /// The substitute for a removed cell.
    pub removal: Removal,
    /// The places of a removed cell, if it stands at several.
    pub places: Places,
    /// The number of passes of the whole network.
    pub whole: Whole,
}

impl Default for AblationConfig {
    /// The paper's weight, 0.5, the sign of the released code, a gradient, and cells that are
    /// removed.
    fn default() -> Self {
        Self {
            weight: 0.5,
            sign: AblationSign::Subtracted,
            gradient: AblationGradient::Scaled,
            removal: Removal::Identity,
            places: Places::All,
            whole: Whole::Once,
        }
    }
}

/// The sign of the ablation loss in the loss of a cell's logits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum AblationSign {
    /// Equation 10, which punishes cells that help.
    Added,
    /// The released code: cells that help are helped.
    #[default]
    Subtracted,
}

/// The places that a removed cell leaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Places {
    /// All at which it stands.
    #[default]
    All,
    /// The first alone, as in the released code.
    First,
}

/// Passes of the whole network in a step that removes cells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Whole {
    /// The one that gives the gradient.
    #[default]
    Once,
    /// One more, as in the released code: batch norms see it where their statistics move.
    Twice,
}

/// The part of the gradient of the ablation loss that is computed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum AblationGradient {
    /// None: the contributions are measured and reported, and move no logits, as in the released
    /// code. In text it was once called `Official`.
    #[serde(alias = "Official")]
    Zero,
    /// `grad L_CE / mean M`: the mean is held constant, and a loss without the cell does not
    /// depend on its logits. Costs forward passes alone.
    #[default]
    Scaled,
    /// All of it, the quotient rule over every cell's contribution. Costs forward and backward
    /// passes.
    Full,
}

/// The ablation loss at a step.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ablation {
    /// Cross-entropy with all cells.
    pub whole: f64,
    /// `M_i` by cell in the space's order.
    pub marginal: Vec<f64>,
    /// `L_AB^i` by cell.
    pub losses: Vec<f64>,
}

impl AblationConfig {
    pub(super) fn check(&self) -> Result<(), SearchError> {
        if self.weight.is_finite() && self.weight >= 0.0 {
            return Ok(());
        }
        Err(SearchError::Config {
            field: "ablation.weight",
            expected: "a finite number of 0 or more",
            found: self.weight.to_string(),
        })
    }

    /// The weight with its sign.
    pub fn signed(&self) -> f64 {
        match self.sign {
            AblationSign::Added => self.weight,
            AblationSign::Subtracted => -self.weight,
        }
    }

    /// Extra passes of a step over `cells` cells, in forward passes' worth. The whole network's
    /// second pass is not counted.
    pub(crate) fn passes(&self, cells: u64) -> u64 {
        match self.gradient {
            AblationGradient::Full => 3 * cells,
            AblationGradient::Zero | AblationGradient::Scaled => cells,
        }
    }
}

/// `L_AB^i = (M_i - mean M) / mean M` of all `marginal` contributions; zeros where their mean is
/// exactly zero (D-DARTS, equation 8).
pub fn ablation_losses(marginal: &[f64]) -> Vec<f64> {
    let mean = mean(marginal);
    let loss = |m: &f64| if mean.abs() <= 0.0 { 0.0 } else { (m - mean) / mean };
    marginal.iter().map(loss).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

impl PerCell {
    /// Measures the contributions of cells on `valid`, and the gradient of their ablation losses,
    /// each with respect to its own cell's logits and times the signed weight.
    pub(super) fn ablate(
        &self,
        core: &Core<'_>,
        step: Step,
        valid: &Batch,
        (config, whole): (&AblationConfig, &Validation),
    ) -> Result<(Ablation, LogitGradients), SearchError> {
        let weights = core.weights(step)?.map(Tensor::detach);
        if config.whole == Whole::Twice {
            let pass = PassSpec::new(Purpose::Whole, core.logit_mode(), Wanted::Logits);
            core.begin(pass.purpose);
            core.run(step, &valid.inputs, &weights, pass, None)?;
            core.end(pass.purpose);
        }
        let cells = core.architecture.cells().len();
        let full = config.gradient == AblationGradient::Full;
        let mut without = Vec::with_capacity(cells);
        let mut gradients = Vec::new();
        for cell in 0..cells {
            let removed =
                self.removed_cell(core, step, cell, (&weights.cells[cell], config.removal))?;
            let relaxed = if full { core.weights(step)? } else { weights.clone() };
            let purpose = Purpose::Without(CellId(cell));
            let pass = PassSpec::new(purpose, core.logit_mode(), Wanted::Logits);
            core.begin(purpose);
            let loss = Without { core, step, cell, removed, places: config.places }
                .loss(valid, relaxed, pass)?;
            if full {
                let learnt = core.backward(step, loss, pass, || None)?;
                without.push(learnt.loss);
                gradients.push(learnt.found.logits);
            } else {
                let found =
                    core.guard(step.at).check(&loss_of(purpose), scalar(&loss.mean)?, || None)?;
                without.push(found);
            }
            core.end(purpose);
        }
        let marginal: Vec<f64> = without.iter().map(|loss| whole.loss - loss).collect();
        let losses = ablation_losses(&marginal);
        let gradient = match config.gradient {
            AblationGradient::Zero => LogitGradients::default(),
            AblationGradient::Scaled => scaled(&marginal, whole, config.signed())?,
            AblationGradient::Full => quotient(&marginal, whole, &gradients, config.signed())?,
        };
        Ok((Ablation { whole: whole.loss, marginal, losses }, gradient))
    }
}

/// A network that lacks a cell.
struct Without<'a> {
    core: &'a Core<'a>,
    step: Step,
    cell: usize,
    /// The weights that replace the cell's.
    removed: CellWeights<Tensor>,
    places: Places,
}

impl Without<'_> {
    /// The loss.
    fn loss(
        self,
        valid: &Batch,
        mut weights: ArchWeights<Tensor>,
        pass: PassSpec,
    ) -> Result<MeanLoss, SearchError> {
        let Self { core, step, cell, removed, places } = self;
        let place = core.supernet.first_place(cell);
        let replaced = match (places, place) {
            (Places::First, Some(place)) => Some(Replaced { place, weights: removed }),
            _ => {
                weights.cells[cell] = removed;
                None
            }
        };
        let logits = core.run(step, &valid.inputs, &weights, pass, replaced)?;
        core.task_loss(&logits, valid)
    }
}

#[cfg(test)]
mod tests;
