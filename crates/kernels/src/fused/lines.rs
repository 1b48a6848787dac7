//! Batch norms as lines: `y = scale x + shift` per channel.

use candle_core::Tensor;

use super::block::Norm;
use crate::norm::Moments;
use crate::{KernelError, Result};

/// A norm on one channel, with what its gradient needs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Line {
    pub(super) mean: f64,
    /// `1 / sqrt(variance + eps)`.
    pub(super) inverse: f32,
    pub(super) scale: f32,
    pub(super) shift: f32,
}

/// The lines of a norm's channels.
pub(super) type Lines = std::sync::Arc<[Line]>;

/// No norm.
pub(super) const PLAIN: Line = Line { mean: 0.0, inverse: 1.0, scale: 1.0, shift: 0.0 };

impl Line {
    /// The lines of a norm from its moments.
    pub(super) fn all(norm: &Norm, moments: &[Moments], parameters: &[f32]) -> Lines {
        let affine = |channel: usize| {
            norm.affine.map_or((1.0, 0.0), |(scale, shift)| {
                (f64::from(parameters[scale + channel]), f64::from(parameters[shift + channel]))
            })
        };
        let line = |(channel, moments): (usize, &Moments)| {
            let inverse = moments.inverse_deviation(norm.spec.eps);
            let (gamma, beta) = affine(channel);
            let scale = (gamma * inverse) as f32;
            // With the scale as it is used: far from zero its rounding would move the whole line.
            let shift = (beta - moments.mean * f64::from(scale)) as f32;
            Self { mean: moments.mean, inverse: inverse as f32, scale, shift }
        };
        moments.iter().enumerate().map(line).collect()
    }
}

/// The running statistics of a norm.
pub(super) fn running(norm: &Norm) -> Result<Vec<Moments>> {
    let read = |tensor: &Tensor| tensor.to_vec1::<f32>().map_err(KernelError::from);
    let Some((mean, variance)) = norm.running.first() else { return Ok(Vec::new()) };
    let mean = read(mean)?;
    let variance = read(variance)?;
    let moments = mean.into_iter().zip(variance);
    Ok(moments
        .map(|(mean, variance)| Moments { mean: mean.into(), variance: variance.into() })
        .collect())
}
