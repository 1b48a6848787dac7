//! Convolution with its weights.

use candle_core::{Module, Result, Tensor};
use candle_nn::VarBuilder;

use super::filter::{Filter, per_group};
use super::to_candle;
use crate::{ConvSpec, conv2d};

/// A two-dimensional convolution with its weight, and its bias if it has one.
#[derive(Clone, Debug)]
pub struct Conv2d {
    filter: Filter,
    spec: ConvSpec,
}

impl Conv2d {
    /// A convolution without bias, as before a batch norm; `channels` are those of its input and
    /// its output, `kernel` is (height, width).
    ///
    /// The variable is `weight`, `[output, input / groups, height, width]`; its first values are
    /// those of `candle_nn::conv2d`, normal with variance `2 / (input / groups * height * width)`
    /// (He et al. 2015).
    ///
    /// # Errors
    ///
    /// Those of `vb`, as when a file has another shape; a
    /// [`KernelError`](crate::KernelError) when `spec` has no groups.
    pub fn new(
        channels: (usize, usize),
        kernel: (usize, usize),
        spec: ConvSpec,
        vb: VarBuilder<'_>,
    ) -> Result<Self> {
        let inputs = per_group("conv2d", channels.0, spec.groups)?;
        let filter = Filter::new([channels.1, inputs, kernel.0, kernel.1], &vb)?;
        Ok(Self { filter, spec })
    }

    /// A convolution with a `bias` of `[output]` beside the `weight` of [`new`](Self::new).
    ///
    /// First values are uniform within `1 / sqrt(input / groups * height * width)` of zero.
    ///
    /// # Errors
    ///
    /// Those of [`new`](Self::new).
    pub fn with_bias(
        channels: (usize, usize),
        kernel: (usize, usize),
        spec: ConvSpec,
        vb: VarBuilder<'_>,
    ) -> Result<Self> {
        let Self { filter, .. } = Self::new(channels, kernel, spec, vb.clone())?;
        Ok(Self { filter: filter.with_bias(channels.1, &vb)?, spec })
    }

    /// The weight, `[output, input / groups, height, width]`.
    pub fn weight(&self) -> &Tensor {
        &self.filter.weight
    }

    /// The bias, `[output]`.
    pub fn bias(&self) -> Option<&Tensor> {
        self.filter.bias.as_ref()
    }
}

impl Module for Conv2d {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let y = conv2d(x, &self.filter.weight, self.spec).map_err(to_candle)?;
        match &self.filter.bias {
            Some(bias) => y.broadcast_add(&bias.reshape((1, (), 1, 1))?),
            None => Ok(y),
        }
    }
}
