//! Tensors as numbers that a test can compare.
#![allow(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a tensor whose numbers cannot be had is a failing test"
)]

use candle_core::{DType, Tensor};

/// All values of a tensor, row-major.
pub fn values(tensor: &Tensor) -> Vec<f64> {
    let flat = tensor.to_dtype(DType::F64).and_then(|tensor| tensor.flatten_all());
    flat.and_then(|tensor| tensor.to_vec1()).expect("the tensor has numbers")
}

/// The bit patterns of [`values`].
pub fn bits(tensor: &Tensor) -> Vec<u64> {
    values(tensor).into_iter().map(f64::to_bits).collect()
}
