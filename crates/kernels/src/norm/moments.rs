//! Mean and variance of every channel.

use rayon::prelude::*;

use super::spec::Geometry;
use super::sums::sum;
use crate::float::Float;
use crate::parallel::chunks_per_task;

/// Mean and variance of one channel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Moments {
    pub(crate) mean: f64,
    /// Biased: divided by the number of values.
    pub(crate) variance: f64,
}

impl Moments {
    /// `1 / sqrt(variance + eps)`.
    pub(crate) fn inverse_deviation(&self, eps: f64) -> f64 {
        (self.variance + eps).sqrt().recip()
    }

    /// The variance divided by `values - 1`.
    pub(crate) fn unbiased_variance(&self, values: usize) -> f64 {
        self.variance * values as f64 / (values as f64 - 1.0)
    }
}

/// Two passes per channel, images in order, accumulated in `f64`.
pub(super) fn of_batch<T: Float>(geometry: &Geometry, x: &[T]) -> Vec<Moments> {
    (0..geometry.channels)
        .into_par_iter()
        .with_min_len(chunks_per_task(geometry.values()))
        .map(|channel| {
            let count = geometry.values() as f64;
            let total = |term: &dyn Fn(&[T]) -> f64| -> f64 {
                (0..geometry.batch).map(|image| term(plane(geometry, x, image, channel))).sum()
            };
            let mean = total(&|plane| sum(plane, |x| x.wide())) / count;
            let square = |x: T| (x.wide() - mean) * (x.wide() - mean);
            let variance = total(&|plane| sum(plane, square)) / count;
            Moments { mean, variance }
        })
        .collect()
}

/// One channel of one image.
pub(super) fn plane<'a, T>(
    geometry: &Geometry,
    x: &'a [T],
    image: usize,
    channel: usize,
) -> &'a [T] {
    let index = image * geometry.channels + channel;
    &x[index * geometry.plane..][..geometry.plane]
}
