//! The relaxation of FairDARTS.

use candle_core::Tensor;
use rand::RngCore;
use serde::Serialize;

use crate::relaxation::check_table;
use crate::{Constraint, Progress, RelaxError, Relaxation, identity};

/// Weights that do not compete.
///
/// `w_o = 1 / (1 + exp(-a_o))` for each logit `a_o` (`logits`): Chu et al., *Fair DARTS*, ECCV
/// 2020, and equation 3 of Heuillet et al., *D-DARTS: Distributed Differentiable Architecture
/// Search*. Cost: one pass over the table.
///
/// # Differences from the paper
/// None.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Sigmoid;

impl Relaxation for Sigmoid {
    fn weights(
        &self,
        logits: &Tensor,
        _at: Progress,
        _noise: &mut dyn RngCore,
    ) -> Result<Tensor, RelaxError> {
        check_table(logits)?;
        Ok(candle_nn::ops::sigmoid(logits)?)
    }

    fn constraint(&self) -> Constraint {
        Constraint::UnitInterval
    }

    /// Zeros, weights of one half, as in the released FairDARTS and D-DARTS code.
    fn initial(&self, rows: usize, candidates: usize, _noise: &mut dyn RngCore) -> Vec<f32> {
        vec![0.0; rows * candidates]
    }

    fn identity(&self) -> Option<String> {
        identity::of("Sigmoid", self)
    }
}

#[cfg(test)]
mod tests;
