//! Concrete layers with their variables.

use candle_core::{Tensor, Var};
use dartloom_kernels::fused::Stage;
use dartloom_kernels::tape::{self, At, Tape};
use dartloom_kernels::{
    BatchNormSpec, ConvNorm, ConvSpec, ConvTransposeSpec, PoolSpec, Statistics, avg_pool2d,
    batch_norm, conv_transpose2d, conv2d, max_pool2d, relu, upsample_bilinear2d,
    upsample_nearest2d,
};
use dartloom_space::{Layer, Pair, Resize};

use crate::{Builder, Init, LayerKind, Mode, OpError, Pass, dropout};

/// A layer ready to run.
#[derive(Debug)]
pub(crate) enum Built {
    Relu,
    Conv {
        weight: Tensor,
        spec: ConvSpec,
    },
    ConvTranspose {
        weight: Tensor,
        bias: Option<Tensor>,
        factor: Pair,
    },
    Bias(Tensor),
    MaxPool(PoolSpec),
    AvgPool(PoolSpec),
    FactorizedReduce {
        even: Tensor,
        odd: Tensor,
    },
    Norm {
        affine: Option<(Tensor, Tensor)>,
        mean: Var,
        var: Var,
    },
    Upsample(Pair, Resize),
    Identity,
    Zero(Pair),
    /// A probability.
    Dropout(f64),
    GlobalAvgPool,
    Linear {
        weight: Tensor,
        bias: Tensor,
    },
}

impl Built {
    pub(crate) fn new(layer: &Layer, mut vars: Builder<'_>) -> Result<Self, OpError> {
        Ok(match *layer {
            Layer::Relu => Self::Relu,
            Layer::Identity => Self::Identity,
            Layer::GlobalAvgPool => Self::GlobalAvgPool,
            Layer::Upsample { factor, resize } => Self::Upsample(factor, resize),
            Layer::Zero { stride } => Self::Zero(stride),
            Layer::Dropout(dropout) => Self::Dropout(dropout.probability()),
            Layer::MaxPool { kernel, stride, padding } => {
                Self::MaxPool(pool(kernel, stride, padding))
            }
            Layer::AvgPool { kernel, stride, padding } => {
                Self::AvgPool(pool(kernel, stride, padding))
            }
            Layer::Conv { inputs, outputs, kernel, stride, dilation, padding, groups } => {
                // The kernel refuses zero groups when it runs.
                let shape = [outputs, inputs / groups.max(1), kernel.height, kernel.width];
                let spec = ConvSpec {
                    stride: stride.tuple(),
                    dilation: dilation.tuple(),
                    padding: padding.tuple(),
                    groups,
                };
                Self::Conv { weight: filters(&mut vars, "weight", &shape)?, spec }
            }
            Layer::ConvTranspose { inputs, outputs, factor, bias } => {
                let shape = [inputs, outputs, factor.height, factor.width];
                // As PyTorch, which takes the output channels for those that are summed over.
                let fan_in = Init::FanIn(outputs * factor.height * factor.width);
                let weight = vars.parameter("weight", &shape, fan_in)?;
                let bias = bias.then(|| vars.parameter("bias", &[outputs], fan_in));
                Self::ConvTranspose { weight, bias: bias.transpose()?, factor }
            }
            Layer::Bias { channels } => {
                Self::Bias(vars.parameter("bias", &[channels], Init::Constant(0.0))?)
            }
            Layer::FactorizedReduce { inputs, outputs } => {
                let half = outputs / 2;
                Self::FactorizedReduce {
                    even: filters(&mut vars, "even", &[half, inputs, 1, 1])?,
                    odd: filters(&mut vars, "odd", &[outputs - half, inputs, 1, 1])?,
                }
            }
            Layer::Norm { channels, affine } => norm(&mut vars, channels, affine)?,
            Layer::Linear { inputs, outputs } => Self::Linear {
                weight: vars.parameter("weight", &[outputs, inputs], Init::FanIn(inputs))?,
                bias: vars.parameter("bias", &[outputs], Init::FanIn(inputs))?,
            },
            _ => return Err(OpError::NoFactory { op: layer.name().to_owned() }),
        })
    }

