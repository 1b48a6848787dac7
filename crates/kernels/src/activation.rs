//! The rectifier.

use candle_core::{CpuStorage, CustomOp1, Layout, Shape, Tensor, backend::BackendStorage};

use crate::check::Check;
use crate::error::Result;
use crate::float::{Float, with_float};
use crate::parallel::{TASK_ELEMENTS, map_blocks};
use crate::simd::InstructionSet;
use crate::{host, reference};

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
    Check(NAME).element_type(x)?;
    let arch = InstructionSet::in_use()?;
    Ok(x.contiguous()?.apply_op1(Rectifier { arch })?)
}

const NAME: &str = "relu";

struct Rectifier {
    arch: InstructionSet,
}

fn forward<T: Float>(arch: InstructionSet, x: &[T]) -> Vec<T> {
    let positive = |x: T| if x <= T::ZERO { T::ZERO } else { x };
    map_blocks(arch, x, x, TASK_ELEMENTS, |_| move |x, _| positive(x))
}

fn input_gradient<T: Float>(arch: InstructionSet, x: &[T], gradient: &[T]) -> Vec<T> {
    let pass = |x: T, gradient: T| if x <= T::ZERO { T::ZERO } else { gradient };
    map_blocks(arch, x, gradient, TASK_ELEMENTS, |_| pass)
}

fn backward<T: Float>(
    arch: InstructionSet,
    x: &Tensor,
    gradient: &Tensor,
) -> candle_core::Result<Option<Tensor>> {
    let gradient = gradient.contiguous()?;
    let (storage, layout) = x.storage_and_layout();
    let (gradient_storage, gradient_layout) = gradient.storage_and_layout();
    let data = host::tensor_elements::<T>(&storage, layout, NAME)?;
    let gradient = host::tensor_elements(&gradient_storage, gradient_layout, NAME)?;
    host::gradient(input_gradient(arch, data, gradient), x.shape()).map(Some)
}

impl CustomOp1 for Rectifier {
    fn name(&self) -> &'static str {
        NAME
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> candle_core::Result<(CpuStorage, Shape)> {
        with_float!(x.dtype(), NAME, T => {
            let x = host::elements::<T>(x, layout, NAME)?;
            Ok(host::output(forward(self.arch, x), layout.shape()))
        })
    }

    fn bwd(
        &self,
        x: &Tensor,
        _y: &Tensor,
        gradient: &Tensor,
    ) -> candle_core::Result<Option<Tensor>> {
        with_float!(x.dtype(), NAME, T => backward::<T>(self.arch, x, gradient))
    }
}
