//! Convolution with its weights.

use candle_core::{Module, Result, Tensor};
use candle_nn::{Init, VarBuilder, init};

use super::to_candle;
use crate::{ConvSpec, conv2d};

/// A two-dimensional convolution with its weight, and its bias if it has one.
#[derive(Clone, Debug)]
pub struct Conv2d {
    weight: Tensor,
    bias: Option<Tensor>,
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
        let (inputs, outputs) = channels;
        crate::check::Check("conv2d")
            .positive("groups", (spec.groups, spec.groups))
            .map_err(to_candle)?;
        let shape = (outputs, inputs / spec.groups, kernel.0, kernel.1);
        let weight = vb.get_with_hints(shape, "weight", init::DEFAULT_KAIMING_NORMAL)?;
        Ok(Self { weight, bias: None, spec })
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
        let plain = Self::new(channels, kernel, spec, vb.clone())?;
        let terms = plain.weight.elem_count() / channels.1.max(1);
        let bound = 1.0 / (terms as f64).sqrt();
        let init = Init::Uniform { lo: -bound, up: bound };
        Ok(Self { bias: Some(vb.get_with_hints(channels.1, "bias", init)?), ..plain })
    }

    /// The weight, `[output, input / groups, height, width]`.
    pub fn weight(&self) -> &Tensor {
        &self.weight
    }

    /// The bias, `[output]`.
    pub fn bias(&self) -> Option<&Tensor> {
        self.bias.as_ref()
    }
}

impl Module for Conv2d {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let y = conv2d(x, &self.weight, self.spec).map_err(to_candle)?;
        match &self.bias {
            Some(bias) => y.broadcast_add(&bias.reshape((1, (), 1, 1))?),
            None => Ok(y),
        }
    }
}
