//! Dropout: single values are dropped.

use candle_core::Tensor;
use dartloom_kernels::Statistics;
use rand::{Rng, RngCore};

use crate::{OpError, Pass};

/// Zeroes each value of `x` with `probability`, and scales what stays.
///
/// `y = x m / (1 - p)` with `m ~ Bernoulli(1 - p)` for every value and `p = probability`
/// (Srivastava et al. 2014, scaled in training as in PyTorch). A probability of 0 returns `x`; with
/// 1 everything is dropped.
///
/// # Errors
/// When the tensor library fails.
pub fn dropout(x: &Tensor, probability: f64, noise: &mut dyn RngCore) -> Result<Tensor, OpError> {
    if probability <= 0.0 {
        return Ok(x.clone());
    }
    let keep = 1.0 - probability;
    let scale = if keep > 0.0 { 1.0 / keep } else { 0.0 };
    let drawn = |_| if noise.random::<f64>() < keep { scale } else { 0.0 };
    let factors: Vec<f64> = (0..x.elem_count()).map(drawn).collect();
    let factors = Tensor::from_vec(factors, x.shape(), x.device())?.to_dtype(x.dtype())?;
    Ok((x * factors)?)
}

/// Dropout in a pass: it acts where the pass trains, which is where running statistics move.
pub(crate) fn in_pass(
    x: &Tensor,
    probability: f64,
    pass: &mut Pass<'_>,
) -> Result<Tensor, OpError> {
    match pass.mode.statistics {
        Statistics::Update => dropout(x, probability, pass.noise),
        _ => Ok(x.clone()),
    }
}

#[cfg(test)]
mod tests;
