//! Max pooling. The winners are found again in the backward pass rather than stored.

use candle_core::{CpuStorage, CustomOp1, Layout, Shape, Tensor, backend::BackendStorage};

use super::Pool;
use super::spec::{Geometry, PoolSpec};
use crate::check::Check;
use crate::error::Result;
use crate::float::with_float;
use crate::simd::InstructionSet;
use crate::{host, reference};

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
    let geometry = Geometry::new(MaxPool::NAME, x, spec)?;
    if !x.device().is_cpu() {
        return reference::max_pool2d(x, spec);
    }
    Check(MaxPool::NAME).element_type(x)?;
    let arch = InstructionSet::in_use()?;
    Ok(x.contiguous()?.apply_op1(MaxPool { arch, geometry })?)
}

pub(crate) const NAME: &str = MaxPool::NAME;

struct MaxPool {
    arch: InstructionSet,
    geometry: Geometry,
}

impl MaxPool {
    const NAME: &str = "max_pool2d";

    fn backward<T: Pool>(
        &self,
        x: &Tensor,
        gradient: &Tensor,
    ) -> candle_core::Result<Option<Tensor>> {
        let gradient = gradient.contiguous()?;
        let (storage, layout) = x.storage_and_layout();
        let (gradient_storage, gradient_layout) = gradient.storage_and_layout();
        let data = host::tensor_elements::<T>(&storage, layout, Self::NAME)?;
        let gradient = host::tensor_elements(&gradient_storage, gradient_layout, Self::NAME)?;
        let dx = T::max_gradient(self.arch, &self.geometry, data, gradient);
        host::gradient(dx, x.shape()).map(Some)
    }
}

impl CustomOp1 for MaxPool {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> candle_core::Result<(CpuStorage, Shape)> {
        with_float!(x.dtype(), Self::NAME, T => {
            let x = host::elements::<T>(x, layout, Self::NAME)?;
            let y = <T as Pool>::max(self.arch, &self.geometry, x);
            Ok(host::output(y, self.geometry.output_shape()))
        })
    }

    fn bwd(
        &self,
        x: &Tensor,
        _y: &Tensor,
        gradient: &Tensor,
    ) -> candle_core::Result<Option<Tensor>> {
        with_float!(x.dtype(), Self::NAME, T => self.backward::<T>(x, gradient))
    }
}
