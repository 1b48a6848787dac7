//! Transposed convolution with its weights.

use candle_core::{Module, Result, Tensor};
use candle_nn::VarBuilder;

use super::filter::{Filter, per_group};
use super::to_candle;
use crate::{ConvTransposeSpec, conv_transpose2d};

/// A two-dimensional transposed convolution with its weight, and its bias if it has one.
#[derive(Clone, Debug)]
pub struct ConvTranspose2d {
    filter: Filter,
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
        let outputs = per_group("conv_transpose2d", channels.1, spec.groups)?;
        let filter = Filter::new([channels.0, outputs, kernel.0, kernel.1], &vb)?;
        Ok(Self { filter, spec })
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
        let Self { filter, .. } = Self::new(channels, kernel, spec, vb.clone())?;
        Ok(Self { filter: filter.with_bias(channels.1, &vb)?, spec })
    }

    /// The weight, `[input, output / groups, height, width]`.
    pub fn weight(&self) -> &Tensor {
        &self.filter.weight
    }

    /// The bias, `[output]`.
    pub fn bias(&self) -> Option<&Tensor> {
        self.filter.bias.as_ref()
    }
}

impl Module for ConvTranspose2d {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        conv_transpose2d(x, &self.filter.weight, self.bias(), self.spec).map_err(to_candle)
    }
}
