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

use candle_core::Tensor;

pub(crate) use geometry::Geometry;
pub use spec::ConvSpec;

use crate::check::Check;
use crate::error::Result;
use crate::matrix::Product;
use crate::operation::{Op, Operation};
use crate::reference;
use crate::simd::InstructionSet;
use crate::window::serves;

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
    Ok(x.contiguous()?.apply_op2(&weight.contiguous()?, operation(x, geometry)?)?)
}

/// The convolution of an image like `x`, which is on the CPU.
pub(crate) fn operation(x: &Tensor, geometry: Geometry) -> Result<Op<Convolution>> {
    Check(spec::OP).element_type(x)?;
    let kernel = Convolution { geometry, arch: InstructionSet::in_use()? };
    Ok(Op { name: spec::OP, shape: geometry.output_shape().into(), kernel })
}

pub(crate) struct Convolution {
    geometry: Geometry,
    arch: InstructionSet,
}

impl<T: Convolve> Operation<T, 2> for Convolution {
    fn forward(&self, [x, weight]: [&[T]; 2]) -> Vec<T> {
        T::forward(self.arch, &self.geometry, x, weight)
    }

    fn backward(
        &self,
        [x, weight]: [&[T]; 2],
        gradient: &[T],
        wanted: [bool; 2],
    ) -> candle_core::Result<[Option<Vec<T>>; 2]> {
        let wanted = Wanted { input: wanted[0], weight: wanted[1] };
        let found = T::gradients(self.arch, &self.geometry, x, weight, gradient, wanted);
        Ok([found.input, found.weight])
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
