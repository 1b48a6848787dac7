//! Batch norms as lines: `y = scale x + shift` per channel.

use candle_core::Tensor;

use super::block::Norm;
use crate::norm::Moments;
use crate::{KernelError, Result};

/// A norm on one channel, with what its gradient needs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Line {
    pub(super) mean: f32,
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
            let scale = gamma * inverse;
            Self {
                mean: moments.mean as f32,
                inverse: inverse as f32,
                scale: scale as f32,
                shift: (beta - moments.mean * scale) as f32,
            }
        };
        moments.iter().enumerate().map(line).collect()
    }
}

/// The running statistics of a norm.
pub(super) fn running(norm: &Norm) -> Result<Vec<Moments>> {
    let read = |tensor: &Tensor| tensor.to_vec1::<f32>().map_err(KernelError::from);
    let Some((mean, variance)) = norm.running.first() else { return Ok(Vec::new()) };
    let (mean, variance) = (read(mean)?, read(variance)?);
    let moments = mean.into_iter().zip(variance);
    Ok(moments
        .map(|(mean, variance)| Moments { mean: mean.into(), variance: variance.into() })
        .collect())
}

/// Moments of one channel from the sum and centred sum of squares of each image's plane of
/// `plane` values, taken in order.
pub(super) fn pool(planes: impl Iterator<Item = (f64, f64)> + Clone, plane: usize) -> Moments {
    let plane = plane as f64;
    let images = planes.clone().count() as f64;
    let mean = planes.clone().map(|(sum, _)| sum).sum::<f64>() / (images * plane);
    let squares: f64 = planes
        .map(|(sum, squares)| {
            let distance = sum / plane - mean;
            squares + plane * distance * distance
        })
        .sum();
    Moments { mean, variance: squares / (images * plane) }
}
