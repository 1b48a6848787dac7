use candle_core::Tensor;

use crate::error::Result;
use crate::resize::{Geometry, Interpolation, Taps};

/// [`resize2d`](crate::resize2d) as weighted selections of rows, then of columns.
///
/// # Errors
///
/// As [`resize2d`](crate::resize2d).
pub fn resize2d(x: &Tensor, size: (usize, usize), rule: Interpolation) -> Result<Tensor> {
    let Geometry { input, .. } = Geometry::new(x, size)?;
    let rows = along(&x.contiguous()?, 2, &Taps::new(rule, input.0, size.0))?;
    along(&rows, 3, &Taps::new(rule, input.1, size.1))
}

/// The values of one axis, between their neighbours.
fn along(x: &Tensor, axis: usize, taps: &Taps) -> Result<Tensor> {
    let mut shape = [1; 4];
    shape[axis] = taps.len();
    let share =
        |values: Vec<f64>| Tensor::from_vec(values, &shape, x.device())?.to_dtype(x.dtype());
    let tap = |places: &[usize], shares: Vec<f64>| {
        let places: Vec<u32> = places.iter().map(|place| *place as u32).collect();
        let places = Tensor::new(places, x.device())?;
        x.index_select(&places, axis)?.broadcast_mul(&share(shares)?)
    };
    if taps.shares.iter().all(|share| *share <= 0.0) {
        return Ok(tap(&taps.first, vec![1.0; taps.len()])?);
    }
    let rest = taps.shares.iter().map(|share| 1.0 - share).collect();
    Ok((tap(&taps.first, rest)? + tap(&taps.second, taps.shares.clone())?)?)
}
