//! The fully convolutional network.

use serde::{Deserialize, Serialize};

use super::blocks::{
    check_channels, conv, conv_norm_relu, halved, halvings, norm, per_pixel, plane,
};
use crate::{Graph, GraphBuilder, GraphInput, Layer, Outputs, Pair, Resize, Shape, SpaceError};

/// The fully convolutional network on VGG-16 (Long, Shelhamer and Darrell, "Fully Convolutional
/// Networks for Semantic Segmentation", CVPR 2015: FCN-8s with five halvings), for numbers at every
/// pixel. Auto-CNNp is evaluated on it beside the U-Net.
///
/// Groups of 2, 2, 3, 3 and 3 convolutions of 3x3, each with norm and ReLU, of `base`, `2 base`,
/// `4 base`, `8 base` and `8 base` channels are each followed by a 2x2 maximum. A 7x7 and a 1x1
/// convolution of `hidden` channels, with norms and ReLU, read the last. Scores are 1x1
/// convolutions with bias to the numbers for a pixel, of this value and of the two maxima before
/// the last; each is enlarged by two and added to the next finer one, and the sum is enlarged to
/// the size of the image.
///
/// # Differences from the paper
/// Convolutions have batch norms in place of biases, since nothing is trained before; there is no
/// dropout; every enlargement is bilinear and fixed, where the paper learns those by two from a
/// bilinear start; images are not padded by 100 pixels, for the 7x7 convolution is padded itself;
/// the default is four times thinner (16 base channels, 64 in the paper; 256 hidden channels, 4096
/// in the paper). Images that cannot be halved five times are halved less often.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Fcn {
    /// Channels of the first group.
    pub base: usize,
    /// Channels of the 7x7 convolution and after it.
    pub hidden: usize,
    /// Halvings of the image; `None` for 5, or as many as its sides can be halved.
    pub depth: Option<usize>,
}

impl Default for Fcn {
    fn default() -> Self {
        Self { base: 16, hidden: 256, depth: None }
    }
}

/// The name of the baseline.
const NAME: &str = "fcn";
/// Convolutions of each group, as in VGG-16.
const CONVOLUTIONS: [usize; 5] = [2, 2, 3, 3, 3];
/// The widest group, in base channels.
const WIDEST: usize = 8;
/// Values that are scored: the last one and two before it.
const SCORED: usize = 3;

impl Fcn {
    /// The network for images of shape `input`.
    ///
    /// # Errors
    /// As [`UNet::graph`](super::UNet::graph).
    pub fn graph(&self, input: Shape, outputs: Outputs) -> Result<Graph, SpaceError> {
        let numbers = plane(NAME, outputs)?;
        check_channels(NAME, "base", self.base)?;
        check_channels(NAME, "hidden", self.hidden)?;
        let groups = CONVOLUTIONS.len();
        let depth = halvings(NAME, self.depth, groups, input)?;
        super::blocks::check(NAME, "depth", depth, 0..=groups)?;
        let mut graph = GraphBuilder::new(NAME, input)?;
        // The image stands for a maximum where nothing is halved.
        let mut pooled = vec![GraphInput::Image];
        for (group, convolutions) in CONVOLUTIONS.into_iter().take(depth).enumerate() {
            let width = self.base * (1 << group).min(WIDEST);
            let mut value = pooled[group];
            let mut layers = Vec::new();
            let mut inputs = graph.channels(value);
            for _ in 0..convolutions {
                layers.extend(conv_norm_relu(inputs, width, Pair::both(1)));
                inputs = width;
            }
            value = graph.node(format!("features.{group}"), value, layers)?;
            pooled.push(graph.node(format!("pool.{group}"), value, vec![halved()])?);
        }
        self.scored(&mut graph, &pooled, numbers)?;
        graph.finish(outputs)
    }

    fn scored(
        &self,
        graph: &mut GraphBuilder,
        pooled: &[GraphInput],
        numbers: usize,
    ) -> Result<GraphInput, SpaceError> {
        let last = pooled.len() - 1;
        let hidden = self.hidden;
        let one = Pair::both(1);
        let wide = [conv(graph.channels(pooled[last]), hidden, 7, one), norm(hidden), Layer::Relu];
        let flat = [conv(hidden, hidden, 1, one), norm(hidden), Layer::Relu];
        let layers = wide.into_iter().chain(flat).collect();
        let value = graph.node("classifier", pooled[last], layers)?;
        let mut score = graph.node(format!("score.{last}"), value, per_pixel(hidden, numbers))?;
        // Where the image is halved twice or less, its own plane has no score.
        let first = (last + 1).saturating_sub(SCORED).max(1).min(last);
        for level in (first..last).rev() {
            let value = pooled[level];
            let layers = per_pixel(graph.channels(value), numbers);
            let finer = graph.node(format!("score.{level}"), value, layers)?;
            let larger = graph.node(format!("larger.{level}"), score, vec![enlarged(1)])?;
            score = graph.sum(format!("sum.{level}"), &[finer, larger], Vec::new())?;
        }
        graph.node("head", score, vec![enlarged(first)])
    }
}

/// Bilinear enlargement by `2^times`.
fn enlarged(times: usize) -> Layer {
    Layer::Upsample { factor: Pair::both(1 << times), resize: Resize::Bilinear }
}
