//! Average pooling.

use candle_core::Tensor;

use super::spec::{Geometry, PoolSpec};
use super::{double, single};
use crate::check::Check;
use crate::error::Result;
use crate::operation::{Kernel, Op, Unary};
use crate::reference;
use crate::simd::InstructionSet;
use crate::window::valid_taps;

/// Average pooling, differentiable in `x`.
///
/// `x` is `[batch, channels, height, width]`, the result has the size of
/// [`PoolSpec::output_size`]: `y[n, c, i, j] = 1 / d[i, j] * sum over u, v of
/// x[n, c, i stride - padding + u, j stride - padding + v]`, with zeros outside the image. The
/// divisor `d` is the size of the window when `count_padding`, else the number of its positions
/// inside the image (`count_include_pad=False` in PyTorch).
///
/// # Errors
///
/// A [`KernelError`](crate::KernelError) when the shape or the specification does not fit, or
/// candle fails.
pub fn avg_pool2d(x: &Tensor, spec: PoolSpec, count_padding: bool) -> Result<Tensor> {
    let geometry = Geometry::new(NAME, x, spec)?;
    if !x.device().is_cpu() {
        return reference::avg_pool2d(x, spec, count_padding);
    }
    Ok(x.contiguous()?.apply_op1(average(x, geometry, count_padding)?)?)
}

/// The pooling of an image like `x`, which is on the CPU.
pub(crate) fn average(
    x: &Tensor,
    geometry: Geometry,
    count_padding: bool,
) -> Result<Op<Unary<AveragePool>>> {
    Check(NAME).element_type(x)?;
    let divisors = divisors(&geometry, count_padding);
    let shape = geometry.output_shape().into();
    let kernel = AveragePool { arch: InstructionSet::in_use()?, geometry, divisors };
    Ok(Op { name: NAME, shape, kernel: Unary(kernel) })
}

pub(crate) const NAME: &str = "avg_pool2d";

/// The divisor of every output position, row-major.
pub(crate) fn divisors(geometry: &Geometry, count_padding: bool) -> Vec<f64> {
    let window = geometry.vertical.kernel * geometry.horizontal.kernel;
    let inside = valid_taps(geometry.vertical, geometry.horizontal);
    inside.into_iter().map(|inside| if count_padding { window } else { inside } as f64).collect()
}

pub(crate) struct AveragePool {
    arch: InstructionSet,
    geometry: Geometry,
    divisors: Vec<f64>,
}

impl AveragePool {
    /// The divisors in single precision.
    fn narrow(&self) -> Vec<f32> {
        self.divisors.iter().map(|divisor| *divisor as f32).collect()
    }
}

impl Kernel<f32> for AveragePool {
    fn forward(&self, x: &[f32]) -> Vec<f32> {
        single::average(self.arch, &self.geometry, &self.narrow(), x)
    }

    fn backward(&self, _: &[f32], gradient: &[f32]) -> Vec<f32> {
        single::average_gradient(self.arch, &self.geometry, &self.narrow(), gradient)
    }
}

impl Kernel<f64> for AveragePool {
    fn forward(&self, x: &[f64]) -> Vec<f64> {
        double::average(&self.geometry, &self.divisors, x)
    }

    fn backward(&self, _: &[f64], gradient: &[f64]) -> Vec<f64> {
        double::average_gradient(&self.geometry, &self.divisors, gradient)
    }
}
