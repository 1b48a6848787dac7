//! Weights between softmax and sparsemax.

use candle_core::Tensor;
use rand::RngCore;
use serde::Serialize;

use crate::projection::{entmax, entmax_one_and_a_half, projected, sparsemax};
use crate::{Progress, RelaxError, Relaxation, Softmax, identity};

/// Weights that compete for a sum of 1 and reach zero, the later the smaller `alpha` is.
///
/// For the logits `a` of one row (`logits`) and the order `alpha`,
///
/// ```text
/// w   = argmax_p  p a + H(p)        over the simplex
/// H(p) = sum_o (p_o - p_o^alpha) / (alpha (alpha - 1))
/// w_o = max((alpha - 1) a_o - t, 0)^(1 / (alpha - 1))     with t such that the row sums to 1
/// ```
///
/// Order 1 is softmax, order 2 sparsemax. With `s_o = w_o^(2 - alpha)` where `w_o > 0` and 0
/// elsewhere, `dw_i / da_j = s_i [i = j] - s_i s_j / sum(s)`. Peters, Niculae and Martins, *Sparse
/// Sequence-to-Sequence Models*, ACL 2019. Orders 1.5 and 2
/// are computed by sorting, others by halving the interval of `t` 64 times, all on the host in
/// double precision. Shape and dtype are those of the logits.
///
/// # Differences from the paper
/// Orders above 2 are refused: their gradient is unbounded where a weight reaches zero.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Entmax {
    alpha: f64,
}

impl Default for Entmax {
    /// Order 1.5, the paper's choice.
    fn default() -> Self {
        Self { alpha: 1.5 }
    }
}

impl Entmax {
    /// An entmax of order `alpha`, 1 to 2.
    ///
    /// # Errors
    /// [`RelaxError::Parameter`] for another order.
    pub fn new(alpha: f64) -> Result<Self, RelaxError> {
        if (1.0..=2.0).contains(&alpha) {
            return Ok(Self { alpha });
        }
        Err(RelaxError::Parameter { name: "alpha", expected: "an order from 1 to 2", found: alpha })
    }

    /// The order.
    pub fn alpha(&self) -> f64 {
        self.alpha
    }
}

impl Relaxation for Entmax {
    fn weights(
        &self,
        logits: &Tensor,
        at: Progress,
        noise: &mut dyn RngCore,
    ) -> Result<Tensor, RelaxError> {
        let is = |order: f64| (self.alpha - order).abs() < f64::EPSILON;
        if is(1.0) {
            return Softmax::default().weights(logits, at, noise);
        }
        if is(1.5) {
            return projected(logits, 1.5, entmax_one_and_a_half);
        }
        if is(2.0) {
            return projected(logits, 2.0, sparsemax);
        }
        projected(logits, self.alpha, |row| entmax(row, self.alpha))
    }

    fn identity(&self) -> Option<String> {
        identity::of("Entmax", self)
    }
}

#[cfg(test)]
mod tests;
