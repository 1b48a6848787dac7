//! Padding and strided slices with gradients.

use candle_core::{Result, Tensor};

use crate::window::Axis;

/// Adds `value` on every side of the last two axes.
pub(super) fn pad(x: &Tensor, vertical: Axis, horizontal: Axis, value: f64) -> Result<Tensor> {
    pad_axis(&pad_axis(x, 2, vertical.padding, value)?, 3, horizontal.padding, value)
}

fn pad_axis(x: &Tensor, axis: usize, padding: usize, value: f64) -> Result<Tensor> {
    if padding == 0 {
        return Ok(x.clone());
    }
    let mut shape = x.dims().to_vec();
    shape[axis] = padding;
    let border = Tensor::full(value as f32, shape, x.device())?.to_dtype(x.dtype())?;
    Tensor::cat(&[&border, x, &border], axis)
}

/// The values that tap `(row, column)` meets, for every output position, in a padded tensor.
pub(super) fn tap(
    padded: &Tensor,
    vertical: Axis,
    horizontal: Axis,
    (row, column): (usize, usize),
) -> Result<Tensor> {
    let rows = strided(padded, 2, vertical, row)?;
    strided(&rows, 3, horizontal, column)
}

fn strided(x: &Tensor, axis: usize, along: Axis, tap: usize) -> Result<Tensor> {
    let start = tap * along.dilation;
    if along.stride == 1 {
        return x.narrow(axis, start, along.output)?.contiguous();
    }
    let places: Vec<u32> =
        (0..along.output).map(|place| (start + place * along.stride) as u32).collect();
    let places = Tensor::from_vec(places, along.output, x.device())?;
    x.contiguous()?.index_select(&places, axis)
}
