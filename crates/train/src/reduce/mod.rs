//! Sums over the ranks that train one model together.

mod threads;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use candle_core::Tensor;
use thiserror::Error;

pub use threads::Threads;

/// A place among those that train one model together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rank {
    /// Its number, from 0.
    pub index: usize,
    /// Number of ranks.
    pub size: usize,
}

/// Sums over ranks.
///
/// # Contract
/// Every rank calls [`sum`](Self::sum) equally often, with as many tensors and numbers, of the same
/// shapes. All then hold the same bytes: the sums in the order of ranks. If a rank fails or does
/// not come, all others get an error, in this call and in every later one.
pub trait Reduce: fmt::Debug + Send + Sync {
    /// This rank.
    fn rank(&self) -> Rank;

    /// Replaces every tensor and every number by its sum over all ranks.
    ///
    /// # Errors
    /// [`ReduceError`] where another rank has other shapes, is late or has left.
    fn sum(&self, tensors: &mut [Tensor], numbers: &mut [f64]) -> Result<(), ReduceError>;
}

/// A single rank, whose sums are its own values.
#[derive(Clone, Copy, Debug, Default)]
pub struct Alone;

impl Reduce for Alone {
    fn rank(&self) -> Rank {
        Rank { index: 0, size: 1 }
    }

    fn sum(&self, _: &mut [Tensor], _: &mut [f64]) -> Result<(), ReduceError> {
        Ok(())
    }
}

/// The reason why ranks have no sum.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum ReduceError {
    /// A rank that has left.
    #[error("rank {rank} has left the others")]
    Left {
        /// Its number.
        rank: usize,
    },
    /// Ranks that did not come in time.
    #[error("rank {} did not come within {waited:?}",
        ranks.iter().map(usize::to_string).collect::<Vec<_>>().join(", rank "))]
    Late {
        /// Their numbers.
        ranks: Vec<usize>,
        /// The time that was waited.
        waited: Duration,
    },
    /// A rank whose tensors or numbers are not those of rank 0.
    #[error("rank {rank}: expected {expected}, as rank 0 has, found {found}")]
    Unlike {
        /// Its number.
        rank: usize,
        /// Tensors and numbers of rank 0.
        expected: String,
        /// Those of this rank.
        found: String,
    },
    /// Ranks whose gradients are of other parameters.
    #[error("rank {rank}: the ranks have gradients of different parameters")]
    Names {
        /// This rank.
        rank: usize,
    },
    /// The tensor library failed.
    #[error("a sum over ranks: {0}")]
    Tensor(Arc<candle_core::Error>),
}

impl From<candle_core::Error> for ReduceError {
    fn from(error: candle_core::Error) -> Self {
        Self::Tensor(Arc::new(error))
    }
}
