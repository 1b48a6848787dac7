//! Planes of any size from planes of any other.

use candle_core::Tensor;

use crate::check::Check;
use crate::error::{KernelError, Result};
use crate::float::Float;
use crate::operation::{Kernel, Op, Unary};
use crate::parallel::map_chunks;
use crate::reference;
pub(crate) use taps::Taps;

mod taps;
#[cfg(test)]
mod tests;

/// The rule by which [`resize2d`] fills a plane of another size.
///
/// Along an axis of `n` values that becomes one of `m`, value `i` of the result stands at place
/// `s` of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Interpolation {
    /// The value at `floor(i n / m)`.
    Nearest,
    /// Between two neighbours, with the outer edges of both planes on one another:
    /// `s = max((i + 1/2) n / m - 1/2, 0)`. PyTorch calls it `align_corners=False`.
    Bilinear,
    /// Between two neighbours, with the centres of the corner pixels on one another:
    /// `s = i (n - 1) / (m - 1)`, and 0 where `m` is 1. PyTorch calls it `align_corners=True`.
    BilinearCorners,
}

/// Resizing to `size` (height, width), differentiable in `x`.
///
/// `x` is `[batch, channels, height, width]`, the result `[batch, channels, size.0, size.1]`.
/// Bilinear rules take `(1 - t) x[a] + t x[min(a + 1, n - 1)]` with `a = floor(s)` and `t = s - a`
/// along each axis, rows before columns; nothing is averaged where planes shrink. The gradient adds
/// to what other uses of `x` contribute (candle's own overwrites them).
///
/// # Errors
///
/// A [`KernelError`] when `x` is not four-axed, `size` is zero or cannot be counted, the type is no
/// float, or candle fails.
pub fn resize2d(x: &Tensor, size: (usize, usize), rule: Interpolation) -> Result<Tensor> {
    let geometry = Geometry::new(x, size)?;
    if !x.device().is_cpu() {
        return reference::resize2d(x, size, rule);
    }
    Check(NAME).element_type(x)?;
    if rule != Interpolation::Nearest && geometry.input == size {
        return Ok(x.clone());
    }
    let kernel = Resize::new(geometry, rule);
    let shape = (geometry.batch, geometry.channels, size.0, size.1).into();
    Ok(x.contiguous()?.apply_op1(Op { name: NAME, shape, kernel: Unary(kernel) })?)
}

const NAME: &str = "resize2d";

/// The checked sizes of one call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Geometry {
    batch: usize,
    channels: usize,
    pub(crate) input: (usize, usize),
    size: (usize, usize),
}

impl Geometry {
    pub(crate) fn new(x: &Tensor, size: (usize, usize)) -> Result<Self> {
        let (batch, channels, height, width) = Check(NAME).image(x)?;
        Check(NAME).positive("size", size)?;
        let plane = size.0.checked_mul(size.1);
        if plane.and_then(|plane| plane.checked_mul(batch * channels)).is_none() {
            return Err(KernelError::SizeOverflow { op: NAME, parameter: "size", found: size });
        }
        Ok(Self { batch, channels, input: (height, width), size })
    }
}

/// The places that every row and column of the result is made of.
struct Resize {
    input: (usize, usize),
    rows: Taps,
    columns: Taps,
}

impl Resize {
    fn new(geometry: Geometry, rule: Interpolation) -> Self {
        let Geometry { input, size, .. } = geometry;
        let rows = Taps::new(rule, input.0, size.0);
        Self { input, rows, columns: Taps::new(rule, input.1, size.1) }
    }

    /// Elements of planes of the input and of the result.
    fn planes(&self) -> (usize, usize) {
        (self.input.0 * self.input.1, self.rows.len() * self.columns.len())
    }
}

impl<T: Float> Kernel<T> for Resize {
    fn forward(&self, x: &[T]) -> Vec<T> {
        let rows = self.rows.shares::<T>();
        let columns = self.columns.shares::<T>();
        map_chunks(
            x,
            self.planes(),
            || vec![T::ZERO; self.input.1],
            |line, _, x, y| {
                for (y, row) in y.chunks_exact_mut(columns.len()).zip(&rows) {
                    let first = &x[row.first * line.len()..][..line.len()];
                    let second = &x[row.second * line.len()..][..line.len()];
                    for ((value, first), second) in line.iter_mut().zip(first).zip(second) {
                        *value = row.mix(*first, *second);
                    }
                    for (y, column) in y.iter_mut().zip(&columns) {
                        *y = column.mix(line[column.first], line[column.second]);
                    }
                }
            },
        )
    }

    fn backward(&self, _: &[T], gradient: &[T]) -> Vec<T> {
        let (input, output) = self.planes();
        let rows = self.rows.shares::<T>();
        let columns = self.columns.shares::<T>();
        let line = || vec![T::ZERO; self.input.1];
        map_chunks(gradient, (output, input), line, |line, _, gradient, dx| {
            for (gradient, row) in gradient.chunks_exact(columns.len()).zip(&rows) {
                line.fill(T::ZERO);
                for (gradient, column) in gradient.iter().zip(&columns) {
                    line[column.first] += *gradient * column.rest;
                    line[column.second] += *gradient * column.share;
                }
                for (place, share) in [(row.first, row.rest), (row.second, row.share)] {
                    let dx = &mut dx[place * line.len()..][..line.len()];
                    for (dx, value) in dx.iter_mut().zip(&*line) {
                        *dx += *value * share;
                    }
                }
            }
        })
    }
}
