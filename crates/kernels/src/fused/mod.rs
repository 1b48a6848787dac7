//! Weighted sums of branches, forwards and backwards in one operation.
//!
//! A [`Program`] is a small graph: every node is the sum of branches that read earlier values, a
//! branch is a chain of [`Stage`]s with a factor. A run is one operation for candle; inside, no
//! branch is materialised that the gradient does not need, ReLUs and padded planes are shared,
//! norms are folded into the sums, and buffers come from an [`Arena`].

mod arena;
mod backward;
mod block;
mod extent;
mod forward;
mod layout;
mod lines;
mod op;
mod prepared;
mod program;
mod scratch;
mod spatial;
mod spatial_back;
mod stage;
mod step_back;
#[cfg(test)]
mod tests;
mod window;

pub use arena::Arena;
pub use extent::Extent;
pub use layout::Memory;
pub use op::Call;
pub use program::{Branch, Program, ProgramBuilder};
pub use stage::Stage;

/// The part of the work that is kept between the forward and the backward pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Recompute {
    /// The output of every convolution and pooling is kept.
    #[default]
    #[cfg_attr(feature = "serde", serde(alias = "never"))]
    Never,
    /// Only values of nodes and the statistics of norms are kept; an edge is computed once more
    /// when its gradient is due. Slower, in a fraction of the memory.
    #[cfg_attr(feature = "serde", serde(alias = "edge"))]
    Edge,
}
