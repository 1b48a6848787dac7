//! Errors of building and running networks.

use dartloom_kernels::KernelError;
use dartloom_ops::OpError;
use dartloom_space::{Phase, Shape, SpaceError};
use thiserror::Error;

/// The reason why a network could not be built or run.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum NetError {
    /// An operation failed.
    #[error("{place}: {source}")]
    At {
        /// Cell, edge and operation.
        place: String,
        /// Its error; boxed, because it would make every result of this crate large.
        #[source]
        source: Box<OpError>,
    },
    /// An operation failed outside any cell.
    #[error(transparent)]
    Op(OpError),
    /// The tensor library failed.
    #[error(transparent)]
    Tensor(#[from] candle_core::Error),
    /// A kernel refused its input.
    #[error(transparent)]
    Kernel(#[from] KernelError),
    /// The space or genotype does not fit.
    #[error(transparent)]
    Space(#[from] SpaceError),
    /// Images of another shape than the network was built for.
    #[error("the network takes images of {expected}, found a batch of shape {found:?}")]
    Input {
        /// Shape of one image.
        expected: Shape,
        /// Shape of the batch.
        found: Vec<usize>,
    },
    /// Architecture weights that do not fit the supernet.
    #[error("architecture weights of cell {cell}: expected shape {expected:?}, found {found:?}")]
    Weights {
        /// Index of the searchable cell.
        cell: usize,
        /// Expected shape: edges and operations, or edges alone if the weights of edges do not fit.
        expected: Vec<usize>,
        /// Shape found; empty when the cell has no weights.
        found: Vec<usize>,
    },
    /// Weights of links that do not fit the supernet.
    #[error("architecture weights of links: expected lines of {expected:?}, found {found:?}")]
    Links {
        /// Links of each port that has weights.
        expected: Vec<usize>,
        /// Shapes of the weights.
        found: Vec<Vec<usize>>,
    },
    /// Channels that cannot be shuffled.
    #[error(
        "a shuffle in {groups} groups needs [B, C, H, W] with C a multiple of {groups}, found \
        {found:?}"
    )]
    Shuffle {
        /// Groups of channels.
        groups: usize,
        /// Shape of the tensor.
        found: Vec<usize>,
    },
    /// A blueprint of the other kind: supernets are searched, derived networks retrained.
    #[error("expected a blueprint for {expected:?}, found one for {found:?}")]
    Blueprint {
        /// The kind of blueprint that this network needs.
        expected: Phase,
        /// The kind of the blueprint that was given.
        found: Phase,
    },
    /// A network that is not contained in the supernet.
    #[error("the supernet's cell {cell} has no edge {from}->{to}")]
    Subnet {
        /// Index of the placed cell.
        cell: usize,
        /// Source node.
        from: usize,
        /// Target node.
        to: usize,
    },
    /// An auxiliary head whose input is too small for its pooling.
    #[error("the auxiliary head after cell {after} needs a larger plane, found {found}")]
    AuxiliaryInput {
        /// The cell it reads.
        after: usize,
        /// Shape of its input.
        found: Shape,
    },
    /// An auxiliary head requested in a space whose network has none.
    #[error("an auxiliary head is asked for, and the networks of space `{space}` have none")]
    NoAuxiliary {
        /// Name of the space.
        space: String,
    },
    /// A baseline that cannot be built for these images.
    #[error("{baseline} needs {expected}, found {found}")]
    Baseline {
        /// Name of the baseline.
        baseline: &'static str,
        /// The allowed values.
        expected: &'static str,
        /// The value that was given.
        found: String,
    },
    /// A workload so large that its memory is not counted.
    #[error(
        "memory: expected less than 16 PiB, found more with a batch of {batch} on {threads} threads"
    )]
    Uncountable {
        /// Images of the batch.
        batch: usize,
        /// Threads of the kernels.
        threads: usize,
    },
}

impl From<OpError> for NetError {
    /// The network's error where a [model](OpError::Model) failed with one, an operation's
    /// otherwise.
    fn from(error: OpError) -> Self {
        match error {
            OpError::Model(source) => match source.downcast() {
                Ok(own) => *own,
                Err(source) => Self::Op(OpError::Model(source)),
            },
            other => Self::Op(other),
        }
    }
}

impl From<NetError> for OpError {
    /// An operation's error as it is, any other as that of a [model](OpError::Model).
    fn from(error: NetError) -> Self {
        match error {
            NetError::Op(error) => error,
            other => Self::Model(Box::new(other)),
        }
    }
}
