use candle_core::{DType, Tensor};

use super::slide;
use crate::error::Result;
use crate::pool::{AVERAGE, Geometry, MAX, PoolSpec, divisors};

/// [`max_pool2d`](crate::max_pool2d) as a chain of selections, one per window position.
///
/// # Errors
///
/// As [`max_pool2d`](crate::max_pool2d).
pub fn max_pool2d(x: &Tensor, spec: PoolSpec) -> Result<Tensor> {
    let geometry = Geometry::new(MAX, x, spec)?;
    let vertical = geometry.vertical;
    let horizontal = geometry.horizontal;
    let padded = slide::pad(x, vertical, horizontal, f64::NEG_INFINITY)?;
    let inside = slide::pad(&x.ones_like()?.detach(), vertical, horizontal, 0.0)?;
    let at = |tensor: &Tensor, tap| slide::tap(tensor, vertical, horizontal, tap);
    let mut best = at(&padded, (0, 0))?;
    let mut found = at(&inside, (0, 0))?.to_dtype(DType::U8)?;
    for tap in 1..vertical.kernel * horizontal.kernel {
        let tap = (tap / horizontal.kernel, tap % horizontal.kernel);
        let candidate = at(&padded, tap)?;
        let inside = at(&inside, tap)?.to_dtype(DType::U8)?;
        let takes = takes(&candidate.detach(), &best.detach(), &found, &inside)?;
        best = takes.where_cond(&candidate, &best)?;
        found = found.maximum(&inside)?;
    }
    Ok(best)
}

/// 1 where the candidate is inside the image, and is larger, is NaN, or is the first inside.
fn takes(
    candidate: &Tensor,
    best: &Tensor,
    found: &Tensor,
    inside: &Tensor,
) -> candle_core::Result<Tensor> {
    let larger = candidate.gt(best)?;
    let not_a_number = candidate.ne(candidate)?;
    let first = found.eq(&found.zeros_like()?)?;
    larger.maximum(&not_a_number)?.maximum(&first)?.mul(inside)
}

/// [`avg_pool2d`](crate::avg_pool2d) as a sum of shifted slices over a table of divisors.
///
/// # Errors
///
/// As [`avg_pool2d`](crate::avg_pool2d).
pub fn avg_pool2d(x: &Tensor, spec: PoolSpec, count_padding: bool) -> Result<Tensor> {
    let geometry = Geometry::new(AVERAGE, x, spec)?;
    let vertical = geometry.vertical;
    let horizontal = geometry.horizontal;
    let padded = slide::pad(x, vertical, horizontal, 0.0)?;
    let mut total = slide::tap(&padded, vertical, horizontal, (0, 0))?;
    for tap in 1..vertical.kernel * horizontal.kernel {
        let tap = (tap / horizontal.kernel, tap % horizontal.kernel);
        total = (total + slide::tap(&padded, vertical, horizontal, tap)?)?;
    }
    let shape = (1, 1, vertical.output, horizontal.output);
    let divisors = Tensor::from_vec(divisors(&geometry, count_padding), shape, x.device())?;
    Ok(total.broadcast_div(&divisors.to_dtype(x.dtype())?)?)
}
