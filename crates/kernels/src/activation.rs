//! The rectifier.

use candle_core::{CpuStorage, CustomOp1, Layout, Shape, Tensor, backend::BackendStorage};
use rayon::prelude::*;

use crate::check::Check;
use crate::error::Result;
use crate::float::{Float, with_float};
use crate::parallel::TASK_ELEMENTS;
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
    Ok(x.contiguous()?.apply_op1(Rectifier)?)
}

const NAME: &str = "relu";

struct Rectifier;

fn forward<T: Float>(x: &[T]) -> Vec<T> {
    let mut y = vec![T::ZERO; x.len()];
    y.par_chunks_mut(TASK_ELEMENTS).zip(x.par_chunks(TASK_ELEMENTS)).for_each(|(y, x)| {
        for (y, x) in y.iter_mut().zip(x) {
            *y = if *x <= T::ZERO { T::ZERO } else { *x };
        }
    });
    y
}

fn input_gradient<T: Float>(x: &[T], gradient: &[T]) -> Vec<T> {
    let mut dx = vec![T::ZERO; x.len()];
    dx.par_chunks_mut(TASK_ELEMENTS)
        .zip(x.par_chunks(TASK_ELEMENTS))
        .zip(gradient.par_chunks(TASK_ELEMENTS))
        .for_each(|((dx, x), gradient)| {
            for ((dx, x), gradient) in dx.iter_mut().zip(x).zip(gradient) {
                *dx = if *x <= T::ZERO { T::ZERO } else { *gradient };
            }
        });
    dx
}

fn backward<T: Float>(x: &Tensor, gradient: &Tensor) -> candle_core::Result<Option<Tensor>> {
    let gradient = gradient.contiguous()?;
    let (storage, layout) = x.storage_and_layout();
    let (gradient_storage, gradient_layout) = gradient.storage_and_layout();
    let data = host::tensor_elements::<T>(&storage, layout, NAME)?;
    let gradient = host::tensor_elements(&gradient_storage, gradient_layout, NAME)?;
    host::gradient(input_gradient(data, gradient), x.shape()).map(Some)
}

impl CustomOp1 for Rectifier {
    fn name(&self) -> &'static str {
        NAME
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> candle_core::Result<(CpuStorage, Shape)> {
        with_float!(x.dtype(), NAME, T => {
            let x = host::elements::<T>(x, layout, NAME)?;
            Ok(host::output(forward(x), layout.shape()))
        })
    }

    fn bwd(
        &self,
        x: &Tensor,
        _y: &Tensor,
        gradient: &Tensor,
    ) -> candle_core::Result<Option<Tensor>> {
        with_float!(x.dtype(), NAME, T => backward::<T>(x, gradient))
    }
}
