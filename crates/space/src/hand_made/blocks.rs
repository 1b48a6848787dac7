//! Layers and checks that several baselines share.

use crate::{GraphBuilder, GraphInput, Layer, Outputs, Pair, Shape, SpaceError};

use super::Baseline;

/// Most base channels of a baseline.
const MOST_CHANNELS: usize = 1 << 12;

pub(super) fn norm(channels: usize) -> Layer {
    Layer::Norm { channels, affine: true }
}

/// A convolution of `kernel x kernel`, padded to keep the plane at stride 1.
pub(super) fn conv(inputs: usize, outputs: usize, kernel: usize, stride: Pair) -> Layer {
    Layer::Conv {
        inputs,
        outputs,
        kernel: Pair::both(kernel),
        stride,
        dilation: Pair::both(1),
        padding: Pair::both(kernel / 2),
        groups: 1,
    }
}

/// Convolution of 3x3, norm, ReLU.
pub(super) fn conv_norm_relu(inputs: usize, outputs: usize, stride: Pair) -> [Layer; 3] {
    [conv(inputs, outputs, 3, stride), norm(outputs), Layer::Relu]
}

/// Two times convolution of 3x3, norm, ReLU; the first convolution has the stride.
pub(super) fn two_convs(inputs: usize, outputs: usize, stride: Pair) -> Vec<Layer> {
    let first = conv_norm_relu(inputs, outputs, stride);
    first.into_iter().chain(conv_norm_relu(outputs, outputs, Pair::both(1))).collect()
}

/// The maximum of every 2x2 pixels.
pub(super) fn halved() -> Layer {
    Layer::MaxPool { kernel: Pair::both(2), stride: Pair::both(2), padding: Pair::both(0) }
}

/// Numbers for every pixel: a 1x1 convolution with bias.
pub(super) fn per_pixel(inputs: usize, outputs: usize) -> Vec<Layer> {
    vec![Layer::pointwise(inputs, outputs), Layer::Bias { channels: outputs }]
}

/// A residual block before it has a place: the layers before the sum, and the step of the plane.
pub(super) struct Residual {
    pub(super) main: Vec<Layer>,
    pub(super) outputs: usize,
    pub(super) stride: usize,
}

impl Residual {
    /// Basic kind: two 3x3 convolutions with norms.
    pub(super) fn basic(inputs: usize, outputs: usize, stride: usize) -> Self {
        let mut main = conv_norm_relu(inputs, outputs, Pair::both(stride)).to_vec();
        main.extend([conv(outputs, outputs, 3, Pair::both(1)), norm(outputs)]);
        Self { main, outputs, stride }
    }

    /// Bottleneck: convolutions of 1x1 to `width` channels, 3x3, and 1x1 to `outputs`, with norms.
    pub(super) fn bottleneck(inputs: usize, width: usize, outputs: usize, stride: usize) -> Self {
        let narrow = [conv(inputs, width, 1, Pair::both(1)), norm(width), Layer::Relu];
        let wide = [conv(width, outputs, 1, Pair::both(1)), norm(outputs)];
        let middle = conv_norm_relu(width, width, Pair::both(stride));
        let main = narrow.into_iter().chain(middle).chain(wide).collect();
        Self { main, outputs, stride }
    }

    /// Adds the block's nodes and returns the output: the layers' output is added to the input, or
    /// to a 1x1 convolution of it with norm where channels or plane change, and a ReLU follows.
    pub(super) fn add(
        self,
        graph: &mut GraphBuilder,
        name: &str,
        input: GraphInput,
    ) -> Result<GraphInput, SpaceError> {
        let Self { main, outputs, stride } = self;
        let inputs = graph.channels(input);
        let shortcut = if inputs == outputs && stride == 1 {
            input
        } else {
            let projection = vec![conv(inputs, outputs, 1, Pair::both(stride)), norm(outputs)];
            graph.node(format!("{name}.shortcut"), input, projection)?
        };
        let main = graph.node(format!("{name}.main"), input, main)?;
        graph.sum(format!("{name}.join"), &[main, shortcut], vec![Layer::Relu])
    }
}

