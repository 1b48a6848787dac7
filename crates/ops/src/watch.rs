//! Observation of layers while they run.

use candle_core::Tensor;

use crate::OpError;

/// The kind of a layer, as far as watchers distinguish them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LayerKind {
    /// Rectifier.
    Relu,
    /// Convolution, transposed ones and a factorized reduce among them.
    Conv,
    /// Batch norm.
    Norm,
    /// Mean over the whole plane.
    GlobalAvgPool,
    /// Fully connected layer.
    Linear,
    /// Anything else.
    Other,
}

/// An observer that sees the kind, the input and the output of a layer, and returns the value that
/// replaces the output: mostly the output itself.
pub type LayerWatch<'a> = dyn FnMut(LayerKind, &Tensor, Tensor) -> Result<Tensor, OpError> + 'a;
