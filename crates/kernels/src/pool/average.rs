//! Average pooling.

use candle_core::{CpuStorage, CustomOp1, Layout, Shape, Tensor, backend::BackendStorage};

use super::Pool;
use super::spec::{Geometry, PoolSpec};
use crate::check::Check;
use crate::error::Result;
use crate::float::with_float;
use crate::simd::InstructionSet;
use crate::{host, reference};

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
    Check(NAME).element_type(x)?;
    let divisors = divisors(&geometry, count_padding);
    let arch = InstructionSet::in_use()?;
    Ok(x.contiguous()?.apply_op1(AveragePool { arch, geometry, divisors })?)
}

pub(crate) const NAME: &str = "avg_pool2d";

/// The divisor of every output position, row-major.
pub(crate) fn divisors(geometry: &Geometry, count_padding: bool) -> Vec<f64> {
    let vertical = geometry.vertical;
    let horizontal = geometry.horizontal;
    let mut divisors = Vec::with_capacity(vertical.output * horizontal.output);
    for row in 0..vertical.output {
        for column in 0..horizontal.output {
            let count = if count_padding {
                vertical.kernel * horizontal.kernel
            } else {
                vertical.valid_taps(row) * horizontal.valid_taps(column)
            };
            divisors.push(count as f64);
        }
    }
    divisors
}

struct AveragePool {
    arch: InstructionSet,
    geometry: Geometry,
    divisors: Vec<f64>,
}

impl AveragePool {
    fn backward<T: Pool>(
        &self,
        x: &Tensor,
        gradient: &Tensor,
    ) -> candle_core::Result<Option<Tensor>> {
        let gradient = gradient.contiguous()?;
        let (storage, layout) = gradient.storage_and_layout();
        let gradient = host::tensor_elements::<T>(&storage, layout, NAME)?;
        let dx = T::average_gradient(self.arch, &self.geometry, &self.divisors, gradient);
        host::gradient(dx, x.shape()).map(Some)
    }
}

impl CustomOp1 for AveragePool {
    fn name(&self) -> &'static str {
        NAME
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> candle_core::Result<(CpuStorage, Shape)> {
        with_float!(x.dtype(), NAME, T => {
            let x = host::elements::<T>(x, layout, NAME)?;
            let y = T::average(self.arch, &self.geometry, &self.divisors, x);
            Ok(host::output(y, self.geometry.output_shape()))
        })
    }

    fn bwd(
        &self,
        x: &Tensor,
        _y: &Tensor,
        gradient: &Tensor,
    ) -> candle_core::Result<Option<Tensor>> {
        with_float!(x.dtype(), NAME, T => self.backward::<T>(x, gradient))
    }
}