/// The values of a U-Net's levels, from the image down, and the enlargements between them.
pub(super) struct Levels {
    pub(super) values: Vec<GraphInput>,
    /// From each level but the last to the next.
    pub(super) factors: Vec<Pair>,
}

impl Levels {
    /// Adds the decoding half: at every level a transposed convolution of the value below, which
    /// stands behind the encoder's value of that level, and two convolutions; then numbers for
    /// every pixel. With `deep`, every level but the finest has such a head of its own, too; they
    /// are returned, the finest first.
    pub(super) fn decode(
        self,
        graph: &mut GraphBuilder,
        numbers: usize,
        deep: bool,
    ) -> Result<Vec<GraphInput>, SpaceError> {
        let Self { mut values, factors } = self;
        let mut heads = Vec::new();
        let mut value = values.pop().unwrap_or(GraphInput::Image);
        for (level, factor) in factors.into_iter().enumerate().rev() {
            let Some(skip) = values.pop() else { break };
            let inputs = graph.channels(value);
            let outputs = graph.channels(skip);
            let up = Layer::ConvTranspose { inputs, outputs, factor, bias: true };
            let up = graph.node(format!("up.{level}"), value, vec![up])?;
            let layers = two_convs(2 * outputs, outputs, Pair::both(1));
            value = graph.concat(format!("decoder.{level}"), &[skip, up], layers)?;
            if deep && level > 0 {
                let layers = per_pixel(outputs, numbers);
                heads.insert(0, graph.node(format!("deep.{level}"), value, layers)?);
            }
        }
        let layers = per_pixel(graph.channels(value), numbers);
        graph.node("head", value, layers)?;
        Ok(heads)
    }
}

/// Refuses outputs that are no plane; returns the numbers for a pixel.
pub(super) fn plane(baseline: &'static str, found: Outputs) -> Result<usize, SpaceError> {
    match found {
        Outputs::Plane { channels } => Ok(channels),
        Outputs::Vector(_) => {
            let expected = "numbers for every pixel";
            let fitting = Baseline::fitting(found);
            Err(SpaceError::BaselineOutputs { baseline, expected, found, fitting })
        }
    }
}

/// Refuses outputs that are no vector; returns the numbers for an image.
pub(super) fn vector(baseline: &'static str, found: Outputs) -> Result<usize, SpaceError> {
    match found {
        Outputs::Vector(numbers) => Ok(numbers),
        Outputs::Plane { .. } => {
            let expected = "a vector";
            let fitting = Baseline::fitting(found);
            Err(SpaceError::BaselineOutputs { baseline, expected, found, fitting })
        }
    }
}

/// Refuses a number of channels that no network has.
pub(super) fn check_channels(
    baseline: &'static str,
    field: &'static str,
    found: usize,
) -> Result<(), SpaceError> {
    check(baseline, field, found, 1..=MOST_CHANNELS)
}

/// Refuses a setting out of range.
pub(super) fn check(
    baseline: &'static str,
    field: &'static str,
    found: usize,
    allowed: std::ops::RangeInclusive<usize>,
) -> Result<(), SpaceError> {
    if allowed.contains(&found) {
        return Ok(());
    }
    let expected = format!("{} to {}", allowed.start(), allowed.end());
    Err(SpaceError::Baseline { baseline, field, expected, found: found.to_string() })
}

/// The number of halvings of an image: those asked for, or else as many as its sides allow, at
/// most `usual`.
pub(super) fn halvings(
    baseline: &'static str,
    asked: Option<usize>,
    usual: usize,
    image: Shape,
) -> Result<usize, SpaceError> {
    let Shape { height, width, .. } = image;
    let twos = height.trailing_zeros().min(width.trailing_zeros()) as usize;
    let Some(times) = asked else { return Ok(twos.min(usual)) };
    check(baseline, "depth", times, 0..=MOST_HALVINGS)?;
    if times <= twos {
        return Ok(times);
    }
    let place = format!("`{baseline}`; a depth of {twos} fits");
    Err(SpaceError::Halvings { height, width, times, multiple: 1 << times, place })
}

/// Most halvings: those of an image of 65536 pixels.
const MOST_HALVINGS: usize = 16;
