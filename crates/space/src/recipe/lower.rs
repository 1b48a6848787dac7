//! From symbolic stages to concrete layers.

use super::{Recipe, Stage, When};
use crate::{Layer, Pair, Phase, Resize, SpaceError};

/// The facts that turn a recipe into concrete layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lowering {
    /// Channels that come in.
    pub inputs: usize,
    /// Width of the edge: what [`Width::Same`](super::Width::Same) means.
    pub width: usize,
    /// Stride of the edge.
    pub stride: usize,
    /// `true` if norms learn a scale and a shift.
    pub affine: bool,
    /// Supernet or derived network.
    pub phase: Phase,
}

impl Recipe {
    /// The layers of this recipe in a given place.
    ///
    /// A stage keeps its position: stages absent in the phase become [`Layer::Identity`], so that
    /// variable names (`"{stage}.weight"`) do not depend on the phase.
    ///
    /// # Errors
    /// [`SpaceError::Stage`] when a stage makes no sense there (even kernel, zero size, odd width
    /// of a factorized reduce, groups that do not divide the channels).
    pub fn lower(&self, at: Lowering) -> Result<Vec<Layer>, SpaceError> {
        let mut channels = at.inputs;
        let mut layers = Vec::with_capacity(self.0.len());
        for (position, stage) in self.0.iter().enumerate() {
            let layer = lower_stage(stage, channels, at)
                .map_err(|reason| SpaceError::Stage { position, reason })?;
            match layer {
                Layer::Conv { outputs, .. } | Layer::FactorizedReduce { outputs, .. } => {
                    channels = outputs;
                }
                _ => {}
            }
            layers.push(layer);
        }
        Ok(layers)
    }
}

fn lower_stage(stage: &Stage, channels: usize, at: Lowering) -> Result<Layer, String> {
    match *stage {
        Stage::Relu => Ok(Layer::Relu),
        Stage::Identity => Ok(Layer::Identity),
        Stage::HandMade => {
            Err("layers laid out by hand stand in a block of such a network alone".to_owned())
        }
        Stage::Zero => {
            let stride = Pair::both(at.stride);
            positive(stride, "stride").map(|()| Layer::Zero { stride })
        }
        Stage::Upsample { factor } => {
            positive(factor, "factor").map(|()| Layer::Upsample { factor, resize: Resize::Nearest })
        }
        Stage::Norm { when } => Ok(match (when, at.phase) {
            (When::Search, Phase::Retrain) | (When::Retrain, Phase::Search) => Layer::Identity,
            _ => Layer::Norm { channels, affine: at.affine },
        }),
        Stage::Depthwise { kernel, dilation, stride } => {
            conv(channels, channels, kernel, dilation, stride.resolve(at.stride), channels)
        }
        Stage::Pointwise { out, stride } => {
            let one = Pair::both(1);
            let outputs = out.resolve(at.width);
            conv(channels, outputs, one, one, stride.resolve(at.stride), 1)
        }
        Stage::Conv { kernel, out, dilation, stride, groups } => {
            let outputs = out.resolve(at.width);
            conv(channels, outputs, kernel, dilation, stride.resolve(at.stride), groups)
        }
        Stage::MaxPool { kernel, stride } => {
            let padding = same_padding(kernel, Pair::both(1))?;
            Ok(Layer::MaxPool { kernel, stride: stride.resolve(at.stride), padding })
        }
        Stage::AvgPool { kernel, stride } => {
            let padding = same_padding(kernel, Pair::both(1))?;
            Ok(Layer::AvgPool { kernel, stride: stride.resolve(at.stride), padding })
        }
        Stage::FactorizedReduce { out } => {
            let outputs = out.resolve(at.width);
            if outputs == 0 || outputs % 2 != 0 {
                return Err(format!("factorized reduce needs an even width, found {outputs}"));
            }
            few(outputs).map(|()| Layer::FactorizedReduce { inputs: channels, outputs })
        }
    }
}

fn conv(
    inputs: usize,
    outputs: usize,
    kernel: Pair,
    dilation: Pair,
    stride: Pair,
    groups: usize,
) -> Result<Layer, String> {
    positive(dilation, "dilation")?;
    positive(stride, "stride")?;
    few(outputs)?;
    let padding = same_padding(kernel, dilation)?;
    if groups == 0
        || !inputs.is_multiple_of(groups)
        || !outputs.is_multiple_of(groups)
        || outputs == 0
    {
        return Err(format!("{groups} groups do not divide {inputs} -> {outputs} channels"));
    }
    Ok(Layer::Conv { inputs, outputs, kernel, stride, dilation, padding, groups })
}

fn same_padding(kernel: Pair, dilation: Pair) -> Result<Pair, String> {
    if kernel.height.is_multiple_of(2) || kernel.width.is_multiple_of(2) {
        return Err(format!("kernel must be odd on both axes, found {kernel}"));
    }
    let side = |dilation: usize, kernel: usize| {
        let padding = dilation.checked_mul(kernel.saturating_sub(1) / 2);
        padding.ok_or_else(|| format!("dilation {dilation} of a kernel of {kernel} is too wide"))
    };
    Ok(Pair::new(side(dilation.height, kernel.height)?, side(dilation.width, kernel.width)?))
}

/// Keeps counts of layers far from overflow.
const MOST_CHANNELS: usize = 1 << 20;

fn few(channels: usize) -> Result<(), String> {
    if channels > MOST_CHANNELS {
        return Err(format!("at most {MOST_CHANNELS} channels, found {channels}"));
    }
    Ok(())
}

fn positive(pair: Pair, what: &str) -> Result<(), String> {
    if pair.height == 0 || pair.width == 0 {
        return Err(format!("{what} must be at least 1, found {pair}"));
    }
    Ok(())
}
