//! Concrete layers and the shapes that flow through them.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Dropout, Pair, SpaceError};

/// Channels, height and width of one example.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Shape {
    /// Channels.
    pub channels: usize,
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
}

impl Shape {
    /// A shape from channels, height and width.
    pub const fn new(channels: usize, height: usize, width: usize) -> Self {
        Self { channels, height, width }
    }

    /// Values in one example; saturates.
    pub const fn elements(self) -> u64 {
        (self.channels as u64).saturating_mul(self.plane())
    }

    const fn plane(self) -> u64 {
        (self.height as u64).saturating_mul(self.width as u64)
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}x{}", self.channels, self.height, self.width)
    }
}

impl std::str::FromStr for Shape {
    type Err = SpaceError;

    /// Reads `CxHxW`.
    fn from_str(text: &str) -> Result<Self, SpaceError> {
        let bad = || SpaceError::ShapeText { found: text.to_owned() };
        let numbers: Vec<usize> = text
            .split('x')
            .map(|part| part.trim().parse().ok().filter(|&n| n > 0))
            .collect::<Option<_>>()
            .ok_or_else(bad)?;
        match numbers[..] {
            [channels, height, width] => Ok(Self { channels, height, width }),
            _ => Err(bad()),
        }
    }
}

/// The interpolation between pixels of an enlarged plane.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Resize {
    /// Those of the nearest pixel.
    #[default]
    Nearest,
    /// Between the two nearest pixels of each axis in proportion to the distance, with the centres
    /// of pixels at halves and the border's values beyond it.
    Bilinear,
}

/// One concrete layer: a [`Stage`](crate::Stage) with every number known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub enum Layer {
    /// Rectified linear unit.
    Relu,
    /// Convolution without bias, weight `[out, inputs / groups, kernel.height, kernel.width]`.
    Conv {
        /// Input channels.
        inputs: usize,
        /// Output channels.
        outputs: usize,
        /// Filter size.
        kernel: Pair,
        /// Filter step.
        stride: Pair,
        /// Distance between taps.
        dilation: Pair,
        /// Zeros added on each side.
        padding: Pair,
        /// Channel groups; `inputs` for a depthwise convolution.
        groups: usize,
    },
    /// Transposed convolution whose windows do not overlap, weight
    /// `[inputs, outputs, factor.height, factor.width]`: kernel and stride are `factor`, so that
    /// every pixel becomes a block of pixels.
    ConvTranspose {
        /// Input channels.
        inputs: usize,
        /// Output channels.
        outputs: usize,
        /// Enlargement per axis.
        factor: Pair,
        /// `true` if a learned number is added to each output channel.
        bias: bool,
    },
    /// Addition of a learned number to each channel.
    Bias {
        /// Channels.
        channels: usize,
    },
    /// Maximum over windows, padded with minus infinity.
    MaxPool {
        /// Window size.
        kernel: Pair,
        /// Window step.
        stride: Pair,
        /// Padding on each side.
        padding: Pair,
    },
    /// Mean over windows, dividing by the number of positions inside the plane.
    AvgPool {
        /// Window size.
        kernel: Pair,
        /// Window step.
        stride: Pair,
        /// Padding on each side.
        padding: Pair,
    },
    /// Two stride-2 1x1 convolutions on the plane and on the plane shifted by one pixel,
    /// concatenated; needs even height, width and `outputs`.
    FactorizedReduce {
        /// Input channels.
        inputs: usize,
        /// Output channels.
        outputs: usize,
    },
    /// Batch normalisation, with learned scale and shift when `affine`.
    Norm {
        /// Channels.
        channels: usize,
        /// `true` if scale and shift are learned.
        affine: bool,
    },
    /// Enlargement.
    Upsample {
        /// Enlargement per axis.
        factor: Pair,
        /// The interpolation between pixels.
        resize: Resize,
    },
    /// The input, unchanged.
    Identity,
    /// Zeros; keeps every `stride`-th row and column of the input's size.
    Zero {
        /// Step per axis.
        stride: Pair,
    },
    /// Values set to zero at random in training, the others scaled so that the mean stays; the
    /// input, unchanged, in evaluation.
    Dropout(Dropout),
    /// Mean over the plane; the output is `channels x 1 x 1`.
    GlobalAvgPool,
    /// Fully connected layer with bias on the flattened input.
    Linear {
        /// Input values.
        inputs: usize,
        /// Output values.
        outputs: usize,
    },
}

