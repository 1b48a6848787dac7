//! Convolution, batch norm and rectifier as one operation.

use std::sync::OnceLock;

use candle_core::{DType, Tensor, Var};

use crate::conv::Geometry;
use crate::error::Result;
use crate::norm::{self, Record};
use crate::simd::InstructionSet;
use crate::{BatchNormSpec, ConvSpec, Statistics, batch_norm, conv2d, relu};
pub(crate) use op::Block;

mod op;
#[cfg(test)]
mod tests;

/// The parameters of [`conv2d_norm_relu`].
#[derive(Clone, Copy, Debug)]
pub struct ConvNorm<'a> {
    /// `[channels_out, channels_in / groups, kernel_height, kernel_width]`.
    pub weight: &'a Tensor,
    /// The steps of the convolution.
    pub conv: ConvSpec,
    /// Scale and shift of the norm, `[channels_out]` each.
    pub affine: (&'a Tensor, &'a Tensor),
    /// Running mean and variance, `[channels_out]` each.
    pub running: (&'a Var, &'a Var),
    /// The constants of the norm.
    pub norm: BatchNormSpec,
}

/// `relu(batch_norm(conv2d(x)))`, differentiable in `x`, the weight, scale and shift.
///
/// Shapes, results and gradients are those of [`conv2d`], [`batch_norm`] and [`relu`] one after the
/// other. On the CPU in `f32` it is one operation: what the norm puts out is not stored, and the
/// gradients of the three do not pass through tensors of their own.
///
/// # Errors
///
/// Those of the three.
pub fn conv2d_norm_relu(x: &Tensor, layer: ConvNorm<'_>, statistics: Statistics) -> Result<Tensor> {
    let ConvNorm { weight, conv, affine, running: (mean, variance), norm } = layer;
    if !x.device().is_cpu() || x.dtype() != DType::F32 {
        let z = conv2d(x, weight, conv)?;
        return relu(&batch_norm(&z, Some(affine), mean, variance, statistics, norm)?);
    }
    let block = layer.block(x, statistics)?;
    let watched = block.watched();
    let y = x.contiguous()?.apply_op3(&weight.contiguous()?, &layer.pairs()?, block)?;
    layer.update(&watched, statistics)?;
    Ok(y)
}

/// Moments of a batch, which the running statistics move towards.
pub(crate) struct Watched {
    record: Record,
    values: usize,
}

impl ConvNorm<'_> {
    /// The operation on an image like `x`, of `f32` on the CPU.
    pub(crate) fn block(&self, x: &Tensor, statistics: Statistics) -> Result<Block> {
        let Self { weight, conv, affine, running, norm } = *self;
        let geometry = Geometry::new(x, weight, conv)?;
        let sizes = norm::Geometry {
            batch: geometry.batch,
            channels: geometry.channels_out,
            plane: geometry.output_plane(),
        };
        sizes.check(x, Some(affine), [running.0, running.1], statistics, norm)?;
        let of_batch = statistics != Statistics::Freeze;
        Ok(Block {
            arch: InstructionSet::in_use()?,
            geometry,
            sizes,
            eps: norm.eps,
            of_batch,
            record: if of_batch { Record::default() } else { norm::frozen(running)? },
            sums: OnceLock::new(),
        })
    }

    /// The scales, then the shifts.
    pub(crate) fn pairs(&self) -> Result<Tensor> {
        Ok(Tensor::cat(&[self.affine.0, self.affine.1], 0)?)
    }

    /// Moves the running statistics towards those of the batch where `statistics` says so.
    pub(crate) fn update(&self, watched: &Watched, statistics: Statistics) -> Result<()> {
        let Watched { record, values } = watched;
        if let (Statistics::Update, Some(moments)) = (statistics, record.get()) {
            norm::update(self.running, moments, *values, self.norm.momentum)?;
        }
        Ok(())
    }
}
