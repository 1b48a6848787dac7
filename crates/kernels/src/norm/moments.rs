//! Mean and variance of every channel.

use pulp::Arch;
use rayon::prelude::*;

use super::spec::Geometry;
use super::sums::{gradient_sums, sum};
use crate::float::Float;
use crate::parallel::chunks_per_task;
use crate::simd::{Centred, PairSums};

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

/// Sums over planes, in the element type's own way.
pub(super) trait Sums: Float {
    /// Sum, and sum of squares about the plane's mean.
    fn moments(plane: &[Self]) -> (f64, f64);

    /// Sum of `g`, and of `g (x - mean)`.
    fn pair(gradient: &[Self], x: &[Self], mean: f64) -> (f64, f64);
}

impl Sums for f32 {
    fn moments(plane: &[f32]) -> (f64, f64) {
        Arch::new().dispatch(Centred(plane))
    }

    fn pair(gradient: &[f32], x: &[f32], mean: f64) -> (f64, f64) {
        let rounded = mean as f32;
        let task = PairSums { gradient, value: x, mean: rounded };
        let (plain, weighted) = Arch::new().dispatch(task);
        (plain, weighted + (f64::from(rounded) - mean) * plain)
    }
}

impl Sums for f64 {
    fn moments(plane: &[f64]) -> (f64, f64) {
        let total = sum(plane, |x| x);
        let mean = total / plane.len() as f64;
        (total, sum(plane, |x| (x - mean) * (x - mean)))
    }

    fn pair(gradient: &[f64], x: &[f64], mean: f64) -> (f64, f64) {
        gradient_sums(gradient, x, mean)
    }
}

/// The moments of every channel: planes on their own, pooled in the order of the images.
pub(super) fn of_batch<T: Sums>(geometry: &Geometry, x: &[T]) -> Vec<Moments> {
    let planes =
        per_plane(geometry, |plane| T::moments(&x[plane * geometry.plane..][..geometry.plane]));
    (0..geometry.channels).map(|channel| pool(geometry, &planes, channel)).collect()
}

/// `term(plane)` for every plane.
pub(super) fn per_plane(
    geometry: &Geometry,
    term: impl Fn(usize) -> (f64, f64) + Sync + Send,
) -> Vec<(f64, f64)> {
    let (count, per_task) = (geometry.batch * geometry.channels, chunks_per_task(geometry.plane));
    if count <= per_task {
        return (0..count).map(term).collect();
    }
    (0..count).into_par_iter().with_min_len(per_task).map(term).collect()
}

/// One channel of all images.
pub(super) fn channel<'a>(
    geometry: &Geometry,
    planes: &'a [(f64, f64)],
    channel: usize,
) -> impl Iterator<Item = (f64, f64)> + 'a {
    planes.iter().copied().skip(channel).step_by(geometry.channels)
}

/// Squares about the planes' means become squares about the channel's.
fn pool(geometry: &Geometry, planes: &[(f64, f64)], index: usize) -> Moments {
    let (plane, count) = (geometry.plane as f64, geometry.values() as f64);
    let own = || channel(geometry, planes, index);
    let mean = own().map(|(sum, _)| sum).sum::<f64>() / count;
    let squares = |(sum, squares): (f64, f64)| {
        let distance = sum / plane - mean;
        squares + plane * distance * distance
    };
    Moments { mean, variance: own().map(squares).sum::<f64>() / count }
}
