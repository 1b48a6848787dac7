//! The parameters of batch normalisation and their checks.

use candle_core::{Tensor, Var};

use crate::check::Check;
use crate::error::{KernelError, Result};

pub(crate) const OP: &str = "batch_norm";

/// The statistics that normalise, and what becomes of the running ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statistics {
    /// Normalise with the batch, update the running statistics (training).
    Update,
    /// Normalise with the running statistics (evaluation); gradients flow to the input and the
    /// affine parameters.
    Freeze,
    /// Normalise with the batch, leave the running statistics alone (extra forward passes).
    BatchOnly,
}

/// Constants of batch normalisation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BatchNormSpec {
    /// Added to the variance under the root.
    pub eps: f64,
    /// Weight of the newest batch in the running statistics, in `[0, 1]`.
    pub momentum: f64,
}

impl Default for BatchNormSpec {
    fn default() -> Self {
        Self { eps: 1e-5, momentum: 0.1 }
    }
}

/// The checked sizes of one call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Geometry {
    pub(crate) batch: usize,
    pub(crate) channels: usize,
    pub(crate) plane: usize,
}

impl Geometry {
    pub(crate) fn new(
        x: &Tensor,
        affine: Option<(&Tensor, &Tensor)>,
        running: (&Var, &Var),
        statistics: Statistics,
        spec: BatchNormSpec,
    ) -> Result<Self> {
        let (batch, channels, height, width) = Check(OP).image(x)?;
        let geometry = Self { batch, channels, plane: height * width };
        geometry.check(x, affine, [running.0, running.1], statistics, spec)?;
        Ok(geometry)
    }

    /// Checks all arguments but the input itself, of whose kind they must be.
    pub(crate) fn check(
        &self,
        x: &Tensor,
        affine: Option<(&Tensor, &Tensor)>,
        running: [&Var; 2],
        statistics: Statistics,
        spec: BatchNormSpec,
    ) -> Result<()> {
        let check = Check(OP);
        let channels = self.channels;
        if let Some((gamma, beta)) = affine {
            check.channel_vector(x, gamma, "gamma", channels)?;
            check.channel_vector(x, beta, "beta", channels)?;
        }
        check.channel_vector(x, running[0].as_tensor(), "running mean", channels)?;
        check.channel_vector(x, running[1].as_tensor(), "running variance", channels)?;
        spec.check()?;
        if statistics != Statistics::Freeze && self.values() < 2 {
            return Err(KernelError::TooFewValues { op: OP, shape: x.dims().to_vec() });
        }
        Ok(())
    }

    /// Values per channel.
    pub(crate) fn values(&self) -> usize {
        self.batch * self.plane
    }
}

impl BatchNormSpec {
    pub(crate) fn check(&self) -> Result<()> {
        let refuse = |parameter, range, found| {
            Err(KernelError::Parameter { op: OP, parameter, range, found })
        };
        if !(self.eps.is_finite() && self.eps >= 0.0) {
            return refuse("eps", "finite and not negative", self.eps);
        }
        if !(0.0..=1.0).contains(&self.momentum) {
            return refuse("momentum", "between 0 and 1", self.momentum);
        }
        Ok(())
    }
}
