//! Batch normalisation with an explicit statistics mode.

mod line;
mod moments;
mod op;
mod shards;
mod spec;
mod sums;

#[cfg(test)]
mod tests;

use std::sync::{Arc, OnceLock};

use candle_core::{DType, Device, Tensor, Var};

use crate::check::Check;
use crate::error::Result;
use crate::operation::Op;
use crate::reference;
use crate::simd::InstructionSet;
pub(crate) use line::{BackLine, Line, Totals};
pub(crate) use moments::{Moments, Sums, channel, of_batch};
pub(crate) use op::{Normalization, Record};
pub use shards::{Shards, batch_norm_sharded};
pub(crate) use spec::Geometry;
use spec::OP;
pub use spec::{BatchNormSpec, Statistics};

/// Batch normalisation over batch, height and width, differentiable in `x`, `gamma` and `beta`.
///
/// `x` is `[batch, channels, height, width]`; `affine` is `(gamma, beta)`, each `[channels]`;
/// `running_mean` and `running_var` are `[channels]`. Per channel
/// `y = gamma * (x - mean) / sqrt(variance + eps) + beta`, with mean and biased variance of the
/// batch, or the running ones under [`Statistics::Freeze`] (Ioffe and Szegedy 2015, algorithm 1).
/// Under [`Statistics::Update`] the running statistics move in place, with the unbiased batch
/// variance as in PyTorch: `running = (1 - momentum) * running + momentum * batch`. They are
/// touched only after everything else succeeded.
///
/// # Errors
///
/// [`TooFewValues`](crate::KernelError::TooFewValues) when batch statistics are asked of a single
/// value per channel, another [`KernelError`](crate::KernelError) when shapes, element types,
/// devices or constants do not fit, or candle fails.
pub fn batch_norm(
    x: &Tensor,
    affine: Option<(&Tensor, &Tensor)>,
    running_mean: &Var,
    running_var: &Var,
    statistics: Statistics,
    spec: BatchNormSpec,
) -> Result<Tensor> {
    let running = (running_mean, running_var);
    let geometry = Geometry::new(x, affine, running, statistics, spec)?;
    if !x.device().is_cpu() {
        return reference::batch_norm(x, affine, running_mean, running_var, statistics, spec);
    }
    let op = operation(x, geometry, running, statistics, spec.eps)?;
    let record = Arc::clone(&op.kernel.record);
    let x = x.contiguous()?;
    let y = match affine {
        Some((gamma, beta)) => x.apply_op3(&gamma.contiguous()?, &beta.contiguous()?, op)?,
        None => x.apply_op1(op)?,
    };
    if let (Statistics::Update, Some(moments)) = (statistics, record.get()) {
        update(running, moments, geometry.values(), spec.momentum)?;
    }
    Ok(y)
}

/// The normalisation of an image like `x`, which is on the CPU.
pub(crate) fn operation(
    x: &Tensor,
    geometry: Geometry,
    running: (&Var, &Var),
    statistics: Statistics,
    eps: f64,
) -> Result<Op<Normalization>> {
    Check(OP).element_type(x)?;
    let of_batch = statistics != Statistics::Freeze;
    let record = if of_batch { Record::default() } else { frozen(running)? };
    let kernel = Normalization { arch: InstructionSet::in_use()?, geometry, eps, of_batch, record };
    Ok(Op { name: OP, shape: x.shape().clone(), kernel })
}

/// The running statistics as moments.
pub(crate) fn frozen((mean, variance): (&Var, &Var)) -> Result<Record> {
    let mean = values(mean)?;
    let variance = values(variance)?;
    let moments = mean.into_iter().zip(variance);
    let moments: Vec<_> = moments.map(|(mean, variance)| Moments { mean, variance }).collect();
    Ok(Arc::new(OnceLock::from(moments)))
}

/// Moves the running statistics towards the batch.
pub(crate) fn update(
    (mean, variance): (&Var, &Var),
    batch: &[Moments],
    count: usize,
    momentum: f64,
) -> Result<()> {
    let blend = |running: Vec<f64>, batch: &dyn Fn(&Moments) -> f64, from: &[Moments]| {
        let pairs = running.into_iter().zip(from);
        pairs.map(|(old, new)| (1.0 - momentum) * old + momentum * batch(new)).collect::<Vec<f64>>()
    };
    let new_mean = blend(values(mean)?, &|moments| moments.mean, batch);
    let unbiased = |moments: &Moments| moments.unbiased_variance(count);
    let new_variance = blend(values(variance)?, &unbiased, batch);
    let new_mean = like(mean, new_mean)?;
    let new_variance = like(variance, new_variance)?;
    mean.set(&new_mean)?;
    variance.set(&new_variance)?;
    Ok(())
}

fn values(running: &Var) -> Result<Vec<f64>> {
    Ok(running.as_tensor().to_dtype(DType::F64)?.to_vec1()?)
}

fn like(running: &Var, values: Vec<f64>) -> Result<Tensor> {
    let values = Tensor::from_vec(values, running.shape(), &Device::Cpu)?;
    Ok(values.to_dtype(running.dtype())?.to_device(running.device())?)
}
