//! The U-Net that configures itself.

use serde::{Deserialize, Serialize};

use super::blocks::{Levels, check, check_channels, plane, two_convs};
use crate::{Graph, GraphBuilder, GraphInput, Outputs, Pair, Shape, SpaceError};

/// A U-Net whose depth and widths follow from the size of the images, in the manner of nnU-Net
/// (Isensee, Jaeger, Kohl, Petersen and Maier-Hein, "nnU-Net: a self-configuring method for deep
/// learning-based biomedical image segmentation", Nature Methods 18, 2021).
///
/// An axis is halved while at least [`smallest`](Self::smallest) pixels are left after it; an axis
/// alone while half of another `smallest` is left, too. Level `i` has `min(base * 2^i, most)`
/// channels. A level is two 3x3 convolutions with norms and ReLU, of which the first halves the
/// plane; transposed convolutions enlarge it on the way up, and stand behind the encoder's values
/// as in the [`UNet`](super::UNet).
///
/// [`plan`](super::plan) chooses the size of the images that it is trained with.
///
/// # Differences from the paper
/// Batch norms stand in place of instance norms, and ReLU in place of leaky ReLU; convolutions with
/// norm have no bias. Pixels have one size. An axis with an odd number of pixels is not halved,
/// where nnU-Net pads its patches. Deep supervision is off unless it is [asked for](Self::deep).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SelfConfigured {
    /// Channels of the first level.
    pub base: usize,
    /// Most channels of a level.
    pub most: usize,
    /// Pixels that are left of every axis.
    pub smallest: usize,
    /// True for deep supervision: in training, every level of the decoder puts out numbers for its
    /// own pixels, by a 1x1 convolution with bias.
    ///
    /// `false` by default, and not written then, so that files from before this setting mean the
    /// network that they meant; [`plan`](super::plan) sets it, as nnU-Net does.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub deep: bool,
}

impl Default for SelfConfigured {
    /// nnU-Net's numbers for planes: 32 channels, 512 at most, 4 pixels; no deep supervision.
    fn default() -> Self {
        Self { base: 32, most: 512, smallest: 4, deep: false }
    }
}

/// The name of the baseline.
const NAME: &str = "self_configured";

impl SelfConfigured {
    /// The steps between levels for planes of `size`: 2 or 1 for each axis. The plane is padded to
    /// be halved if `padded`; otherwise odd axes are not halved.
    pub(super) fn steps(&self, size: Pair, padded: bool) -> Vec<Pair> {
        let smallest = self.smallest.max(1);
        let mut size = size;
        let mut steps = Vec::new();
        loop {
            let fits = |side: usize, least: usize| {
                side >= least * smallest && (padded || side.is_multiple_of(2))
            };
            let rows = fits(size.height, 2);
            let columns = fits(size.width, 2);
            // An axis alone goes on where a half more is left.
            let step = match (rows, columns) {
                (true, true) => Pair::both(2),
                (true, false) if fits(size.height, 3) => Pair::new(2, 1),
                (false, true) if fits(size.width, 3) => Pair::new(1, 2),
                _ => return steps,
            };
            steps.push(step);
            size.height = size.height.div_ceil(step.height);
            size.width = size.width.div_ceil(step.width);
        }
    }

    /// Channels of so many levels.
    pub(super) fn widths(&self, levels: usize) -> Vec<usize> {
        let width = |level: usize| self.base.saturating_mul(1 << level.min(20)).min(self.most);
        (0..levels).map(width).collect()
    }

    pub(super) fn check(&self) -> Result<(), SpaceError> {
        check_channels(NAME, "base", self.base)?;
        check_channels(NAME, "most", self.most)?;
        check(NAME, "smallest", self.smallest, 1..=1024)
    }

    /// The network for images of shape `input`.
    ///
    /// # Errors
    /// [`SpaceError::BaselineOutputs`] for outputs that are no plane, [`SpaceError::Baseline`] for
    /// a setting out of range.
    pub fn graph(&self, input: Shape, outputs: Outputs) -> Result<Graph, SpaceError> {
        let numbers = plane(NAME, outputs)?;
        self.check()?;
        let factors = self.steps(Pair::new(input.height, input.width), false);
        let mut graph = GraphBuilder::new(NAME, input)?;
        let mut values = Vec::with_capacity(factors.len() + 1);
        let mut value = GraphInput::Image;
        let steps = std::iter::once(Pair::both(1)).chain(factors.iter().copied());
        for ((level, width), step) in
            self.widths(factors.len() + 1).into_iter().enumerate().zip(steps)
        {
            let layers = two_convs(graph.channels(value), width, step);
            value = graph.node(format!("encoder.{level}"), value, layers)?;
            values.push(value);
        }
        let deep = Levels { values, factors }.decode(&mut graph, numbers, self.deep)?;
        graph.finish_with(outputs, &deep)
    }
}
