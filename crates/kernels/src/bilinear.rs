//! Bilinear upsampling by integer factors.

use candle_core::Tensor;

use crate::check::Check;
use crate::error::Result;
use crate::resize::{Interpolation, resize2d};
use crate::upsample::Geometry;

#[cfg(test)]
mod tests;

/// Bilinear upsampling by integer factors (height, width), differentiable in `x`, on any device.
///
/// `x` is `[batch, channels, height, width]`, the result is
/// `[batch, channels, height * factor.0, width * factor.1]`: [`resize2d`] by
/// [`Interpolation::Bilinear`]. The centres of pixels are at halves, and beyond the border stand
/// its own values.
///
/// # Errors
/// A [`KernelError`](crate::KernelError) when the shape is not that of an image, a factor is zero
/// or the result cannot be counted, the type is no float, or candle fails.
pub fn upsample_bilinear2d(x: &Tensor, factor: (usize, usize)) -> Result<Tensor> {
    let Geometry { result, .. } = Geometry::new(x, factor)?;
    Check("upsample_bilinear2d").element_type(x)?;
    resize2d(x, result, Interpolation::Bilinear)
}
