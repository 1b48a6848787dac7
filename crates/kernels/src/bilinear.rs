//! Bilinear upsampling by integer factors.

use candle_core::Tensor;

use crate::check::Check;
use crate::error::Result;
use crate::upsample::Geometry;

#[cfg(test)]
mod tests;

/// Bilinear upsampling by integer factors (height, width), differentiable in `x`, on any device.
///
/// `x` is `[batch, channels, height, width]`, the result is
/// `[batch, channels, height * factor.0, width * factor.1]`. Along each axis of `n` values enlarged
/// by `f`, `y[i] = (1 - t) x[a] + t x[min(a + 1, n - 1)]` with `s = max((i + 1/2) / f - 1/2, 0)`,
/// `a = floor(s)` and `t = s - a`: the centres of pixels are at halves, and beyond the border stand
/// its own values. Rows are computed before columns. candle's upsampling has another gradient where
/// `x` is used elsewhere, too: it overwrites what those uses contribute.
///
/// # Cost
/// Two reads and two products a value and axis, as operations of candle: meant for the few channels
/// of a head.
///
/// # Errors
/// A [`KernelError`](crate::KernelError) when the shape is not that of an image, a factor is zero
/// or the result cannot be counted, the type is no float, or candle fails.
pub fn upsample_bilinear2d(x: &Tensor, factor: (usize, usize)) -> Result<Tensor> {
    Geometry::new(x, factor)?;
    Check("upsample_bilinear2d").element_type(x)?;
    let rows = along(&x.contiguous()?, 2, factor.0)?;
    along(&rows, 3, factor.1)
}

/// The values of one axis, enlarged.
fn along(x: &Tensor, axis: usize, factor: usize) -> Result<Tensor> {
    let length = x.dim(axis)?;
    if factor == 1 || length == 0 {
        return Ok(x.clone());
    }
    let taps = Taps::new(length, factor);
    let mut shape = [1; 4];
    shape[axis] = length * factor;
    let share =
        |values: Vec<f64>| Tensor::from_vec(values, &shape, x.device())?.to_dtype(x.dtype());
    let tap = |indices: Vec<u32>, shares: Vec<f64>| {
        let indices = Tensor::new(indices, x.device())?;
        x.index_select(&indices, axis)?.broadcast_mul(&share(shares)?)
    };
    let rest = taps.shares.iter().map(|share| 1.0 - share).collect();
    Ok((tap(taps.first, rest)? + tap(taps.second, taps.shares)?)?)
}

/// The two values that each value of an enlarged axis lies between, and the share of the second.
struct Taps {
    first: Vec<u32>,
    second: Vec<u32>,
    shares: Vec<f64>,
}

impl Taps {
    fn new(length: usize, factor: usize) -> Self {
        let place = |i: usize| ((i as f64 + 0.5) / factor as f64 - 0.5).max(0.0);
        let places = || (0..length * factor).map(place);
        let index = |at: f64| (at as usize).min(length - 1) as u32;
        Self {
            first: places().map(|at| index(at.floor())).collect(),
            second: places().map(|at| index(at.floor() + 1.0)).collect(),
            shares: places().map(|at| at - at.floor()).collect(),
        }
    }
}
