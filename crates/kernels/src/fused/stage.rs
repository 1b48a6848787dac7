//! The parts of a branch of a fused sum.

use candle_core::{Tensor, Var};

use crate::{BatchNormSpec, ConvSpec, PoolSpec};

/// One step of a branch, with its tensors.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Stage {
    /// Nothing.
    Identity,
    /// Positive part.
    Relu,
    /// Convolution without bias; `weight` is `[out, in / groups, kh, kw]`.
    Conv {
        /// Filters.
        weight: Tensor,
        /// The steps of the convolution.
        spec: ConvSpec,
    },
    /// Maximum over windows.
    MaxPool(PoolSpec),
    /// Mean over the positions of a window that lie inside the plane.
    AvgPool(PoolSpec),
    /// Two 1x1 convolutions with stride 2, the second one row and column further; outputs follow
    /// one another. Weights are `[out / 2, in, 1, 1]`.
    FactorizedReduce {
        /// Filters on even rows and columns.
        even: Tensor,
        /// Filters on odd rows and columns.
        odd: Tensor,
    },
    /// Every value over a block of `factor.0` rows and `factor.1` columns: the nearest pixel.
    Enlarge {
        /// Rows and columns for each row and column, at least 1.
        factor: (usize, usize),
    },
    /// Batch norm.
    Norm {
        /// Scale and shift, `[C]` each.
        affine: Option<(Tensor, Tensor)>,
        /// Running mean, `[C]`.
        mean: Var,
        /// Running variance, `[C]`.
        variance: Var,
        /// Its constants.
        spec: BatchNormSpec,
    },
}
