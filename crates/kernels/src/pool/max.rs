//! Max pooling. The winners are found again in the backward pass rather than stored.

use candle_core::Tensor;

use super::spec::{Geometry, PoolSpec};
use super::{double, single};
use crate::check::Check;
use crate::error::Result;
use crate::operation::{Kernel, Op, Unary};
use crate::reference;
use crate::simd::InstructionSet;

/// Max pooling, differentiable in `x`.
///
/// `x` is `[batch, channels, height, width]`, the result has the size of
/// [`PoolSpec::output_size`]: `y[n, c, i, j] = max over u, v of
/// x[n, c, i stride - padding + u, j stride - padding + v]`. Padding never wins. Among equal
/// values the first in row-major window order takes the whole gradient, and a NaN in the window
/// wins, both as in PyTorch.
///
/// # Errors
///
/// A [`KernelError`](crate::KernelError) when the shape or the specification does not fit, or
/// candle fails.
pub fn max_pool2d(x: &Tensor, spec: PoolSpec) -> Result<Tensor> {
    let geometry = Geometry::new(NAME, x, spec)?;
    if !x.device().is_cpu() {
        return reference::max_pool2d(x, spec);
    }
    Ok(x.contiguous()?.apply_op1(maximum(x, geometry)?)?)
}

/// The pooling of an image like `x`, which is on the CPU.
pub(crate) fn maximum(x: &Tensor, geometry: Geometry) -> Result<Op<Unary<MaxPool>>> {
    Check(NAME).element_type(x)?;
    let shape = geometry.output_shape().into();
    let kernel = MaxPool { arch: InstructionSet::in_use()?, geometry };
    Ok(Op { name: NAME, shape, kernel: Unary(kernel) })
}

pub(crate) const NAME: &str = "max_pool2d";

pub(crate) struct MaxPool {
    arch: InstructionSet,
    geometry: Geometry,
}

impl Kernel<f32> for MaxPool {
    fn forward(&self, x: &[f32]) -> Vec<f32> {
        single::max(self.arch, &self.geometry, x)
    }

    fn backward(&self, x: &[f32], gradient: &[f32]) -> Vec<f32> {
        single::max_gradient(self.arch, &self.geometry, x, gradient)
    }
}

impl Kernel<f64> for MaxPool {
    fn forward(&self, x: &[f64]) -> Vec<f64> {
        double::max(&self.geometry, x)
    }

    fn backward(&self, x: &[f64], gradient: &[f64]) -> Vec<f64> {
        double::max_gradient(&self.geometry, x, gradient)
    }
}
