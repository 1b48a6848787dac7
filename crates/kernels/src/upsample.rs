//! Nearest-neighbour upsampling by integer factors.

use candle_core::Tensor;

use crate::check::Check;
use crate::error::{KernelError, Result};
use crate::float::Float;
use crate::operation::{Kernel, Op, Unary};
use crate::parallel::map_chunks;
use crate::reference;

#[cfg(test)]
mod tests;

/// Nearest-neighbour upsampling by integer factors (height, width), differentiable in `x`.
///
/// `x` is `[batch, channels, height, width]`, the result is
/// `[batch, channels, height * factor.0, width * factor.1]` with
/// `y[n, c, i, j] = x[n, c, i / factor.0, j / factor.1]`. The gradient sums each block and adds to
/// what other uses of `x` contribute (candle's own upsampling overwrites them).
///
/// # Errors
///
/// A [`KernelError`] when the shape is not that of an image, a factor is zero or the result
/// cannot be counted, or candle fails.
pub fn upsample_nearest2d(x: &Tensor, factor: (usize, usize)) -> Result<Tensor> {
    let geometry = Geometry::new(x, factor)?;
    if !x.device().is_cpu() {
        return reference::upsample_nearest2d(x, factor);
    }
    Ok(x.contiguous()?.apply_op1(operation(x, geometry)?)?)
}

/// The enlargement of an image like `x`, which is on the CPU.
pub(crate) fn operation(x: &Tensor, geometry: Geometry) -> Result<Op<Unary<Geometry>>> {
    Check(NAME).element_type(x)?;
    Ok(Op { name: NAME, shape: geometry.output_shape().into(), kernel: Unary(geometry) })
}

const NAME: &str = "upsample_nearest2d";

/// The checked sizes of one call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Geometry {
    pub(crate) batch: usize,
    pub(crate) channels: usize,
    pub(crate) size: (usize, usize),
    pub(crate) factor: (usize, usize),
    pub(crate) result: (usize, usize),
}

impl Geometry {
    pub(crate) fn new(x: &Tensor, factor: (usize, usize)) -> Result<Self> {
        let (batch, channels, height, width) = Check(NAME).image(x)?;
        Check(NAME).positive("factor", factor)?;
        let overflow = KernelError::SizeOverflow { op: NAME, parameter: "factor", found: factor };
        let (Some(rows), Some(columns)) =
            (height.checked_mul(factor.0), width.checked_mul(factor.1))
        else {
            return Err(overflow);
        };
        let total = rows.checked_mul(columns).and_then(|n| n.checked_mul(batch * channels));
        if total.is_none() {
            return Err(overflow);
        }
        Ok(Self { batch, channels, size: (height, width), factor, result: (rows, columns) })
    }

    fn output_shape(&self) -> (usize, usize, usize, usize) {
        (self.batch, self.channels, self.result.0, self.result.1)
    }
}

impl<T: Float> Kernel<T> for Geometry {
    fn forward(&self, x: &[T]) -> Vec<T> {
        let Self { size, factor, result, .. } = *self;
        let band = factor.0 * result.1;
        map_chunks(
            x,
            (size.1, band),
            || (),
            |(), _, x, y| {
                let (first, rest) = y.split_at_mut(result.1);
                for (y, x) in first.chunks_exact_mut(factor.1).zip(x) {
                    y.fill(*x);
                }
                for row in rest.chunks_exact_mut(result.1) {
                    row.copy_from_slice(first);
                }
            },
        )
    }

    fn backward(&self, _: &[T], gradient: &[T]) -> Vec<T> {
        let Self { size, factor, result, .. } = *self;
        let band = factor.0 * result.1;
        map_chunks(
            gradient,
            (band, size.1),
            || (),
            |(), _, gradient, dx| {
                for row in gradient.chunks_exact(result.1) {
                    for (dx, block) in dx.iter_mut().zip(row.chunks_exact(factor.1)) {
                        for value in block {
                            *dx += *value;
                        }
                    }
                }
            },
        )
    }
}
