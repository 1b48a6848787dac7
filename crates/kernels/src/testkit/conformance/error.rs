//! Differences between an implementation and the oracle.

use candle_core::{DType, DeviceLocation};

use crate::KernelError;

/// The reason for which an implementation of the kernels does not conform.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConformanceError {
    /// In one case of the table.
    #[error("{case} in {dtype:?} on {device:?}: {source}")]
    Case {
        /// The call and the shape of its input.
        case: String,
        /// Element type of the inputs.
        dtype: DType,
        /// The case in which the implementation ran.
        device: DeviceLocation,
        /// The failure in that case.
        #[source]
        source: Box<ConformanceError>,
    },

    /// A kernel, or the oracle, failed.
    #[error(transparent)]
    Kernel(#[from] KernelError),

    /// candle failed.
    #[error(transparent)]
    Candle(#[from] candle_core::Error),

    /// A result of another shape.
    #[error("{value} has shape {found:?}, expected {expected:?}")]
    Shape {
        /// Its name: the result, a gradient, a running statistic.
        value: String,
        /// Shape of the oracle's.
        expected: Vec<usize>,
        /// Its shape.
        found: Vec<usize>,
    },

    /// A result of another element type.
    #[error("{value} is {found:?}, expected {expected:?}")]
    ElementType {
        /// Its name.
        value: String,
        /// Element type of the input.
        expected: DType,
        /// Its element type.
        found: DType,
    },

    /// A result on another device.
    #[error("{value} is on {found:?}, expected it on {expected:?}")]
    Device {
        /// Its name.
        value: String,
        /// Device of the input.
        expected: DeviceLocation,
        /// Its device.
        found: DeviceLocation,
    },

    /// An argument that the backward pass does not reach.
    #[error("{value} is missing")]
    Missing {
        /// The gradient that is not there.
        value: String,
    },

    /// A number that differs.
    #[error("{value}, element {element}: {found}, expected {expected}")]
    Mismatch {
        /// The tensor it belongs to.
        value: String,
        /// Row-major index of the element.
        element: usize,
        /// The oracle's number.
        expected: f64,
        /// The implementation's number.
        found: f64,
    },
}
