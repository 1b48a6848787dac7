//! A U-Net whose encoder is residual.

use serde::{Deserialize, Serialize};

use super::blocks::{
    Levels, Residual, check, check_channels, conv_norm_relu, halved, halvings, plane,
};
use crate::{Graph, GraphBuilder, GraphInput, Outputs, Pair, Shape, SpaceError};

/// "A U-Net where encoder blocks are replaced with ResNet blocks": the baseline that searched
/// networks for the segmentation of satellite images were compared with (Cazasnoves, Ganaye,
/// Sanchis and Ceillier, "Neural Architecture Search in operational context: a remote sensing
/// case-study", Preligens 2021, hal-03343944, section 5).
///
/// The decoder is that of the [`UNet`](super::UNet). In the encoder, level `i` is a chain of
/// [`blocks`](Self::blocks) basic residual blocks of `base * 2^i` channels (two 3x3 convolutions
/// with norms, added to the input; a 1x1 convolution with norm on the way past where channels
/// change), and a 2x2 maximum leads to the next level. A 3x3 convolution with norm and ReLU comes
/// before the first.
///
/// # Differences from the paper
/// The paper says of its numbers only that "the number of filters of each convolutional layer, or
/// the number of layers in each block, are handpicked". The defaults are those of the U-Net here
/// and the two blocks of ResNet-18.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ResNetUNet {
    /// Channels of the first level.
    pub base: usize,
    /// Halvings of the image; `None` for 4, or as many as its sides can be halved.
    pub depth: Option<usize>,
    /// Residual blocks of a level.
    pub blocks: usize,
}

impl Default for ResNetUNet {
    fn default() -> Self {
        Self { base: 16, depth: None, blocks: 2 }
    }
}

/// The name of the baseline.
const NAME: &str = "resnet_unet";
/// Halvings of the U-Net.
const DEPTH: usize = 4;

impl ResNetUNet {
    /// The network for images of shape `input`.
    ///
    /// # Errors
    /// As [`UNet::graph`](super::UNet::graph).
    pub fn graph(&self, input: Shape, outputs: Outputs) -> Result<Graph, SpaceError> {
        let numbers = plane(NAME, outputs)?;
        check_channels(NAME, "base", self.base)?;
        check(NAME, "blocks", self.blocks, 1..=64)?;
        let depth = halvings(NAME, self.depth, DEPTH, input)?;
        let mut graph = GraphBuilder::new(NAME, input)?;
        let stem = conv_norm_relu(input.channels, self.base, Pair::both(1));
        let mut value = graph.node("stem", GraphInput::Image, stem.to_vec())?;
        let mut values = Vec::with_capacity(depth + 1);
        for level in 0..=depth {
            if level > 0 {
                value = graph.node(format!("pool.{level}"), value, vec![halved()])?;
            }
            for block in 0..self.blocks {
                let name = format!("encoder.{level}.{block}");
                let own = Residual::basic(graph.channels(value), self.base << level, 1);
                value = own.add(&mut graph, &name, value)?;
            }
            values.push(value);
        }
        Levels { values, factors: vec![Pair::both(2); depth] }
            .decode(&mut graph, numbers, false)?;
        graph.finish(outputs)
    }
}
