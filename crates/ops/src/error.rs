//! What can go wrong when operations are built, run or loaded.

use dartloom_kernels::KernelError;
use dartloom_space::SpaceError;
use thiserror::Error;

/// Why an operation or its variables failed.
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
    /// An operation without a recipe that no factory builds.
    #[error("operation `{op}` has no recipe and the registry has no factory for it")]
    NoFactory {
        /// Name of the operation.
        op: String,
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
    /// A third party's operation failed.
    #[error("operation `{op}`: {source}")]
    Custom {
        /// Name of the operation.
        op: String,
        /// Its own error.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}