    /// The layer as a stage of a fused sum, if there is one.
    pub(crate) fn stage(&self) -> Option<Stage> {
        Some(match self {
            Self::Relu => Stage::Relu,
            Self::Identity => Stage::Identity,
            Self::Conv { weight, spec } => Stage::Conv { weight: weight.clone(), spec: *spec },
            Self::MaxPool(spec) => Stage::MaxPool(*spec),
            Self::AvgPool(spec) => Stage::AvgPool(*spec),
            Self::FactorizedReduce { even, odd } => {
                Stage::FactorizedReduce { even: even.clone(), odd: odd.clone() }
            }
            Self::Upsample(factor, Resize::Nearest) => Stage::Enlarge { factor: factor.tuple() },
            Self::Norm { affine, mean, var } => Stage::Norm {
                affine: affine.clone(),
                mean: mean.clone(),
                variance: var.clone(),
                spec: BatchNormSpec::default(),
            },
            Self::ConvTranspose { .. }
            | Self::Bias(_)
            | Self::Upsample(_, Resize::Bilinear)
            | Self::Zero(_)
            | Self::Dropout(_)
            | Self::GlobalAvgPool
            | Self::Linear { .. } => return None,
        })
    }

    /// Convolution, norm with scale and shift, and ReLU at the beginning of some layers, which
    /// are one kernel.
    pub(crate) fn conv_norm_relu(layers: &[Self]) -> Option<ConvNorm<'_>> {
        let [
            Self::Conv { weight, spec },
            Self::Norm { affine: Some((scale, shift)), mean, var },
            Self::Relu,
            ..,
        ] = layers
        else {
            return None;
        };
        let norm = BatchNormSpec::default();
        let affine = (scale, shift);
        Some(ConvNorm { weight, conv: *spec, affine, running: (mean, var), norm })
    }

    /// True if a tape can run the layer.
    pub(crate) fn is_tapable(&self) -> bool {
        match self {
            Self::Relu
            | Self::Identity
            | Self::Conv { .. }
            | Self::ConvTranspose { .. }
            | Self::MaxPool(_)
            | Self::AvgPool(_)
            | Self::Norm { .. }
            | Self::Upsample(_, Resize::Nearest) => true,
            Self::Bias(_)
            | Self::FactorizedReduce { .. }
            | Self::Upsample(_, Resize::Bilinear)
            | Self::Zero(_)
            | Self::Dropout(_)
            | Self::GlobalAvgPool
            | Self::Linear { .. } => false,
        }
    }

    /// The layer, which is [tapable](Self::is_tapable), on a tape.
    pub(crate) fn on_tape(&self, tape: &mut Tape, x: At, mode: Mode) -> Result<At, OpError> {
        Ok(match self {
            Self::Relu => tape.relu(x)?,
            Self::Conv { weight, spec } => tape.conv2d(x, weight, *spec)?,
            Self::ConvTranspose { weight, bias, factor } => {
                let spec = ConvTransposeSpec { stride: factor.tuple(), ..Default::default() };
                tape.conv_transpose2d(x, weight, bias.as_ref(), spec)?
            }
            Self::MaxPool(spec) => tape.max_pool2d(x, *spec)?,
            Self::AvgPool(spec) => tape.avg_pool2d(x, *spec, false)?,
            Self::Norm { affine, mean, var } => {
                let affine = affine.as_ref().map(|(scale, shift)| (scale, shift));
                let norm = BatchNormSpec::default();
                let layer = tape::Norm { affine, running: (mean, var), norm };
                tape.batch_norm(x, layer, mode.statistics)?
            }
            Self::Upsample(factor, _) => tape.upsample_nearest2d(x, factor.tuple())?,
            _ => x,
        })
    }

    pub(crate) fn kind(&self) -> LayerKind {
        match self {
            Self::Relu => LayerKind::Relu,
            Self::Conv { .. } | Self::ConvTranspose { .. } | Self::FactorizedReduce { .. } => {
                LayerKind::Conv
            }
            Self::Norm { .. } => LayerKind::Norm,
            Self::GlobalAvgPool => LayerKind::GlobalAvgPool,
            Self::Linear { .. } => LayerKind::Linear,
            _ => LayerKind::Other,
        }
    }

    /// The layer in a pass, out of whose noise dropout draws.
    pub(crate) fn run(&self, x: &Tensor, pass: &mut Pass<'_>) -> Result<Tensor, OpError> {
        match self {
            Self::Dropout(probability) => dropout::in_pass(x, *probability, pass),
            other => other.forward(x, pass.mode),
        }
    }

    pub(crate) fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor, OpError> {
        Ok(match self {
            Self::Relu => relu(x)?,
            Self::Identity => x.clone(),
            Self::Conv { weight, spec } => conv2d(x, weight, *spec)?,
            Self::ConvTranspose { weight, bias, factor } => {
                let spec = ConvTransposeSpec { stride: factor.tuple(), ..Default::default() };
                conv_transpose2d(x, weight, bias.as_ref(), spec)?
            }
            Self::Bias(bias) => add_bias(x, bias)?,
            Self::MaxPool(spec) => max_pool2d(x, *spec)?,
            Self::AvgPool(spec) => avg_pool2d(x, *spec, false)?,
            Self::FactorizedReduce { even, odd } => factorized_reduce(x, even, odd)?,
            Self::Norm { affine, mean, var } => {
                let affine = affine.as_ref().map(|(scale, shift)| (scale, shift));
                batch_norm(x, affine, mean, var, mode.statistics, BatchNormSpec::default())?
            }
            Self::Upsample(factor, Resize::Nearest) => upsample_nearest2d(x, factor.tuple())?,
            Self::Upsample(factor, Resize::Bilinear) => upsample_bilinear2d(x, factor.tuple())?,
            Self::Zero(stride) => {
                // Zeros instead of x * 0, so that NaN and infinity do not pass.
                let (batch, channels, height, width) = x.dims4()?;
                let side = |side: usize, stride: usize| side.div_ceil(stride.max(1));
                let height = side(height, stride.height);
                let width = side(width, stride.width);
                Tensor::zeros((batch, channels, height, width), x.dtype(), x.device())?
            }
            Self::Dropout(_) if mode.statistics == Statistics::Update => {
                return Err(OpError::NoNoise);
            }
            Self::Dropout(_) => x.clone(),
            Self::GlobalAvgPool => x.flatten_from(2)?.mean_keepdim(2)?.unsqueeze(3)?,
            Self::Linear { weight, bias } => {
                x.flatten_from(1)?.matmul(&weight.t()?)?.broadcast_add(bias)?
            }
        })
    }
}

