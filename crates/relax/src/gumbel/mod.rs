//! Weights drawn at random, differentiably.

use candle_core::{D, DType, Tensor};
use rand::RngCore;
use rand_distr::{Distribution, Open01};
use serde::Serialize;

use crate::relaxation::check_table;
use crate::{Constraint, Progress, Ramp, RelaxError, Relaxation, Simplex, Softmax, identity};

/// Gumbel-softmax: every pass draws its weights around the choice that the logits prefer.
///
/// ```text
/// u_o = a_o + g_o              g_o drawn from Gumbel(0, 1), -ln(-ln U) with U uniform in (0, 1)
/// y   = softmax(u / T)
/// w   = y                                                       soft
/// w   = onehot(argmax_o u_o), with the gradient of y            hard (straight-through)
/// ```
///
/// for one row of logits `a` (`logits`) and the temperature `T` (`temperature` in the epoch that
/// runs). With [`Gumbel::on_simplex`] the parameters `theta` live on the simplex and `a = ln
/// theta`: then `P(argmax u = o) = theta_o`. Jang, Gu and Poole, *Categorical Reparameterization
/// with Gumbel-Softmax*, ICLR 2017; hard with `T` from 10 to 0.1 it is the relaxation of GDAS (Dong
/// and Yang, CVPR 2019), on the simplex that of EGDAS (Li et al., *Geometry-Aware Gradient
/// Algorithms*, ICLR 2021). Numbers are drawn row after row from the caller's generator, one per
/// logit, and nothing else is random.
///
/// # Differences from the paper
/// None. The released EGDAS code draws again when a number is not finite; the draws here are. A
/// parameter of 0 counts as the smallest positive number of its type.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Gumbel {
    temperature: Ramp,
    hard: bool,
    simplex: bool,
}

impl Gumbel {
    /// One candidate per row, temperature from 10 to 0.1 (GDAS).
    pub const fn gdas() -> Self {
        Self { temperature: Ramp::new(10.0, 0.1), hard: true, simplex: false }
    }

    /// As [`Gumbel::gdas`] with parameters on the simplex (EGDAS).
    pub const fn egdas() -> Self {
        Self::gdas().on_simplex()
    }

    /// Soft weights at the given temperatures.
    pub const fn soft(temperature: Ramp) -> Self {
        Self { temperature, hard: false, simplex: false }
    }

    /// One-hot weights at the given temperatures, with the gradient of the soft ones.
    pub const fn hard(temperature: Ramp) -> Self {
        Self { temperature, hard: true, simplex: false }
    }

    /// The same with parameters that live on the simplex.
    #[must_use]
    pub const fn on_simplex(self) -> Self {
        Self { simplex: true, ..self }
    }

    fn drawn(&self, logits: &Tensor, noise: &mut dyn RngCore) -> Result<Tensor, RelaxError> {
        let draw = |_| -> f64 {
            // The interval is open: both logarithms are finite.
            let uniform: f64 = Open01.sample(&mut *noise);
            -(-uniform.ln()).ln()
        };
        let draws: Vec<f64> = (0..logits.elem_count()).map(draw).collect();
        let draws = Tensor::from_vec(draws, logits.shape(), logits.device())?;
        let logs = if self.simplex { log(logits)? } else { logits.clone() };
        Ok(logs.add(&draws.to_dtype(logits.dtype())?)?)
    }
}

/// The logarithm; for 0 that of the smallest positive number.
fn log(theta: &Tensor) -> Result<Tensor, RelaxError> {
    let least = match theta.dtype() {
        DType::F64 => f64::MIN_POSITIVE,
        _ => f64::from(f32::MIN_POSITIVE),
    };
    Ok(theta.maximum(least)?.log()?)
}

impl Relaxation for Gumbel {
    /// # Errors
    /// [`RelaxError::Temperature`] when the ramp leads to a temperature that is not positive.
    fn weights(
        &self,
        logits: &Tensor,
        at: Progress,
        noise: &mut dyn RngCore,
    ) -> Result<Tensor, RelaxError> {
        let (_, candidates) = check_table(logits)?;
        let softmax = Softmax::new(self.temperature.at(at))?;
        let drawn = self.drawn(logits, noise)?;
        let soft = softmax.weights(&drawn, at, noise)?;
        if !self.hard {
            return Ok(soft);
        }
        let chosen: Vec<u32> = drawn.detach().argmax(D::Minus1)?.to_vec1()?;
        let mut flat = vec![0.0_f64; drawn.elem_count()];
        for (row, &column) in chosen.iter().enumerate() {
            flat[row * candidates + column as usize] = 1.0;
        }
        let hard = Tensor::from_vec(flat, logits.shape(), logits.device())?;
        // The difference is 0 to the last bit and carries the gradient.
        Ok(hard.to_dtype(logits.dtype())?.add(&soft.sub(&soft.detach())?)?)
    }

    fn domain(&self) -> Constraint {
        if self.simplex { Constraint::Simplex } else { Constraint::Free }
    }

    fn initial(&self, rows: usize, candidates: usize, noise: &mut dyn RngCore) -> Vec<f32> {
        if self.simplex {
            Simplex.initial(rows, candidates, noise)
        } else {
            Softmax::default().initial(rows, candidates, noise)
        }
    }

    fn identity(&self) -> Option<String> {
        identity::of("Gumbel", self)
    }
}

#[cfg(test)]
mod tests;
