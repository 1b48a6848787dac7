//! Transposed convolution with its weights.

use candle_core::{Module, Result, Tensor};
use candle_nn::{Init, VarBuilder, init};

use super::to_candle;
use crate::{ConvTransposeSpec, conv_transpose2d};

/// A two-dimensional transposed convolution with its weight, and its bias if it has one.
#[derive(Clone, Debug)]
pub struct ConvTranspose2d {
    weight: Tensor,
    bias: Option<Tensor>,
    spec: ConvTransposeSpec,
}

impl ConvTranspose2d {
    /// A transposed convolution without bias; `channels` are those of its input and its output,
    /// `kernel` is (height, width).
    ///
    /// The variable is `weight`, `[input, output / groups, height, width]`; its first values are
    /// normal with variance `2 / (output / groups * height * width)`, those of a convolution whose
    /// weight it is (He et al. 2015).
    ///
    /// # Errors
    ///
    /// Those of `vb`, as when a file has another shape; a
    /// [`KernelError`](crate::KernelError) when `spec` has no groups.
    pub fn new(
        channels: (usize, usize),
        kernel: (usize, usize),
        spec: ConvTransposeSpec,
        vb: VarBuilder<'_>,
    ) -> Result<Self> {
        crate::check::Check("conv_transpose2d")
            .positive("groups", (spec.groups, spec.groups))
            .map_err(to_candle)?;
        let shape = (channels.0, channels.1 / spec.groups, kernel.0, kernel.1);
        let weight = vb.get_with_hints(shape, "weight", init::DEFAULT_KAIMING_NORMAL)?;
        Ok(Self { weight, bias: None, spec })
    }

    /// A transposed convolution with a `bias` of `[output]` beside the `weight` of
    /// [`new`](Self::new).
    ///
    /// First values are uniform within `1 / sqrt(output / groups * height * width)` of zero.
    ///
    /// # Errors
    ///
    /// Those of [`new`](Self::new).
    pub fn with_bias(
        channels: (usize, usize),
        kernel: (usize, usize),
        spec: ConvTransposeSpec,
        vb: VarBuilder<'_>,
    ) -> Result<Self> {
        let plain = Self::new(channels, kernel, spec, vb.clone())?;
        let terms = plain.weight.elem_count() / channels.0.max(1);
        let bound = 1.0 / (terms as f64).sqrt();
        let init = Init::Uniform { lo: -bound, up: bound };
        Ok(Self { bias: Some(vb.get_with_hints(channels.1, "bias", init)?), ..plain })
    }

    /// The weight, `[input, output / groups, height, width]`.
    pub fn weight(&self) -> &Tensor {
        &self.weight
    }

    /// The bias, `[output]`.
    pub fn bias(&self) -> Option<&Tensor> {
        self.bias.as_ref()
    }
}

impl Module for ConvTranspose2d {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        conv_transpose2d(x, &self.weight, self.bias(), self.spec).map_err(to_candle)
    }
}
