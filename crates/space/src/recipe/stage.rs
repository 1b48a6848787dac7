//! One step of a recipe.

use serde::{Deserialize, Serialize};

use crate::Pair;

/// One step of a [`Recipe`](crate::Recipe).
///
/// All convolutions are without bias and padded to keep the size at stride 1:
/// `padding = dilation * (kernel - 1) / 2` on each axis, so kernels are odd.
///
/// In RON: `[Relu, Depthwise(kernel: 3, stride: Edge), Pointwise(), Norm()]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub enum Stage {
    /// Rectified linear unit.
    Relu,
    /// One `kernel` filter per channel; the channel count stays.
    Depthwise {
        /// Filter size.
        kernel: Pair,
        /// Distance between taps.
        #[serde(default = "one", skip_serializing_if = "is_one")]
        dilation: Pair,
        /// Step of the filter.
        #[serde(default, skip_serializing_if = "Stride::is_unit")]
        stride: Stride,
    },
    /// 1x1 convolution across channels.
    Pointwise {
        /// Output channels.
        #[serde(default, skip_serializing_if = "Width::is_same")]
        out: Width,
        /// Step of the filter.
        #[serde(default, skip_serializing_if = "Stride::is_unit")]
        stride: Stride,
    },
    /// Dense convolution.
    Conv {
        /// Filter size.
        kernel: Pair,
        /// Output channels.
        #[serde(default, skip_serializing_if = "Width::is_same")]
        out: Width,
        /// Distance between taps.
        #[serde(default = "one", skip_serializing_if = "is_one")]
        dilation: Pair,
        /// Step of the filter.
        #[serde(default, skip_serializing_if = "Stride::is_unit")]
        stride: Stride,
        /// Groups that do not see each other's channels.
        #[serde(default = "one_group", skip_serializing_if = "is_one_group")]
        groups: usize,
    },
    /// Maximum over a window; the border is padded with minus infinity.
    MaxPool {
        /// Window size.
        kernel: Pair,
        /// Step of the window.
        #[serde(default, skip_serializing_if = "Stride::is_unit")]
        stride: Stride,
    },
    /// Mean over the part of a window that lies inside the plane.
    AvgPool {
        /// Window size.
        kernel: Pair,
        /// Step of the window.
        #[serde(default, skip_serializing_if = "Stride::is_unit")]
        stride: Stride,
    },
    /// Halves the plane without losing pixels: two stride-2 1x1 convolutions, one on the plane
    /// and one on the plane shifted by a pixel, concatenated.
    FactorizedReduce {
        /// Output channels (even).
        #[serde(default, skip_serializing_if = "Width::is_same")]
        out: Width,
    },
    /// Batch normalisation.
    Norm {
        /// In which phase the stage exists.
        #[serde(default, skip_serializing_if = "When::is_always")]
        when: When,
    },
    /// Nearest-neighbour enlargement.
    Upsample {
        /// Enlargement per axis.
        factor: Pair,
    },
    /// The input, unchanged.
    Identity,
    /// Zeros of the size the edge's stride asks for.
    Zero,
    /// The layers that a network laid out by hand has in the place of a searched block
    /// ([`OpSpec::hand_made`](crate::OpSpec::hand_made)). It has no meaning anywhere else.
    HandMade,
}

impl Stage {
    /// `true` if the stage has convolution weights; those laid out by hand are said to have some.
    pub fn has_weights(&self) -> bool {
        matches!(
            self,
            Self::Depthwise { .. }
                | Self::Pointwise { .. }
                | Self::Conv { .. }
                | Self::FactorizedReduce { .. }
                | Self::HandMade
        )
    }
}

/// The step of a stage: fixed at 1, or taken from the edge the operation stands on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stride {
    /// 1 on both axes.
    #[default]
    Unit,
    /// The edge's stride on both axes.
    Edge,
    /// The edge's stride along the height, 1 along the width.
    Height,
    /// The edge's stride along the width, 1 along the height.
    Width,
}

impl Stride {
    /// The concrete step on an edge of stride `edge`.
    pub const fn resolve(self, edge: usize) -> Pair {
        match self {
            Self::Unit => Pair::both(1),
            Self::Edge => Pair::both(edge),
            Self::Height => Pair::new(edge, 1),
            Self::Width => Pair::new(1, edge),
        }
    }

    fn is_unit(&self) -> bool {
        *self == Self::Unit
    }
}

/// Output channels of a stage, relative to the width of its edge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Width {
    /// The edge's width.
    #[default]
    Same,
    /// A multiple of the edge's width.
    Times(usize),
    /// A fraction of the edge's width (rounded down).
    Over(usize),
}

impl Width {
    /// The concrete number of channels on an edge `width` channels wide.
    pub const fn resolve(self, width: usize) -> usize {
        match self {
            Self::Same => width,
            Self::Times(factor) => width.saturating_mul(factor),
            Self::Over(0) => 0,
            Self::Over(divisor) => width / divisor,
        }
    }

    fn is_same(&self) -> bool {
        *self == Self::Same
    }
}

/// In which phase a stage exists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum When {
    /// In supernets and derived networks.
    #[default]
    Always,
    /// Only in supernets (DARTS normalises pooled values while searching).
    Search,
    /// Only in derived networks.
    Retrain,
}

impl When {
    fn is_always(&self) -> bool {
        *self == Self::Always
    }
}

fn one() -> Pair {
    Pair::both(1)
}

fn is_one(pair: &Pair) -> bool {
    *pair == one()
}

fn one_group() -> usize {
    1
}

fn is_one_group(groups: &usize) -> bool {
    *groups == 1
}
