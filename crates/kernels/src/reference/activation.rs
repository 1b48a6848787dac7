use candle_core::Tensor;

use crate::error::Result;

/// [`relu`](crate::relu) as a selection.
///
/// # Errors
///
/// What candle reports.
pub fn relu(x: &Tensor) -> Result<Tensor> {
    let zeros = x.zeros_like()?.detach();
    Ok(x.detach().le(&zeros)?.where_cond(&zeros, x)?)
}
