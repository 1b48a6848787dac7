//! The line that a channel is put through, and the one of its gradient.

use super::moments::Moments;
use crate::float::Float;

/// `y = (x - mean) scale + shift`, the mean rounded to the element type.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line<T> {
    mean: T,
    scale: T,
    shift: T,
}

impl<T: Float> Line<T> {
    /// `gamma (x - mean) / deviation + beta`.
    pub(crate) fn new(moments: &Moments, eps: f64, (gamma, beta): (f64, f64)) -> Self {
        let scale = moments.inverse_deviation(eps) * gamma;
        let mean = T::narrow(moments.mean);
        let shift = T::narrow(beta + (mean.wide() - moments.mean) * scale);
        Self { mean, scale: T::narrow(scale), shift }
    }

    #[inline(always)]
    pub(crate) fn at(self, x: T) -> T {
        (x - self.mean) * self.scale + self.shift
    }
}

/// Sums of one channel over the batch: of the gradient, and of the gradient times the centred
/// input.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Totals {
    pub(crate) plain: f64,
    pub(crate) weighted: f64,
}

impl Totals {
    /// The sum over planes.
    pub(crate) fn over(planes: impl Iterator<Item = (f64, f64)>) -> Self {
        planes.fold(Self { plain: 0.0, weighted: 0.0 }, |sum, (plain, weighted)| Self {
            plain: sum.plain + plain,
            weighted: sum.weighted + weighted,
        })
    }
}

/// With `s = 1 / sqrt(variance + eps)` and `n` values per channel:
/// `dx = gamma s (g - mean(g) - (x - mean) s^2 mean(g (x - mean)))` for batch statistics,
/// `dx = gamma s g` for running ones.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BackLine<T> {
    scale: T,
    level: T,
    mean: T,
    slope: T,
}

impl<T: Float> BackLine<T> {
    /// That of batch statistics over `count` values.
    pub(crate) fn new(moments: &Moments, eps: f64, gamma: f64, sums: Totals, count: f64) -> Self {
        let deviation = moments.inverse_deviation(eps);
        let mean = T::narrow(moments.mean);
        let slope = sums.weighted / count * deviation * deviation;
        let rounding = mean.wide() - moments.mean;
        Self {
            scale: T::narrow(gamma * deviation),
            level: T::narrow(sums.plain / count + rounding * slope),
            mean,
            slope: T::narrow(slope),
        }
    }

    #[inline(always)]
    pub(crate) fn at(self, gradient: T, x: T) -> T {
        self.scale * (gradient - self.level - (x - self.mean) * self.slope)
    }
}
