use candle_core::Tensor;

use crate::error::Result;
use crate::upsample::Geometry;

/// [`upsample_nearest2d`](crate::upsample_nearest2d) as a broadcast over the blocks.
///
/// # Errors
///
/// As [`upsample_nearest2d`](crate::upsample_nearest2d).
pub fn upsample_nearest2d(x: &Tensor, factor: (usize, usize)) -> Result<Tensor> {
    let Geometry { batch, channels, size, factor, result } = Geometry::new(x, factor)?;
    let planes = batch * channels;
    let blocks = x.reshape((planes, size.0, 1, size.1, 1))?;
    let blocks = blocks.broadcast_as((planes, size.0, factor.0, size.1, factor.1))?;
    Ok(blocks.contiguous()?.reshape((batch, channels, result.0, result.1))?)
}
