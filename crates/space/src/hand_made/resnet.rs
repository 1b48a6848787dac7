//! Residual networks.

use serde::{Deserialize, Serialize};

use super::blocks::{Residual, check, check_channels, conv, conv_norm_relu, norm, vector};
use crate::{Graph, GraphBuilder, GraphInput, Layer, Outputs, Pair, Shape, SpaceError};

/// A residual network (He, Zhang, Ren and Sun, "Deep Residual Learning for Image Recognition",
/// CVPR 2016) that puts out a vector.
///
/// After the stem come stages of residual blocks; stage `i` has `width * 2^i` channels, and the
/// first block of every stage but the first halves the plane. Where channels or plane change, a 1x1
/// convolution with norm replaces the way past a block. The mean over the plane and a fully
/// connected layer end it. Convolutions have no bias.
///
/// # Differences from the paper
/// In a bottleneck the 3x3 convolution has the stride, as in torchvision, and not the first 1x1
/// convolution; the numbers of parameters are the same. [`ResNetStem::Small`] is no stem of the
/// paper's ImageNet networks: it is the usual one for images as small as those of CIFAR.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ResNet {
    /// Layers before the first stage.
    pub stem: ResNetStem,
    /// Channels of the first stage; its blocks put out four times as many if they are bottlenecks.
    pub width: usize,
    /// Blocks of each stage.
    pub blocks: Vec<usize>,
    /// `true` for blocks of 1x1, 3x3 and 1x1 convolutions, `false` for two 3x3 convolutions.
    pub bottlenecks: bool,
}

/// Layers before the first stage of a [`ResNet`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ResNetStem {
    /// A 3x3 convolution with norm and ReLU.
    #[default]
    Small,
    /// A 7x7 convolution of stride 2 with norm and ReLU, and a 3x3 maximum of stride 2: a quarter
    /// of the image's sides is left.
    ImageNet,
}

impl Default for ResNet {
    /// [`ResNet::resnet18`].
    fn default() -> Self {
        Self::resnet18()
    }
}

/// The name of the baseline.
const NAME: &str = "ResNet";
/// Channels that a bottleneck puts out, as a multiple of its own.
const EXPANSION: usize = 4;

impl ResNet {
    /// ResNet-18 with the stem for small images: 64 channels, two basic blocks in each of four
    /// stages.
    pub fn resnet18() -> Self {
        let stem = ResNetStem::Small;
        Self { stem, width: 64, blocks: vec![2; 4], bottlenecks: false }
    }

    /// ResNet-50 with the stem for small images: 64 channels, 3, 4, 6 and 3 bottlenecks.
    pub fn resnet50() -> Self {
        Self { blocks: vec![3, 4, 6, 3], bottlenecks: true, ..Self::resnet18() }
    }

    /// "Tiny ResNet": ten layers, eight times thinner than ResNet-18.
    pub fn tiny() -> Self {
        Self { width: 8, blocks: vec![1; 4], ..Self::resnet18() }
    }

    /// The same with another stem.
    #[must_use]
    pub fn with_stem(self, stem: ResNetStem) -> Self {
        Self { stem, ..self }
    }

    /// The network for images of shape `input`.
    ///
    /// # Errors
    /// [`SpaceError::BaselineOutputs`] for outputs that are no vector, [`SpaceError::Baseline`] for
    /// a setting out of range.
    pub fn graph(&self, input: Shape, outputs: Outputs) -> Result<Graph, SpaceError> {
        let numbers = vector(NAME, outputs)?;
        check_channels(NAME, "width", self.width)?;
        check(NAME, "blocks: number of stages", self.blocks.len(), 1..=8)?;
        let mut graph = GraphBuilder::new(NAME, input)?;
        let mut value = graph.node("stem", GraphInput::Image, self.stem_layers(input))?;
        for (stage, &blocks) in self.blocks.iter().enumerate() {
            check(NAME, "blocks", blocks, 1..=256)?;
            for block in 0..blocks {
                let width = self.width << stage;
                let stride = if stage > 0 && block == 0 { 2 } else { 1 };
                let inputs = graph.channels(value);
                let own = if self.bottlenecks {
                    Residual::bottleneck(inputs, width, EXPANSION * width, stride)
                } else {
                    Residual::basic(inputs, width, stride)
                };
                value = own.add(&mut graph, &format!("stages.{stage}.{block}"), value)?;
            }
        }
        let inputs = graph.channels(value);
        let head = vec![Layer::GlobalAvgPool, Layer::Linear { inputs, outputs: numbers }];
        graph.node("head", value, head)?;
        graph.finish(outputs)
    }

    fn stem_layers(&self, input: Shape) -> Vec<Layer> {
        match self.stem {
            ResNetStem::Small => conv_norm_relu(input.channels, self.width, Pair::both(1)).to_vec(),
            ResNetStem::ImageNet => vec![
                conv(input.channels, self.width, 7, Pair::both(2)),
                norm(self.width),
                Layer::Relu,
                Layer::MaxPool {
                    kernel: Pair::both(3),
                    stride: Pair::both(2),
                    padding: Pair::both(1),
                },
            ],
        }
    }
}
