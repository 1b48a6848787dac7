//! Laws that an operation breaks.

use candle_core::{DType, DeviceLocation};
use dartloom_kernels::testkit::GradientError;
use dartloom_space::InputPlan;
use thiserror::Error;

use crate::{Mode, OpError};

/// The reason for which an operation is not lawful.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LawError {
    /// In one of the cases.
    #[error("operation `{op}`, {} to {} channels, stride {}, {:?}: {source}",
        at.shape, at.width, at.stride, at.phase)]
    Case {
        /// Name of the operation.
        op: String,
        /// Its surroundings.
        at: InputPlan,
        /// The law it broke there.
        #[source]
        source: Box<LawError>,
    },
    /// The operation failed.
    #[error(transparent)]
    Operation(#[from] OpError),
    /// The tensor library failed.
    #[error(transparent)]
    Tensor(#[from] candle_core::Error),
    /// An output of another shape.
    #[error("expected output shape {expected:?}, found {found:?}")]
    Shape {
        /// Shape of the contract.
        expected: Vec<usize>,
        /// Shape of the output.
        found: Vec<usize>,
    },
    /// An output of another element type.
    #[error("expected an output of {expected:?}, found {found:?}")]
    ElementType {
        /// Type of the input.
        expected: DType,
        /// Type of the output.
        found: DType,
    },
    /// An output on another device.
    #[error("expected an output on {expected:?}, found {found:?}")]
    Device {
        /// Device of the input.
        expected: DeviceLocation,
        /// Device of the output.
        found: DeviceLocation,
    },
    /// The gradient of the input is wrong.
    #[error("the gradient of the input is wrong in {mode:?}")]
    InputGradient {
        /// The mode of the pass.
        mode: Mode,
        /// The place of the error.
        #[source]
        source: GradientError<OpError>,
    },
    /// The gradient of a parameter is wrong.
    #[error("parameter `{name}`, element {element}: gradient {analytic}, difference {numeric}")]
    ParameterGradient {
        /// Name of the parameter.
        name: String,
        /// Row-major index of the element.
        element: usize,
        /// The gradient of the backward pass.
        analytic: f64,
        /// The central difference.
        numeric: f64,
    },
    /// A parameter that the backward pass does not reach: it will not be trained, and loading it
    /// may change nothing.
    #[error("parameter `{name}` has no gradient")]
    Unreached {
        /// Name of the parameter.
        name: String,
    },
    /// Equal seeds create different variables.
    #[error("variable `{name}` differs between two builds from one seed")]
    Creation {
        /// Name of the variable.
        name: String,
    },
    /// Equal inputs give different outputs.
    #[error("equal inputs give different outputs in {mode:?}")]
    Repeat {
        /// The mode of the passes.
        mode: Mode,
    },
    /// A pass changed a variable that it must leave alone.
    #[error("a pass in {mode:?} changed `{name}`")]
    Changed {
        /// The mode of the pass.
        mode: Mode,
        /// Name of the variable.
        name: String,
    },
    /// Training left running statistics as they were.
    #[error("training did not change the running statistics `{name}`")]
    Stale {
        /// Name of the buffer.
        name: String,
    },
    /// The factory counts other parameters than it creates.
    #[error("{expected} parameters are created, the cost says {found}")]
    ParameterCount {
        /// Trainable numbers created.
        expected: u64,
        /// Trainable numbers of the cost.
        found: u64,
    },
}
