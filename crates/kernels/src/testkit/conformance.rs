//! The same table of cases for every device and every implementation of the kernels.
//!
//! ```
//! use candle_core::Device;
//! use dartloom_kernels::testkit::conformance::{Kernels, check_kernels};
//!
//! check_kernels(&Device::Cpu, &Kernels::PUBLIC)?;
//! # Ok::<(), dartloom_kernels::testkit::conformance::ConformanceError>(())
//! ```

mod case;
mod compare;
mod error;
mod table;

#[cfg(test)]
mod tests;

pub use error::ConformanceError;

use candle_core::{DType, Device, Tensor, Var};

use crate::{BatchNormSpec, ConvSpec, PoolSpec, Result, Statistics, reference};
use case::Case;

/// One implementation of every kernel, as functions with the signatures of the public ones.
#[derive(Clone, Copy, Debug)]
pub struct Kernels {
    /// As [`conv2d`](crate::conv2d).
    pub conv2d: fn(&Tensor, &Tensor, ConvSpec) -> Result<Tensor>,
    /// As [`max_pool2d`](crate::max_pool2d).
    pub max_pool2d: fn(&Tensor, PoolSpec) -> Result<Tensor>,
    /// As [`avg_pool2d`](crate::avg_pool2d).
    pub avg_pool2d: fn(&Tensor, PoolSpec, bool) -> Result<Tensor>,
    /// As [`relu`](crate::relu).
    pub relu: fn(&Tensor) -> Result<Tensor>,
    /// As [`batch_norm`](crate::batch_norm).
    pub batch_norm: BatchNorm,
    /// As [`upsample_nearest2d`](crate::upsample_nearest2d).
    pub upsample_nearest2d: fn(&Tensor, (usize, usize)) -> Result<Tensor>,
}

/// The signature of [`batch_norm`](crate::batch_norm).
pub type BatchNorm = fn(
    &Tensor,
    Option<(&Tensor, &Tensor)>,
    &Var,
    &Var,
    Statistics,
    BatchNormSpec,
) -> Result<Tensor>;

impl Kernels {
    /// The kernels that callers get: own ones on the CPU, the reference elsewhere.
    pub const PUBLIC: Self = Self {
        conv2d: crate::conv2d,
        max_pool2d: crate::max_pool2d,
        avg_pool2d: crate::avg_pool2d,
        relu: crate::relu,
        batch_norm: crate::batch_norm,
        upsample_nearest2d: crate::upsample_nearest2d,
    };

    /// The module [`reference`](crate::reference), on any device.
    pub const REFERENCE: Self = Self {
        conv2d: reference::conv2d,
        max_pool2d: reference::max_pool2d,
        avg_pool2d: reference::avg_pool2d,
        relu: reference::relu,
        batch_norm: reference::batch_norm,
        upsample_nearest2d: reference::upsample_nearest2d,
    };
}

/// Element types, each with how far a result may lie from the oracle: some thousand terms of order
/// one, summed in another order, are 1e3 to 1e4 roundings of f64 and a hundred of f32.
const TOLERANCES: [(DType, f64); 2] = [(DType::F64, 1e-12), (DType::F32, 2e-5)];

/// Runs `kernels` on `device` in `f64` and `f32`, over a table of shapes that has the corners
/// (planes of one pixel, batches of one image, odd sizes and channel counts, strides that do not
/// divide, dilations beyond the plane, ties, infinities and NaN), and compares results, gradients
/// of all arguments and running statistics with the reference in `f64` on the CPU.
///
/// Inputs are rounded to the element type before either side sees them. A value may differ from
/// the oracle's by `1e-12 * max(1, |value|)` in `f64` and `2e-5 * max(1, |value|)` in `f32`.
/// Everything must come back in the element type and on the device of the input.
///
/// # Errors
///
/// The first [`ConformanceError`], naming the case and the value.
pub fn check_kernels(
    device: &Device,
    kernels: &Kernels,
) -> std::result::Result<(), ConformanceError> {
    let cases = table::cases();
    cases.iter().try_for_each(|case| check_case(case, device, kernels))
}

fn check_case(
    case: &Case,
    device: &Device,
    kernels: &Kernels,
) -> std::result::Result<(), ConformanceError> {
    for (dtype, tolerance) in TOLERANCES {
        let named = |source| ConformanceError::Case {
            case: format!("{case:?}"),
            dtype,
            device: device.location(),
            source: Box::new(source),
        };
        let inputs = case.inputs(dtype).map_err(|error| named(error.into()))?;
        let oracle = case.run(&Kernels::REFERENCE, &inputs, DType::F64, &Device::Cpu);
        let oracle = oracle.map_err(named)?;
        let found = case.run(kernels, &inputs, dtype, device).map_err(named)?;
        compare::compare(&oracle, &found, tolerance).map_err(named)?;
    }
    Ok(())
}
