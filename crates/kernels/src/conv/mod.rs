//! Two-dimensional convolution with independent strides, dilations and paddings per axis.

mod columns;
mod dense;
mod depthwise;
mod geometry;
mod spec;

#[cfg(test)]
mod tests;

use candle_core::{CpuStorage, CustomOp2, Layout, Shape, Tensor};

pub(crate) use geometry::Geometry;
pub use spec::ConvSpec;
pub(crate) use spec::windows;

use crate::check::Check;
use crate::error::Result;
use crate::float::{Float, with_float};
use crate::{host, reference};

/// Two-dimensional cross-correlation, differentiable in `x` and `weight`.
///
/// `x` is `[batch, channels_in, height, width]`, `weight` is
/// `[channels_out, channels_in / groups, kernel_height, kernel_width]`, the result is
/// `[batch, channels_out, rows, columns]` with the size of [`ConvSpec::output_size`]:
/// `y[n, o, i, j] = sum over c, u, v of weight[o, c, u, v] *
/// x[n, c, i stride - padding + u dilation, j stride - padding + v dilation]`, where `c` runs over
/// the input channels of the group of `o` and `x` is zero outside the image.
///
/// On the CPU, in `f32` or `f64`, own kernels run: depthwise directly, pointwise as one matrix
/// product, the rest unfolded. The result does not depend on the number of threads. Elsewhere
/// [`reference::conv2d`] runs.
///
/// # Errors
///
/// A [`KernelError`](crate::KernelError) when shapes, element types or devices do not fit, or
/// candle fails.
pub fn conv2d(x: &Tensor, weight: &Tensor, spec: ConvSpec) -> Result<Tensor> {
    let geometry = Geometry::new(x, weight, spec)?;
    if !x.device().is_cpu() {
        return reference::conv2d(x, weight, spec);
    }
    Check(Convolution::NAME).element_type(x)?;
    Ok(x.contiguous()?.apply_op2(&weight.contiguous()?, Convolution { geometry })?)
}

struct Convolution {
    geometry: Geometry,
}

impl Convolution {
    const NAME: &str = spec::OP;

    fn forward<T: Float>(&self, x: &[T], weight: &[T]) -> Vec<T> {
        if self.geometry.is_depthwise() {
            depthwise::forward(&self.geometry, x, weight)
        } else {
            dense::forward(&self.geometry, x, weight)
        }
    }

    fn input_gradient<T: Float>(&self, weight: &[T], gradient: &[T]) -> Vec<T> {
        if self.geometry.is_depthwise() {
            depthwise::input_gradient(&self.geometry, weight, gradient)
        } else {
            dense::input_gradient(&self.geometry, weight, gradient)
        }
    }

    fn weight_gradient<T: Float>(&self, x: &[T], gradient: &[T]) -> Vec<T> {
        if self.geometry.is_depthwise() {
            depthwise::weight_gradient(&self.geometry, x, gradient)
        } else {
            dense::weight_gradient(&self.geometry, x, gradient)
        }
    }

    fn backward<T: Float>(
        &self,
        x: &Tensor,
        weight: &Tensor,
        gradient: &Tensor,
    ) -> candle_core::Result<(Option<Tensor>, Option<Tensor>)> {
        let gradient = gradient.contiguous()?;
        let (x_storage, x_layout) = x.storage_and_layout();
        let (weight_storage, weight_layout) = weight.storage_and_layout();
        let (gradient_storage, gradient_layout) = gradient.storage_and_layout();
        let x_data = host::tensor_elements::<T>(&x_storage, x_layout, Self::NAME)?;
        let weight_data = host::tensor_elements(&weight_storage, weight_layout, Self::NAME)?;
        let gradient = host::tensor_elements(&gradient_storage, gradient_layout, Self::NAME)?;
        let dx = x
            .track_op()
            .then(|| host::gradient(self.input_gradient(weight_data, gradient), x.shape()))
            .transpose()?;
        let dw = weight
            .track_op()
            .then(|| host::gradient(self.weight_gradient(x_data, gradient), weight.shape()))
            .transpose()?;
        Ok((dx, dw))
    }
}

impl CustomOp2 for Convolution {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        weight: &CpuStorage,
        weight_layout: &Layout,
    ) -> candle_core::Result<(CpuStorage, Shape)> {
        with_float!(candle_core::backend::BackendStorage::dtype(x), Self::NAME, T => {
            let x = host::elements::<T>(x, x_layout, Self::NAME)?;
            let weight = host::elements(weight, weight_layout, Self::NAME)?;
            Ok(host::output(self.forward(x, weight), self.geometry.output_shape()))
        })
    }

    fn bwd(
        &self,
        x: &Tensor,
        weight: &Tensor,
        _y: &Tensor,
        gradient: &Tensor,
    ) -> candle_core::Result<(Option<Tensor>, Option<Tensor>)> {
        with_float!(x.dtype(), Self::NAME, T => self.backward::<T>(x, weight, gradient))
    }
}