fn pool(kernel: Pair, stride: Pair, padding: Pair) -> PoolSpec {
    PoolSpec { kernel: kernel.tuple(), stride: stride.tuple(), padding: padding.tuple() }
}

fn filters(vars: &mut Builder<'_>, name: &str, shape: &[usize; 4]) -> Result<Tensor, OpError> {
    vars.parameter(name, shape, Init::FanIn(shape[1] * shape[2] * shape[3]))
}

fn norm(vars: &mut Builder<'_>, channels: usize, affine: bool) -> Result<Built, OpError> {
    let affine = if affine {
        let scale = vars.parameter("weight", &[channels], Init::Constant(1.0))?;
        Some((scale, vars.parameter("bias", &[channels], Init::Constant(0.0))?))
    } else {
        None
    };
    let mean = vars.buffer("running_mean", &[channels], 0.0)?;
    let var = vars.buffer("running_var", &[channels], 1.0)?;
    Ok(Built::Norm { affine, mean, var })
}

/// A number added to every value of a channel.
fn add_bias(x: &Tensor, bias: &Tensor) -> Result<Tensor, OpError> {
    Ok(x.broadcast_add(&bias.reshape((1, bias.elem_count(), 1, 1))?)?)
}

/// Two stride-2 1x1 convolutions, on the plane and on the plane without its first row and column.
fn factorized_reduce(x: &Tensor, even: &Tensor, odd: &Tensor) -> Result<Tensor, OpError> {
    let spec = ConvSpec { stride: (2, 2), ..ConvSpec::default() };
    let (_, _, height, width) = x.dims4()?;
    let shifted = x.narrow(2, 1, height.saturating_sub(1))?;
    let shifted = shifted.narrow(3, 1, width.saturating_sub(1))?;
    let halves = [conv2d(x, even, spec)?, conv2d(&shifted, odd, spec)?];
    Ok(Tensor::cat(&halves, 1)?)
}

#[cfg(test)]
mod tests;
