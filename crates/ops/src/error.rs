//! Errors in building, running or loading operations.

use candle_core::DType;
use dartloom_kernels::KernelError;
use dartloom_space::SpaceError;
use thiserror::Error;

/// The reason for which an operation or its variables failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OpError {
    /// A kernel refused its input.
    #[error(transparent)]
    Kernel(#[from] KernelError),
    /// The tensor library failed.
    #[error(transparent)]
    Tensor(#[from] candle_core::Error),
    /// The space, recipe or registry is wrong.
    #[error(transparent)]
    Space(#[from] SpaceError),
    /// Two variables of one name.
    #[error("variable `{name}` exists already")]
    DuplicateVariable {
        /// Full name.
        name: String,
    },
    /// Dropout in a training pass that has no random numbers.
    #[error("dropout in training draws random numbers: run the layers by `Sequence::run`")]
    NoNoise,
    /// An operation without a recipe that no factory builds.
    #[error("operation `{op}` has no recipe and the registry has no factory for it")]
    NoFactory {
        /// Name of the operation.
        op: String,
    },
    /// An operation of a space that is not registered.
    #[error(
        "operation `{op}` of the set `{set}` is not registered; known are {}; add the space's \
         recipes: `Registry::with_recipes`",
        known.join(", ")
    )]
    Unregistered {
        /// Name of the operation.
        op: String,
        /// Name of the set.
        set: String,
        /// Registered names.
        known: Vec<String>,
    },
    /// An operation whose recipe in a space differs from that in the registry.
    #[error(
        "operation `{op}` of the set `{set}` is another one than the registry's of that name; add \
         the space's recipes: `Registry::with_recipes`"
    )]
    OtherRecipe {
        /// Name of the operation.
        op: String,
        /// Name of the set.
        set: String,
    },
    /// An operation in code that has other costs than it states.
    #[error(
        "operation `{op}`: its `OpCost` has {counted} parameters, but {created} were created; \
         variables come from the `Builder` alone"
    )]
    Counted {
        /// Name of the operation.
        op: String,
        /// The number of parameter values that it has created.
        created: u64,
        /// The number of parameter values in its cost.
        counted: u64,
    },
    /// An output that does not fit its edge.
    #[error(
        "expected an output of shape {expected:?} and type {dtype:?} on an edge of stride {stride}, \
         found {found:?} and {found_dtype:?}"
    )]
    Output {
        /// Shape of the contract: `[B, width, ceil(H / stride), ceil(W / stride)]`.
        expected: Vec<usize>,
        /// Type of the input.
        dtype: DType,
        /// Stride of the edge.
        stride: usize,
        /// Shape found.
        found: Vec<usize>,
        /// Type found.
        found_dtype: DType,
    },
    /// An output through which no gradient flows back.
    #[error(
        "no gradient flows from the output to {to}: does the operation detach, or compute on the host?"
    )]
    NoGradient {
        /// The value that is not reached: the input, or the operation's parameters.
        to: &'static str,
    },
    /// A factory for a name that is taken.
    #[error("operation `{op}` is registered already")]
    Registered {
        /// Name of the operation.
        op: String,
    },
    /// Stored variables do not fit the network.
    #[error("stored variables do not fit: missing [{}], unexpected [{}]",
        missing.join(", "), unexpected.join(", "))]
    VariableNames {
        /// Names the network has and the store lacks.
        missing: Vec<String>,
        /// Names the store has and the network lacks.
        unexpected: Vec<String>,
    },
    /// A stored variable of another shape.
    #[error("variable `{name}`: expected shape {expected:?}, found {found:?}")]
    VariableShape {
        /// Full name.
        name: String,
        /// Shape in the network.
        expected: Vec<usize>,
        /// Shape in the store.
        found: Vec<usize>,
    },
    /// The error of a third party's operation.
    #[error("operation `{op}`: {source}")]
    Custom {
        /// Name of the operation.
        op: String,
        /// Its own error.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A value that is not finite, found by a watch.
    #[error("{place}: the output is not finite")]
    NotFinite {
        /// Cell, edge and operation.
        place: String,
    },
    /// The error of a model.
    #[error(transparent)]
    Model(Box<dyn std::error::Error + Send + Sync>),
}
