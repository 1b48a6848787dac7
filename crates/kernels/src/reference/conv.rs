use candle_core::Tensor;

use super::slide;
use crate::conv::{ConvSpec, Geometry};
use crate::error::Result;

/// [`conv2d`](crate::conv2d) as a sum of matrix products, one per kernel tap.
///
/// # Errors
///
/// As [`conv2d`](crate::conv2d).
pub fn conv2d(x: &Tensor, weight: &Tensor, spec: ConvSpec) -> Result<Tensor> {
    let geometry = Geometry::new(x, weight, spec)?;
    let padded = slide::pad(x, geometry.vertical, geometry.horizontal, 0.0)?;
    let mut total: Option<Tensor> = None;
    for row in 0..geometry.vertical.kernel {
        for column in 0..geometry.horizontal.kernel {
            let term = tap_product(&geometry, &padded, weight, (row, column))?;
            total = Some(match total {
                Some(total) => (total + term)?,
                None => term,
            });
        }
    }
    let shape = geometry.output_shape();
    match total {
        Some(total) => Ok(total.reshape(shape)?),
        None => Ok(Tensor::zeros(shape, x.dtype(), x.device())?),
    }
}

/// `[batch, groups, group_out, outputs]`: the contribution of one tap.
fn tap_product(
    geometry: &Geometry,
    padded: &Tensor,
    weight: &Tensor,
    tap: (usize, usize),
) -> Result<Tensor> {
    let groups = geometry.groups;
    let group_in = geometry.group_in();
    let group_out = geometry.group_out();
    let x = slide::tap(padded, geometry.vertical, geometry.horizontal, tap)?;
    let x = x.reshape((geometry.batch, groups, group_in, geometry.output_plane()))?;
    let weight = weight.narrow(2, tap.0, 1)?.narrow(3, tap.1, 1)?.contiguous()?;
    let weight = weight.reshape((1, groups, group_out, group_in))?;
    let weight = weight.broadcast_as((geometry.batch, groups, group_out, group_in))?;
    Ok(weight.contiguous()?.matmul(&x)?)
}
