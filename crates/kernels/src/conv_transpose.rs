//! Transposed convolution: the adjoint of [`conv2d`](crate::conv2d) as an operation of its own.

use candle_core::Tensor;

use crate::check::Check;
use crate::error::Result;
use crate::operation::Op;
use crate::reference;
use crate::simd::InstructionSet;
pub use geometry::ConvTransposeSpec;
pub(crate) use geometry::Transposed;
pub(crate) use op::Transposition;

mod geometry;
mod op;
#[cfg(test)]
mod tests;
mod tiles;

/// Transposed convolution, differentiable in `x`, `weight` and `bias`.
///
/// `x` is `[batch, channels_in, height, width]`, `weight`
/// `[channels_in, channels_out / groups, kernel_height, kernel_width]`, `bias` `[channels_out]`,
/// the result `[batch, channels_out, rows, columns]` with the size of
/// [`ConvTransposeSpec::output_size`]: every input `x[n, c, i, j]` adds
/// `weight[c, o, u, v] x[n, c, i, j]` at row `i stride - padding + u dilation` and column
/// `j stride - padding + v dilation` of each channel `o` of its group, where these exist, and the
/// bias is added to all of them. It is the input gradient of [`conv2d`](crate::conv2d) with the
/// same weight, and PyTorch's `ConvTranspose2d`.
///
/// On the CPU, in `f32` or `f64`, own kernels run; where the kernel is as large as the stride,
/// as in U-Nets (Ronneberger et al. 2015), windows do not meet, and nothing is added up. The
/// result does not depend on the number of threads. Elsewhere [`reference::conv_transpose2d`] runs.
///
/// # Errors
///
/// A [`KernelError`](crate::KernelError) when shapes, element types or devices do not fit, or
/// candle fails.
pub fn conv_transpose2d(
    x: &Tensor,
    weight: &Tensor,
    bias: Option<&Tensor>,
    spec: ConvTransposeSpec,
) -> Result<Tensor> {
    let transposed = Transposed::new(x, weight, bias, spec)?;
    if !x.device().is_cpu() {
        return reference::conv_transpose2d(x, weight, bias, spec);
    }
    let op = operation(x, transposed)?;
    let x = x.contiguous()?;
    let weight = weight.contiguous()?;
    Ok(match bias {
        Some(bias) => x.apply_op3(&weight, &bias.contiguous()?, op)?,
        None => x.apply_op2(&weight, op)?,
    })
}

/// The transposed convolution of an image like `x`, which is on the CPU.
pub(crate) fn operation(x: &Tensor, transposed: Transposed) -> Result<Op<Transposition>> {
    Check(geometry::OP).element_type(x)?;
    let kernel = Transposition { arch: InstructionSet::in_use()?, transposed };
    Ok(Op { name: geometry::OP, shape: transposed.shape().into(), kernel })
}
