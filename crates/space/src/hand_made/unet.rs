//! The U-Net.

use serde::{Deserialize, Serialize};

use super::blocks::{Levels, check_channels, halved, halvings, plane, two_convs};
use crate::{Graph, GraphBuilder, GraphInput, Outputs, Pair, Shape, SpaceError};

/// The U-Net (Ronneberger, Fischer and Brox, "U-Net: Convolutional Networks for Biomedical Image
/// Segmentation", MICCAI 2015, figure 1) for numbers at every pixel.
///
/// Level `i` has `base * 2^i` channels and a plane that was halved `i` times. Going down, every
/// level is two 3x3 convolutions, each with norm and ReLU, and a 2x2 maximum leads to the next. On
/// the way up, a transposed 2x2 convolution of stride 2 doubles the plane, its output stands behind
/// that of the level's encoder, and two more convolutions follow. A 1x1 convolution with bias ends
/// it.
///
/// # Differences from the paper
/// Convolutions are padded, so that the output has the size of the image; they have batch norms in
/// place of biases; and the default is four times thinner (16 base channels, 64 in the paper).
/// There is no dropout at the end of the encoder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct UNet {
    /// Channels of the first level.
    pub base: usize,
    /// Halvings of the image; `None` for 4, or as many as its sides can be halved.
    pub depth: Option<usize>,
}

impl Default for UNet {
    /// [`UNet::thin`].
    fn default() -> Self {
        Self::thin()
    }
}

/// The name of the baseline.
const NAME: &str = "unet";
/// Halvings of the paper.
const DEPTH: usize = 4;

impl UNet {
    /// 16 base channels, four halvings where the images allow them.
    pub const fn thin() -> Self {
        Self { base: 16, depth: None }
    }

    /// The network for images of shape `input`.
    ///
    /// # Errors
    /// [`SpaceError::BaselineOutputs`] for outputs that are no plane, [`SpaceError::Baseline`] for
    /// a setting out of range, [`SpaceError::Halvings`] for sides that cannot be halved so often.
    pub fn graph(&self, input: Shape, outputs: Outputs) -> Result<Graph, SpaceError> {
        let numbers = plane(NAME, outputs)?;
        check_channels(NAME, "base", self.base)?;
        let depth = halvings(NAME, self.depth, DEPTH, input)?;
        let mut graph = GraphBuilder::new(NAME, input)?;
        let mut values = Vec::with_capacity(depth + 1);
        let mut value = GraphInput::Image;
        for level in 0..=depth {
            if level > 0 {
                value = graph.node(format!("pool.{level}"), value, vec![halved()])?;
            }
            let layers = two_convs(graph.channels(value), self.base << level, Pair::both(1));
            value = graph.node(format!("encoder.{level}"), value, layers)?;
            values.push(value);
        }
        Levels { values, factors: vec![Pair::both(2); depth] }
            .decode(&mut graph, numbers, false)?;
        graph.finish(outputs)
    }
}
