//! The choices of a supernet's pass beside its weights.

use candle_core::Tensor;
use dartloom_space::CellWeights;

use crate::Mask;

/// The choices of one pass through a [`Supernet`](crate::Supernet), besides its weights. The
/// default replaces nothing and hides the same channels in every pass.
#[derive(Clone, Debug, Default)]
pub struct Mixing {
    /// The placed cell that gets weights other than those of its searchable cell.
    pub replaced: Option<Replaced>,
    /// The channels that the operations of an edge with partial channels see.
    pub mask: Mask,
}

/// Weights of one placed cell.
#[derive(Clone, Debug)]
pub struct Replaced {
    /// Position of the placed cell.
    pub place: usize,
    /// Its weights, of the shape that its searchable cell has.
    pub weights: CellWeights<Tensor>,
}

impl From<Mask> for Mixing {
    fn from(mask: Mask) -> Self {
        Self { mask, ..Self::default() }
    }
}
