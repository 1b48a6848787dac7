//! Batch normalisation with its parameters and its running statistics.

use candle_core::{ModuleT, Result, Tensor, Var};
use candle_nn::{Init, VarBuilder};

use super::to_candle;
use crate::{BatchNormSpec, Statistics, batch_norm};

/// Batch normalisation with its running statistics, and with scale and shift if it has them.
///
/// The running statistics are the variables that the [`VarBuilder`] gave: those of a
/// [`VarMap`](candle_nn::VarMap) are in its files, and move there in training. An optimiser that
/// is handed all variables leaves them alone, since they have no gradient.
#[derive(Clone, Debug)]
pub struct BatchNorm {
    affine: Option<(Tensor, Tensor)>,
    mean: Var,
    variance: Var,
    spec: BatchNormSpec,
}

impl BatchNorm {
    /// A norm with scale and shift. The variables are `weight` (first 1), `bias` (0),
    /// `running_mean` (0) and `running_var` (1), each `[channels]`.
    ///
    /// # Errors
    ///
    /// Those of `vb`, as when a file has another shape.
    pub fn new(channels: usize, spec: BatchNormSpec, vb: VarBuilder<'_>) -> Result<Self> {
        let scale = vb.get_with_hints(channels, "weight", Init::Const(1.0))?;
        let shift = vb.get_with_hints(channels, "bias", Init::Const(0.0))?;
        let plain = Self::without_affine(channels, spec, vb)?;
        Ok(Self { affine: Some((scale, shift)), ..plain })
    }

    /// A norm without scale and shift, whose variables are `running_mean` and `running_var`.
    ///
    /// # Errors
    ///
    /// Those of [`new`](Self::new).
    pub fn without_affine(
        channels: usize,
        spec: BatchNormSpec,
        vb: VarBuilder<'_>,
    ) -> Result<Self> {
        let mean = vb.get_with_hints(channels, "running_mean", Init::Const(0.0))?;
        let variance = vb.get_with_hints(channels, "running_var", Init::Const(1.0))?;
        // A tensor that is a variable already stays the same variable.
        let mean = Var::from_tensor(&mean)?;
        let variance = Var::from_tensor(&variance)?;
        Ok(Self { affine: None, mean, variance, spec })
    }

    /// The result with a choice of statistics that [`ModuleT`] does not have:
    /// [`Statistics::BatchOnly`] normalises with the batch and moves nothing.
    ///
    /// # Errors
    ///
    /// Those of [`batch_norm`].
    pub fn forward_with(&self, x: &Tensor, statistics: Statistics) -> Result<Tensor> {
        let affine = self.affine.as_ref().map(|(scale, shift)| (scale, shift));
        batch_norm(x, affine, &self.mean, &self.variance, statistics, self.spec).map_err(to_candle)
    }

    /// Scale and shift, `[channels]` each.
    pub fn affine(&self) -> Option<(&Tensor, &Tensor)> {
        self.affine.as_ref().map(|(scale, shift)| (scale, shift))
    }

    /// The running mean, `[channels]`.
    pub fn running_mean(&self) -> &Var {
        &self.mean
    }

    /// The running variance, `[channels]`.
    pub fn running_var(&self) -> &Var {
        &self.variance
    }
}

impl ModuleT for BatchNorm {
    /// [`Statistics::Update`] in training, [`Statistics::Freeze`] otherwise.
    fn forward_t(&self, x: &Tensor, train: bool) -> Result<Tensor> {
        self.forward_with(x, if train { Statistics::Update } else { Statistics::Freeze })
    }
}
