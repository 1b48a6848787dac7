//! The relaxation of DARTS.

use candle_core::{D, Tensor};
use rand::RngCore;
use serde::Serialize;

use crate::relaxation::check_table;
use crate::{Progress, RelaxError, Relaxation, identity};

/// Weights that compete for a sum of 1.
///
/// `w_o = exp(a_o / T) / sum_o' exp(a_o' / T)` for the logits `a` of one row (`logits`) and the
/// temperature `T` (1 unless said otherwise): equation 2 of Liu, Simonyan and Yang, *DARTS:
/// Differentiable Architecture Search*, ICLR 2019. Adding a constant to a row changes nothing.
/// Cost: one pass over the table.
///
/// # Differences from the paper
/// The paper has no temperature; 1 has no effect.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Softmax {
    temperature: f64,
}

impl Default for Softmax {
    /// Temperature 1.
    fn default() -> Self {
        Self { temperature: 1.0 }
    }
}

impl Softmax {
    /// A softmax that is sharper below and flatter above temperature 1.
    ///
    /// # Errors
    /// [`RelaxError::Temperature`] unless `temperature` is positive and finite.
    pub fn new(temperature: f64) -> Result<Self, RelaxError> {
        if temperature.is_finite() && temperature > 0.0 {
            Ok(Self { temperature })
        } else {
            Err(RelaxError::Temperature { found: temperature })
        }
    }

    /// The temperature.
    pub fn temperature(&self) -> f64 {
        self.temperature
    }
}

impl Relaxation for Softmax {
    fn weights(
        &self,
        logits: &Tensor,
        _at: Progress,
        _noise: &mut dyn RngCore,
    ) -> Result<Tensor, RelaxError> {
        check_table(logits)?;
        // The shift by the maximum cancels, in value and in gradient; detached, it costs nothing.
        let shifted = logits.broadcast_sub(&logits.max_keepdim(D::Minus1)?.detach())?;
        let powers = shifted.affine(1.0 / self.temperature, 0.0)?.exp()?;
        Ok(powers.broadcast_div(&powers.sum_keepdim(D::Minus1)?)?)
    }

    fn identity(&self) -> Option<String> {
        identity::of("Softmax", self)
    }
}

#[cfg(test)]
mod tests;
