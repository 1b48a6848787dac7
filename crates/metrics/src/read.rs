//! From tensors to numbers on the host.

use candle_core::{DType, Device, Tensor};

use crate::MetricsError;

/// All values of a tensor, in order. Widening on the host works for every device, those without
/// `f64` included.
pub(crate) fn numbers(tensor: &Tensor) -> Result<Vec<f64>, MetricsError> {
    let wide = tensor.to_device(&Device::Cpu)?.to_dtype(DType::F64)?;
    Ok(wide.flatten_all()?.to_vec1()?)
}

/// All labels of a tensor, in order.
pub(crate) fn labels(tensor: &Tensor) -> Result<Vec<i64>, MetricsError> {
    if !tensor.dtype().is_int() {
        return Err(MetricsError::LabelType { found: tensor.dtype() });
    }
    let wide = tensor.to_device(&Device::Cpu)?.to_dtype(DType::I64)?;
    Ok(wide.flatten_all()?.to_vec1()?)
}

/// The error of shapes that do not belong together.
pub(crate) fn shapes(
    expected: impl Into<String>,
    output: &Tensor,
    target: &Tensor,
) -> MetricsError {
    MetricsError::Shape {
        expected: expected.into(),
        output: output.dims().to_vec(),
        target: target.dims().to_vec(),
    }
}

/// Checks that both tensors are `[rows, width]`, and returns the rows; a vector is a matrix of one
/// column.
pub(crate) fn rows(output: &Tensor, target: &Tensor, width: usize) -> Result<usize, MetricsError> {
    let matrix = |tensor: &Tensor| match *tensor.dims() {
        [rows] if width == 1 => Some(rows),
        [rows, columns] if columns == width => Some(rows),
        _ => None,
    };
    match (matrix(output), matrix(target)) {
        (Some(rows), Some(same)) if rows == same => Ok(rows),
        _ => Err(shapes(format!("two of [batch, {width}]"), output, target)),
    }
}

/// Checks that labels are 0 or 1; `width` of them are a row.
pub(crate) fn binary(labels: &[f64], width: usize) -> Result<(), MetricsError> {
    match labels.iter().position(|&label| ![0.0, 1.0].contains(&label)) {
        Some(at) => Err(MetricsError::LabelNotBinary {
            row: at / width,
            label: at % width,
            found: labels[at],
        }),
        None => Ok(()),
    }
}