impl Layer {
    /// A 1x1 convolution of stride 1.
    pub const fn pointwise(inputs: usize, outputs: usize) -> Self {
        Self::Conv {
            inputs,
            outputs,
            kernel: Pair::both(1),
            stride: Pair::both(1),
            dilation: Pair::both(1),
            padding: Pair::both(0),
            groups: 1,
        }
    }

    /// A `kernel x kernel` convolution padded to keep the size at stride 1.
    pub const fn square(inputs: usize, outputs: usize, kernel: usize, stride: usize) -> Self {
        Self::Conv {
            inputs,
            outputs,
            kernel: Pair::both(kernel),
            stride: Pair::both(stride),
            dilation: Pair::both(1),
            padding: Pair::both(kernel.saturating_sub(1) / 2),
            groups: 1,
        }
    }

    /// Shape after the layer.
    ///
    /// # Errors
    /// [`SpaceError::LayerInput`] when the layer cannot take `input`.
    pub fn output(&self, input: Shape) -> Result<Shape, SpaceError> {
        let refuse = |expected: String| SpaceError::LayerInput {
            layer: self.name().to_owned(),
            expected,
            found: input,
        };
        let channels = |wanted: usize| {
            if wanted == input.channels {
                Ok(())
            } else {
                Err(refuse(format!("{wanted} channels")))
            }
        };
        match *self {
            Self::Relu | Self::Identity | Self::Dropout(_) => Ok(input),
            Self::Norm { channels: wanted, .. } | Self::Bias { channels: wanted } => {
                channels(wanted).map(|()| input)
            }
            Self::Conv { inputs, outputs, kernel, stride, dilation, padding, .. } => {
                channels(inputs)?;
                let plane = windows(input, kernel, stride, dilation, padding)
                    .ok_or_else(|| refuse(format!("a plane that holds a {kernel} kernel")))?;
                Ok(Shape::new(outputs, plane.height, plane.width))
            }
            Self::MaxPool { kernel, stride, padding }
            | Self::AvgPool { kernel, stride, padding } => {
                let plane = windows(input, kernel, stride, Pair::both(1), padding)
                    .ok_or_else(|| refuse(format!("a plane that holds a {kernel} window")))?;
                Ok(Shape::new(input.channels, plane.height, plane.width))
            }
            Self::FactorizedReduce { inputs, outputs } => {
                channels(inputs)?;
                if !input.height.is_multiple_of(2) || !input.width.is_multiple_of(2) {
                    return Err(refuse("even height and width".to_owned()));
                }
                Ok(Shape::new(outputs, input.height / 2, input.width / 2))
            }
            Self::Upsample { factor, .. } => enlarged(input, factor)
                .ok_or_else(|| refuse(format!("a plane that ends within {MOST_SIDE} pixels"))),
            Self::ConvTranspose { inputs, outputs, factor, .. } => {
                channels(inputs)?;
                let plane = enlarged(input, factor).filter(|plane| plane.plane() > 0);
                let plane = plane.ok_or_else(|| {
                    refuse(format!("a factor of at least 1, and at most {MOST_SIDE} pixels after"))
                })?;
                Ok(Shape { channels: outputs, ..plane })
            }
            Self::Zero { stride } if stride.height == 0 || stride.width == 0 => {
                Err(refuse("a stride of at least 1".to_owned()))
            }
            Self::Zero { stride } => Ok(Shape::new(
                input.channels,
                input.height.div_ceil(stride.height),
                input.width.div_ceil(stride.width),
            )),
            Self::GlobalAvgPool => Ok(Shape::new(input.channels, 1, 1)),
            Self::Linear { inputs, outputs } => {
                if input.elements() != inputs as u64 {
                    return Err(refuse(format!("{inputs} values")));
                }
                Ok(Shape::new(outputs, 1, 1))
            }
        }
    }

