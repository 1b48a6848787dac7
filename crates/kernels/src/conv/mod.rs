//! Two-dimensional convolution with independent strides, dilations and paddings per axis.

mod bundled;
mod columns;
mod dense;
mod depthwise;
mod geometry;
mod spec;
mod winograd;

#[cfg(test)]
mod tests;

use candle_core::{CpuStorage, CustomOp2, Layout, Shape, Tensor};

pub(crate) use geometry::Geometry;
pub use spec::ConvSpec;
pub(crate) use spec::Windows;

use crate::check::Check;
use crate::error::Result;
use crate::float::with_float;
use crate::matrix::Product;
use crate::simd::InstructionSet;
use crate::window::serves;
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
/// On the CPU, in `f32` or `f64`, own kernels run: in `f32` depthwise directly, pointwise as one
/// matrix product, 3x3 windows at every position of eight channels or more by minimal filtering,
/// the rest unfolded. The result does not depend on the number of threads.
/// Elsewhere [`reference::conv2d`] runs.
///
/// # Rounding
///
/// Minimal filtering (Lavin and Gray 2016, F(2x2, 3x3)) adds and subtracts neighbouring pixels
/// before it multiplies. For numbers of one magnitude it errs no more than the direct sum, of which
/// it adds up four ninths of the products; next to a pixel a million times as large as its
/// neighbours their digits are lost, within a tile of four by four pixels, where the direct sum
/// loses them only in the outputs that the large pixel enters.
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
    let arch = InstructionSet::in_use()?;
    Ok(x.contiguous()?.apply_op2(&weight.contiguous()?, Convolution { geometry, arch })?)
}

struct Convolution {
    geometry: Geometry,
    arch: InstructionSet,
}

impl Convolution {
    const NAME: &str = spec::OP;

    fn backward<T: Convolve>(
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
        let wanted = Wanted { input: x.track_op(), weight: weight.track_op() };
        let arch = self.arch;
        let geometry = &self.geometry;
        let found = T::gradients(arch, geometry, x_data, weight_data, gradient, wanted);
        let dx = found.input.map(|data| host::gradient(data, x.shape())).transpose()?;
        let dw = found.weight.map(|data| host::gradient(data, weight.shape())).transpose()?;
        Ok((dx, dw))
    }
}

/// The gradients that are asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    pub(crate) input: bool,
    pub(crate) weight: bool,
}

/// The gradients that were asked for.
pub(crate) struct Gradients<T> {
    pub(crate) input: Option<Vec<T>>,
    pub(crate) weight: Option<Vec<T>>,
}

/// An element type that convolves. In `f64`, which serves checks, every convolution is dense.
pub(crate) trait Convolve: Product {
    fn forward(arch: InstructionSet, geometry: &Geometry, x: &[Self], weight: &[Self])
    -> Vec<Self>;

    fn gradients(
        arch: InstructionSet,
        geometry: &Geometry,
        x: &[Self],
        weight: &[Self],
        gradient: &[Self],
        wanted: Wanted,
    ) -> Gradients<Self>;
}

impl Convolve for f32 {
    fn forward(arch: InstructionSet, geometry: &Geometry, x: &[f32], weight: &[f32]) -> Vec<f32> {
        if geometry.is_depthwise() && !geometry.is_pointwise() {
            if serves(geometry.batch * geometry.groups, geometry.vertical, geometry.horizontal) {
                return bundled::forward(arch, geometry, x, weight);
            }
            return depthwise::forward(arch, geometry, x, weight);
        }
        if winograd::serves(geometry) {
            return winograd::forward(arch, geometry, x, weight);
        }
        dense::forward(arch, geometry, x, weight)
    }

    fn gradients(
        arch: InstructionSet,
        geometry: &Geometry,
        x: &[f32],
        weight: &[f32],
        gradient: &[f32],
        wanted: Wanted,
    ) -> Gradients<f32> {
        if geometry.is_depthwise() && !geometry.is_pointwise() {
            if serves(geometry.batch * geometry.groups, geometry.vertical, geometry.horizontal) {
                return bundled::gradients(arch, geometry, x, weight, gradient, wanted);
            }
            return depthwise::gradients(arch, geometry, x, weight, gradient, wanted);
        }
        if winograd::serves(geometry) {
            return winograd::gradients(arch, geometry, x, weight, gradient, wanted);
        }
        dense::gradients(arch, geometry, x, weight, gradient, wanted)
    }
}

impl Convolve for f64 {
    fn forward(arch: InstructionSet, geometry: &Geometry, x: &[f64], weight: &[f64]) -> Vec<f64> {
        dense::forward(arch, geometry, x, weight)
    }

    fn gradients(
        arch: InstructionSet,
        geometry: &Geometry,
        x: &[f64],
        weight: &[f64],
        gradient: &[f64],
        wanted: Wanted,
    ) -> Gradients<f64> {
        dense::gradients(arch, geometry, x, weight, gradient, wanted)
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
            let y = T::forward(self.arch, &self.geometry, x, weight);
            Ok(host::output(y, self.geometry.output_shape()))
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
