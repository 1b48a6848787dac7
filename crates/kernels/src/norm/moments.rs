//! Mean and variance of every channel.

use rayon::prelude::*;

use super::spec::Geometry;
use super::sums::{gradient_sums, sum};
use crate::float::Float;
use crate::parallel::chunks_per_task;
use crate::simd::{self, InstructionSet, PairSums};

/// Mean and variance of one channel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Moments {
    pub(crate) mean: f64,
    /// Biased: divided by the number of values.
    pub(crate) variance: f64,
}

impl Moments {
    /// One channel, from the sum and the squares about its own mean of each image's plane of
    /// `plane` values, taken in order.
    pub(crate) fn pooled(planes: impl Iterator<Item = (f64, f64)> + Clone, plane: usize) -> Self {
        let plane = plane as f64;
        let count = planes.clone().count() as f64 * plane;
        let mean = planes.clone().map(|(sum, _)| sum).sum::<f64>() / count;
        let squares = planes.map(|(sum, squares)| {
            let distance = sum / plane - mean;
            squares + plane * distance * distance
        });
        Self { mean, variance: squares.sum::<f64>() / count }
    }

    /// `1 / sqrt(variance + eps)`.
    pub(crate) fn inverse_deviation(&self, eps: f64) -> f64 {
        (self.variance + eps).sqrt().recip()
    }

    /// The variance divided by `values - 1`.
    pub(crate) fn unbiased_variance(&self, values: usize) -> f64 {
        self.variance * values as f64 / (values as f64 - 1.0)
    }
}

/// Sums over planes, in the element type's own way.
pub(crate) trait Sums: Float {
    /// Sum, and sum of squares about the plane's mean.
    fn moments(arch: InstructionSet, plane: &[Self]) -> (f64, f64);

    /// Sum of `g`, and of `g (x - mean)`.
    fn pair(arch: InstructionSet, gradient: &[Self], x: &[Self], mean: f64) -> (f64, f64);
}

impl Sums for f32 {
    fn moments(arch: InstructionSet, plane: &[f32]) -> (f64, f64) {
        arch.dispatch(simd::Moments(plane))
    }

    fn pair(arch: InstructionSet, gradient: &[f32], x: &[f32], mean: f64) -> (f64, f64) {
        arch.dispatch(PairSums { gradient, value: x, mean })
    }
}

impl Sums for f64 {
    fn moments(_: InstructionSet, plane: &[f64]) -> (f64, f64) {
        let total = sum(plane, |x| x);
        let mean = total / plane.len() as f64;
        (total, sum(plane, |x| (x - mean) * (x - mean)))
    }

    fn pair(_: InstructionSet, gradient: &[f64], x: &[f64], mean: f64) -> (f64, f64) {
        gradient_sums(gradient, x, mean)
    }
}

/// The moments of every channel: planes on their own, pooled in the order of the images.
pub(crate) fn of_batch<T: Sums>(
    arch: InstructionSet,
    geometry: &Geometry,
    x: &[T],
) -> Vec<Moments> {
    let planes = per_plane(geometry, |plane| {
        T::moments(arch, &x[plane * geometry.plane..][..geometry.plane])
    });
    let pooled = |index| Moments::pooled(channel(geometry, &planes, index), geometry.plane);
    (0..geometry.channels).map(pooled).collect()
}

/// `term(plane)` for every plane.
pub(super) fn per_plane(
    geometry: &Geometry,
    term: impl Fn(usize) -> (f64, f64) + Sync + Send,
) -> Vec<(f64, f64)> {
    let count = geometry.batch * geometry.channels;
    let per_task = chunks_per_task(geometry.plane);
    if count <= per_task {
        return (0..count).map(term).collect();
    }
    (0..count).into_par_iter().with_min_len(per_task).map(term).collect()
}

/// One channel of all images.
pub(crate) fn channel<'a>(
    geometry: &Geometry,
    planes: &'a [(f64, f64)],
    channel: usize,
) -> impl Iterator<Item = (f64, f64)> + Clone + 'a {
    planes.iter().copied().skip(channel).step_by(geometry.channels)
}