    /// Trainable numbers; saturates.
    pub fn parameters(&self) -> u64 {
        match *self {
            Self::Conv { inputs, outputs, kernel, groups, .. } => {
                product([outputs, inputs / groups.max(1), kernel.height, kernel.width])
            }
            Self::ConvTranspose { inputs, outputs, factor, bias } => {
                product([inputs, outputs, factor.height, factor.width]).saturating_add(if bias {
                    outputs as u64
                } else {
                    0
                })
            }
            Self::Bias { channels } => channels as u64,
            Self::FactorizedReduce { inputs, outputs } => product([inputs, outputs]),
            Self::Norm { channels, affine: true } => product([2, channels]),
            Self::Linear { inputs, outputs } => product([inputs.saturating_add(1), outputs]),
            _ => 0,
        }
    }

    /// Multiply-adds of convolutions and fully connected layers for one example of shape
    /// `input`; normalisation, pooling and biases are not counted. Saturates.
    ///
    /// # Errors
    /// As [`Layer::output`].
    pub fn macs(&self, input: Shape) -> Result<u64, SpaceError> {
        let output = self.output(input)?;
        Ok(match *self {
            Self::Conv { .. } | Self::FactorizedReduce { .. } => {
                self.parameters().saturating_mul(output.plane())
            }
            // Every pixel of the output is reached by one tap.
            Self::ConvTranspose { inputs, outputs, .. } => {
                product([inputs, outputs]).saturating_mul(output.plane())
            }
            Self::Linear { inputs, outputs } => product([inputs, outputs]),
            _ => 0,
        })
    }

    /// A short name for messages and drawings.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Relu => "relu",
            Self::Conv { .. } => "conv",
            Self::ConvTranspose { .. } => "conv_transpose",
            Self::Bias { .. } => "bias",
            Self::MaxPool { .. } => "max_pool",
            Self::AvgPool { .. } => "avg_pool",
            Self::FactorizedReduce { .. } => "factorized_reduce",
            Self::Norm { .. } => "norm",
            Self::Upsample { .. } => "upsample",
            Self::Identity => "identity",
            Self::Zero { .. } => "zero",
            Self::Dropout(_) => "dropout",
            Self::GlobalAvgPool => "global_avg_pool",
            Self::Linear { .. } => "linear",
        }
    }
}

/// Longer than any image side; keeps chains of enlargements from overflowing.
const MOST_SIDE: usize = 1 << 20;

fn product<const N: usize>(factors: [usize; N]) -> u64 {
    factors.into_iter().fold(1, |product: u64, factor| product.saturating_mul(factor as u64))
}

fn enlarged(input: Shape, factor: Pair) -> Option<Shape> {
    let height = input.height.saturating_mul(factor.height);
    let width = input.width.saturating_mul(factor.width);
    (height.max(width) <= MOST_SIDE).then_some(Shape::new(input.channels, height, width))
}

fn windows(
    input: Shape,
    kernel: Pair,
    stride: Pair,
    dilation: Pair,
    padding: Pair,
) -> Option<Pair> {
    let axis = |size: usize, kernel: usize, stride: usize, dilation: usize, padding: usize| {
        let span = dilation.checked_mul(kernel.checked_sub(1)?)?.checked_add(1)?;
        let padded = size.checked_add(padding.checked_mul(2)?)?;
        let room = padded.checked_sub(span)?;
        room.checked_div(stride).map(|steps| steps + 1)
    };
    Some(Pair::new(
        axis(input.height, kernel.height, stride.height, dilation.height, padding.height)?,
        axis(input.width, kernel.width, stride.width, dilation.width, padding.width)?,
    ))
}

/// Shape after a list of layers.
pub(crate) fn output_of(layers: &[Layer], input: Shape) -> Result<Shape, SpaceError> {
    layers.iter().try_fold(input, |shape, layer| layer.output(shape))
}
