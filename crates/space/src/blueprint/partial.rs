//! Edges whose operations see only some of the channels.

use serde::Serialize;

use super::InputPlan;
use crate::{Layer, Pair, Shape, SpaceError};

/// Partial channel connections: the path of the channels of an edge that its operations do not see.
///
/// `f^PC(x) = sum_o w_o o(S * x) + (1 - S) * x` (PC-DARTS, Xu et al. 2020, section 3.2), where the
/// mask `S` lets one in K channels pass; K is [`groups`](Self::groups). An edge that reads
/// `[B, C, H, W]`
///
/// 1. gives the first `C / K` channels to its operations, which are built for as many and whose
///    weighted sum has as many,
/// 2. sends the other `C - C / K` past them through [`layers`](Self::layers), with weight 1,
/// 3. concatenates both in this order, and
/// 4. shuffles: channel `g * C / K + i` becomes channel `i * K + g`, so that the next edge's
///    operations see channels of every group.
///
/// # Differences from the paper
/// The paper draws `S` anew in every pass. By default `S` is the first channels, as in its released
/// code, and the shuffle replaces drawing; a network may draw at run time (`Mask::Random` of
/// `dartloom-net`). On edges of stride 2, which the paper does not mention, the other channels are
/// halved by a 2x2 maximum, again as in the released code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PartialPlan {
    /// K: one in so many channels goes through the operations; also the groups of the shuffle.
    pub groups: usize,
    /// The layers for the channels that bypass the operations: none at stride 1, a maximum over
    /// `stride x stride` windows otherwise. No layer has parameters.
    pub layers: Vec<Layer>,
    /// Shape of these channels before `layers`.
    pub input: Shape,
}

impl InputPlan {
    /// Splits an edge that reads `self`: what its operations get when they see one in `groups`
    /// channels, and what happens to the other channels.
    ///
    /// # Errors
    /// [`SpaceError::PartialChannels`] when the channels that the edge reads or puts out are no
    /// multiple of `groups`, [`SpaceError::LayerInput`] for a plane smaller than the stride.
    pub fn split(self, groups: usize) -> Result<(Self, PartialPlan), SpaceError> {
        for channels in [self.shape.channels, self.width] {
            if groups == 0 || !channels.is_multiple_of(groups) {
                return Err(SpaceError::PartialChannels { groups, found: channels });
            }
        }
        let kept = self.shape.channels / groups;
        let shape = Shape { channels: kept, ..self.shape };
        let input = Shape { channels: self.shape.channels - kept, ..self.shape };
        let layers = bypass(self.stride);
        crate::layer::output_of(&layers, input)?;
        let operations = Self { shape, width: self.width / groups, ..self };
        Ok((operations, PartialPlan { groups, layers, input }))
    }
}

impl PartialPlan {
    /// Shape of the channels that passed the operations by, at the end of the edge.
    ///
    /// # Errors
    /// [`SpaceError::LayerInput`] when `layers` cannot take `input`.
    pub fn output(&self) -> Result<Shape, SpaceError> {
        crate::layer::output_of(&self.layers, self.input)
    }
}

fn bypass(stride: usize) -> Vec<Layer> {
    if stride == 1 {
        return Vec::new();
    }
    let window = Pair::both(stride);
    vec![Layer::MaxPool { kernel: window, stride: window, padding: Pair::both(0) }]
}
