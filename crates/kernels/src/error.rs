//! Reasons for which a kernel refuses its arguments.

use candle_core::{DType, DeviceLocation};

/// The result of a kernel.
pub type Result<T> = std::result::Result<T, KernelError>;

/// The reason for which a kernel did not run. Shapes are checked before any work is done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KernelError {
    /// candle failed underneath (allocation, device transfer, an unsupported element type).
    #[error(transparent)]
    Candle(#[from] candle_core::Error),

    /// An argument has the wrong number of axes.
    #[error("{op}: {argument} must have {expected} axes, found shape {shape:?}")]
    Rank {
        /// The kernel that was called.
        op: &'static str,
        /// The argument at fault.
        argument: &'static str,
        /// The number of axes it must have.
        expected: usize,
        /// The shape it has.
        shape: Vec<usize>,
    },

    /// A list is shorter or longer than what is run needs.
    #[error("{op}: {expected} {argument} are needed, found {found}")]
    Count {
        /// The kernel that was called.
        op: &'static str,
        /// The argument at fault.
        argument: &'static str,
        /// The number there must be.
        expected: usize,
        /// The number there is.
        found: usize,
    },

    /// An argument has another shape than what is run was built for.
    #[error("{op}: {argument} must have shape {expected:?}, found {found:?}")]
    Shape {
        /// The kernel that was called.
        op: &'static str,
        /// The argument at fault.
        argument: &'static str,
        /// The shape it must have.
        expected: Vec<usize>,
        /// The shape it has.
        found: Vec<usize>,
    },

    /// An axis has length zero.
    #[error("{op}: {argument} has an empty axis, shape {shape:?}")]
    EmptyAxis {
        /// The kernel that was called.
        op: &'static str,
        /// The argument at fault.
        argument: &'static str,
        /// The shape it has.
        shape: Vec<usize>,
    },

    /// The channel count of an argument does not fit the others.
    #[error("{op}: {argument} must have {expected} channels, found {found}")]
    Channels {
        /// The kernel that was called.
        op: &'static str,
        /// The argument at fault.
        argument: &'static str,
        /// The channel count the other arguments ask for.
        expected: usize,
        /// The channel count found.
        found: usize,
    },

    /// The number of groups does not divide a channel count.
    #[error("{op}: {groups} groups do not divide {channels} {argument} channels")]
    Groups {
        /// The kernel that was called.
        op: &'static str,
        /// `"input"` or `"output"`.
        argument: &'static str,
        /// The channel count to be divided.
        channels: usize,
        /// The number of groups.
        groups: usize,
    },

    /// A kernel size, stride, dilation, group count or factor is zero.
    #[error("{op}: {parameter} must be at least 1, found {found:?}")]
    ZeroParameter {
        /// The kernel that was called.
        op: &'static str,
        /// The parameter at fault.
        parameter: &'static str,
        /// Its value, (height, width); a scalar is repeated.
        found: (usize, usize),
    },

    /// The dilated kernel does not fit into the padded input.
    #[error("{op}: a kernel extent of {kernel:?} does not fit the padded input {padded:?}")]
    KernelTooLarge {
        /// The kernel that was called.
        op: &'static str,
        /// Extent of the dilated kernel, (height, width).
        kernel: (usize, usize),
        /// Size of the padded input, (height, width).
        padded: (usize, usize),
    },

    /// A pooling window could lie wholly in the padding.
    #[error("{op}: padding {padding:?} is more than half of the kernel {kernel:?}")]
    PaddingTooLarge {
        /// The kernel that was called.
        op: &'static str,
        /// The padding, (height, width).
        padding: (usize, usize),
        /// The window, (height, width).
        kernel: (usize, usize),
    },

    /// The output padding of a transposed convolution is as large as stride and dilation.
    #[error("{op}: output padding must be below {most:?}, found {found:?}")]
    OutputPadding {
        /// The kernel that was called.
        op: &'static str,
        /// The larger one of stride and dilation, (height, width).
        most: (usize, usize),
        /// The output padding, (height, width).
        found: (usize, usize),
    },

    /// Padding takes away the whole result of a transposed convolution.
    #[error("{op}: padding {padding:?} on each side leaves nothing of a result of {whole:?}")]
    NothingLeft {
        /// The kernel that was called.
        op: &'static str,
        /// The padding, (height, width).
        padding: (usize, usize),
        /// Size of the result without padding, (height, width).
        whole: (usize, usize),
    },

    /// A size derived from the arguments does not fit the address space.
    #[error("{op}: the size derived from {parameter} {found:?} overflows")]
    SizeOverflow {
        /// The kernel that was called.
        op: &'static str,
        /// The parameter at fault.
        parameter: &'static str,
        /// Its value, (height, width).
        found: (usize, usize),
    },

    /// Two arguments differ in element type.
    #[error("{op}: {argument} must be {expected:?} as the input, found {found:?}")]
    ElementType {
        /// The kernel that was called.
        op: &'static str,
        /// The argument at fault.
        argument: &'static str,
        /// Element type of the input.
        expected: DType,
        /// Element type of the argument.
        found: DType,
    },

    /// The kernels compute in `f32` and `f64`.
    #[error("{op}: element type {found:?} is not supported on the CPU, use f32 or f64")]
    UnsupportedElementType {
        /// The kernel that was called.
        op: &'static str,
        /// Element type of the input.
        found: DType,
    },

    /// Two arguments live on different devices.
    #[error("{op}: {argument} must be on {expected:?} as the input, found {found:?}")]
    Device {
        /// The kernel that was called.
        op: &'static str,
        /// The argument at fault.
        argument: &'static str,
        /// The place of the input.
        expected: DeviceLocation,
        /// The place of the argument.
        found: DeviceLocation,
    },

    /// A variance needs at least two values per channel.
    #[error("{op}: batch statistics need more than 1 value per channel, input shape {shape:?}")]
    TooFewValues {
        /// The kernel that was called.
        op: &'static str,
        /// Shape of the input.
        shape: Vec<usize>,
    },

    /// A real-valued parameter lies outside its range.
    #[error("{op}: {parameter} must be {range}, found {found}")]
    Parameter {
        /// The kernel that was called.
        op: &'static str,
        /// The parameter at fault.
        parameter: &'static str,
        /// The allowed range, in words.
        range: &'static str,
        /// The value found.
        found: f64,
    },

    /// The environment asks for registers that there are not.
    #[error("environment variable {variable}: expected one of {expected:?}, found `{found}`")]
    Lanes {
        /// The name of the variable.
        variable: &'static str,
        /// The widths that there are on this machine, in floats.
        expected: Vec<usize>,
        /// The value found.
        found: String,
    },
}

impl From<KernelError> for candle_core::Error {
    fn from(error: KernelError) -> Self {
        match error {
            KernelError::Candle(error) => error,
            other => Self::wrap(other),
        }
    }
}
