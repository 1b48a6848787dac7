//! The rectifier.

use candle_core::Tensor;

use crate::check::Check;
use crate::error::Result;
use crate::float::Float;
use crate::operation::{Kernel, Op, Unary};
use crate::parallel::{TASK_ELEMENTS, map_blocks};
use crate::reference;
use crate::simd::InstructionSet;

#[cfg(test)]
mod tests;

/// The rectifier `y = max(x, 0)` of a tensor of any shape, differentiable in `x`.
///
/// The gradient at exactly 0 is 0 (candle's own rectifier passes it), and a NaN stays a NaN,
/// both as in PyTorch.
///
/// # Errors
///
/// [`UnsupportedElementType`](crate::KernelError::UnsupportedElementType) for a CPU tensor that is
/// neither `f32` nor `f64`, else what candle reports.
pub fn relu(x: &Tensor) -> Result<Tensor> {
    if !x.device().is_cpu() {
        return reference::relu(x);
    }
    Ok(x.contiguous()?.apply_op1(operation(x)?)?)
}

/// The rectifier of a tensor like `x`, which is on the CPU.
pub(crate) fn operation(x: &Tensor) -> Result<Op<Unary<Rectifier>>> {
    Check(NAME).element_type(x)?;
    let kernel = Rectifier { arch: InstructionSet::in_use()? };
    Ok(Op { name: NAME, shape: x.shape().clone(), kernel: Unary(kernel) })
}

const NAME: &str = "relu";

pub(crate) struct Rectifier {
    arch: InstructionSet,
}

impl<T: Float> Kernel<T> for Rectifier {
    fn forward(&self, x: &[T]) -> Vec<T> {
        let positive = |x: T| if x <= T::ZERO { T::ZERO } else { x };
        map_blocks(self.arch, x, x, TASK_ELEMENTS, |_| move |x, _| positive(x))
    }

    fn backward(&self, x: &[T], gradient: &[T]) -> Vec<T> {
        let pass = |x: T, gradient: T| if x <= T::ZERO { T::ZERO } else { gradient };
        map_blocks(self.arch, x, gradient, TASK_ELEMENTS, |_| pass)
    }
}
