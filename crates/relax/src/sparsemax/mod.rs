//! Weights with exact zeros.

use candle_core::Tensor;
use rand::RngCore;
use serde::Serialize;

use crate::projection::{projected, sparsemax};
use crate::{Progress, RelaxError, Relaxation, identity};

/// The nearest point of the simplex: weights that compete for a sum of 1 and reach zero.
///
/// `w = argmin_p ||p - a||^2` over the simplex for the logits `a` of one row (`logits`), which is
/// `w_o = max(a_o - t, 0)` with the threshold `t` at which the row sums to 1. The gradient of the
/// weights is `dw_i / da_j = [i = j] - 1 / |S|` for `i` and `j` in the support
/// `S = {o : w_o > 0}`, and 0 elsewhere. Martins and Astudillo, *From Softmax to Sparsemax*, ICML
/// 2016. Shape and dtype are those of the logits; adding a constant to a row changes nothing.
/// Cost: sorting each row, on the host.
///
/// A candidate of weight zero gets no gradient and does not come back by gradients of its row
/// alone; those of the others move the threshold.
///
/// # Differences from the paper
/// None; the paper is not about architecture search. A row with a logit that is not finite gives
/// weights that are not finite.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Sparsemax;

impl Relaxation for Sparsemax {
    fn weights(
        &self,
        logits: &Tensor,
        _at: Progress,
        _noise: &mut dyn RngCore,
    ) -> Result<Tensor, RelaxError> {
        projected(logits, 2.0, sparsemax)
    }

    fn identity(&self) -> Option<String> {
        identity::of("Sparsemax", self)
    }
}

#[cfg(test)]
mod tests;
