use candle_core::{Result as CandleResult, Tensor};

use super::conv2d;
use crate::conv::ConvSpec;
use crate::conv_transpose::{ConvTransposeSpec, Transposed};
use crate::error::Result;

/// [`conv_transpose2d`](crate::conv_transpose2d) as a convolution with turned taps over an input
/// with zeros between its values.
///
/// # Errors
///
/// As [`conv_transpose2d`](crate::conv_transpose2d).
pub fn conv_transpose2d(
    x: &Tensor,
    weight: &Tensor,
    bias: Option<&Tensor>,
    spec: ConvTransposeSpec,
) -> Result<Tensor> {
    Transposed::new(x, weight, bias, spec)?;
    let (inputs, per_group, height, width) = weight.dims4()?;
    let groups = spec.groups;
    let turned = turn(&turn(weight, 2)?, 3)?;
    let turned = turned.reshape((groups, inputs / groups, per_group, height * width))?;
    let turned = turned.transpose(1, 2)?.contiguous()?;
    let turned = turned.reshape((groups * per_group, inputs / groups, height, width))?;
    let rows = [spec.dilation.0 * (height - 1), spec.padding.0, spec.output_padding.0];
    let columns = [spec.dilation.1 * (width - 1), spec.padding.1, spec.output_padding.1];
    let spread = spread(&spread(x, 2, spec.stride.0, rows)?, 3, spec.stride.1, columns)?;
    let plain = ConvSpec { dilation: spec.dilation, groups, ..ConvSpec::default() };
    let y = conv2d(&spread, &turned, plain)?;
    match bias {
        Some(bias) => Ok(y.broadcast_add(&bias.reshape((1, (), 1, 1))?)?),
        None => Ok(y),
    }
}

/// The values of an axis in the opposite order.
fn turn(x: &Tensor, axis: usize) -> CandleResult<Tensor> {
    let places: Vec<u32> = (0..x.dim(axis)? as u32).rev().collect();
    x.contiguous()?.index_select(&Tensor::new(places, x.device())?, axis)
}

/// `stride - 1` zeros between the values of an axis, `reach - padding` before and
/// `reach - padding + more` after them; fewer than none takes values away.
fn spread(
    x: &Tensor,
    axis: usize,
    stride: usize,
    [reach, padding, more]: [usize; 3],
) -> CandleResult<Tensor> {
    let length = x.dim(axis)?;
    let mut shape = x.dims().to_vec();
    let apart = x.unsqueeze(axis + 1)?.pad_with_zeros(axis + 1, 0, stride - 1)?;
    shape[axis] = length * stride;
    let apart = apart.reshape(shape)?.narrow(axis, 0, (length - 1) * stride + 1)?;
    let around = apart.pad_with_zeros(axis, reach, reach + more)?;
    around.narrow(axis, padding, around.dim(axis)? - 2 * padding)?.contiguous()
}
