//! Batch normalisation over a batch that several workers share.

use std::fmt;
use std::sync::Arc;

use candle_core::{Device, Tensor, Var};
use rayon::prelude::*;

use super::moments::Moments;
use super::spec::{BatchNormSpec, Geometry, OP, Statistics};
use crate::check::Check;
use crate::error::{KernelError, Result};
use crate::float::{Float, with_float};
use crate::host;
use crate::operation::{Op, Operation};

/// Workers that share a batch, by the way in which they add numbers.
#[derive(Clone)]
pub struct Shards {
    sum: Arc<Sum>,
}

/// Adds numbers over all workers, in place.
type Sum = dyn Fn(&mut [f64]) -> candle_core::Result<()> + Send + Sync;

impl Shards {
    /// `sum` adds its numbers over all workers, in place. Every worker calls it in the same order
    /// and with equally many numbers: twice in a forward pass and once in a backward pass.
    pub fn new(
        sum: impl Fn(&mut [f64]) -> candle_core::Result<()> + Send + Sync + 'static,
    ) -> Self {
        Self { sum: Arc::new(sum) }
    }

    /// A single worker: the batch is its own.
    #[must_use]
    pub fn alone() -> Self {
        Self::new(|_| Ok(()))
    }

    fn add(&self, numbers: &mut [f64]) -> candle_core::Result<()> {
        (self.sum)(numbers)
    }
}

impl fmt::Debug for Shards {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shards").finish_non_exhaustive()
    }
}

/// Batch normalisation by the statistics of a batch of which `x` is one worker's part,
/// differentiable in `x`, `gamma` and `beta`.
///
/// Arguments and results are those of [`batch_norm`](crate::batch_norm), with `running` the running
/// mean and variance. Mean and variance go over the values of all `shards`
/// (synchronised batch normalisation; Zhang et al. 2018, arXiv:1803.08904), and so does the
/// gradient by `x`. Those by `gamma` and `beta` are sums over this part alone: whoever adds
/// gradients over workers adds them, too. The running statistics of every worker move alike. Under
/// [`Statistics::Freeze`] nothing is shared.
///
/// # Errors
///
/// Those of [`batch_norm`](crate::batch_norm), and that of `shards`;
/// [`KernelError::Device`] for tensors that are not on the CPU.
pub fn batch_norm_sharded(
    x: &Tensor,
    affine: Option<(&Tensor, &Tensor)>,
    running: [&Var; 2],
    statistics: Statistics,
    spec: BatchNormSpec,
    shards: &Shards,
) -> Result<Tensor> {
    let [mean, variance] = running;
    if statistics == Statistics::Freeze {
        return super::batch_norm(x, affine, mean, variance, statistics, spec);
    }
    // A part may have a single value per channel, so that its own size is not looked at.
    let geometry = Geometry::new(x, affine, (mean, variance), Statistics::Freeze, spec)?;
    let check = Check(OP);
    check.element_type(x)?;
    if !x.device().is_cpu() {
        let found = x.device().location();
        let expected = Device::Cpu.location();
        return Err(KernelError::Device { op: OP, argument: "x", expected, found });
    }
    let x = x.contiguous()?;
    let batch = with_float!(x.dtype(), OP, T => Batch::of::<T>(&x, &geometry, shards))?;
    if batch.count < 1.5 {
        return Err(KernelError::TooFewValues { op: OP, shape: x.dims().to_vec() });
    }
    let moments = batch.moments.clone();
    let count = batch.count as usize;
    let kernel = Sharded { geometry, eps: spec.eps, batch, shards: shards.clone() };
    let op = Op { name: OP, shape: x.shape().clone(), kernel };
    let channels = geometry.channels;
    let [gamma, beta] = match affine {
        Some((gamma, beta)) => [gamma.contiguous()?, beta.contiguous()?],
        None => [
            Tensor::ones(channels, x.dtype(), x.device())?,
            Tensor::zeros(channels, x.dtype(), x.device())?,
        ],
    };
    let y = x.apply_op3(&gamma, &beta, op)?;
    if statistics == Statistics::Update {
        super::update((mean, variance), &moments, count, spec.momentum)?;
    }
    Ok(y)
}

/// The moments of every channel over all shards, and the values of a channel.
struct Batch {
    moments: Vec<Moments>,
    count: f64,
}

impl Batch {
    /// The mean first, then the squares about it: their difference loses no digits however large
    /// the mean is.
    fn of<T: Float>(x: &Tensor, geometry: &Geometry, shards: &Shards) -> candle_core::Result<Self> {
        let (storage, layout) = x.storage_and_layout();
        let x = host::tensor_elements::<T>(&storage, layout, OP)?;
        let mut totals = channel_sums(geometry, |place, _| x[place].wide());
        totals.push(geometry.values() as f64);
        shards.add(&mut totals)?;
        let count = totals.pop().unwrap_or_default();
        let means: Vec<f64> = totals.iter().map(|sum| sum / count).collect();
        let mut squares = channel_sums(geometry, |place, channel| {
            let distance = x[place].wide() - means[channel];
            distance * distance
        });
        shards.add(&mut squares)?;
        let pairs = means.into_iter().zip(squares);
        let moments = pairs.map(|(mean, squares)| Moments { mean, variance: squares / count });
        Ok(Self { moments: moments.collect(), count })
    }
}

/// The sum over each channel of `term(place, channel)`, images in order.
fn channel_sums(geometry: &Geometry, term: impl Fn(usize, usize) -> f64 + Sync + Send) -> Vec<f64> {
    let Geometry { batch, channels, plane } = *geometry;
    let sum = |channel: usize| {
        let planes = (0..batch).map(|image| (image * channels + channel) * plane);
        planes.map(|first| (first..first + plane).map(|at| term(at, channel)).sum::<f64>()).sum()
    };
    (0..channels).into_par_iter().map(sum).collect()
}

/// One call.
struct Sharded {
    geometry: Geometry,
    eps: f64,
    batch: Batch,
    shards: Shards,
}

impl Sharded {
    fn inverse(&self, channel: usize) -> f64 {
        self.batch.moments[channel].inverse_deviation(self.eps)
    }

    /// `value(place, channel)` for every place.
    fn map<T: Float>(&self, value: impl Fn(usize, usize) -> f64 + Sync + Send) -> Vec<T> {
        let Geometry { batch, channels, plane } = self.geometry;
        let places = (0..batch * channels * plane).into_par_iter();
        places.map(|place| T::narrow(value(place, place / plane % channels))).collect()
    }
}

impl<T: Float> Operation<T, 3> for Sharded {
    fn forward(&self, [x, gamma, beta]: [&[T]; 3]) -> Vec<T> {
        self.map(|place, channel| {
            let centred = x[place].wide() - self.batch.moments[channel].mean;
            centred * self.inverse(channel) * gamma[channel].wide() + beta[channel].wide()
        })
    }

    /// With `s = 1 / sqrt(variance + eps)` and `n` values per channel, sums over all shards:
    /// `dx = gamma s (g - sum(g) / n - (x - mean) s^2 sum(g (x - mean)) / n)`.
    fn backward(
        &self,
        [x, gamma, _]: [&[T]; 3],
        g: &[T],
        wanted: [bool; 3],
    ) -> candle_core::Result<[Option<Vec<T>>; 3]> {
        let mean = |channel: usize| self.batch.moments[channel].mean;
        let plain = channel_sums(&self.geometry, |place, _| g[place].wide());
        let weighted = channel_sums(&self.geometry, |place, channel| {
            g[place].wide() * (x[place].wide() - mean(channel))
        });
        let channels = self.geometry.channels;
        // All workers share their sums, wanted or not.
        let mut totals = [plain.clone(), weighted.clone()].concat();
        self.shards.add(&mut totals)?;
        let dx = || {
            self.map(|place, channel| {
                let inverse = self.inverse(channel);
                let level = totals[channel] / self.batch.count;
                let slope = totals[channels + channel] / self.batch.count * inverse * inverse;
                let centred = x[place].wide() - mean(channel);
                gamma[channel].wide() * inverse * (g[place].wide() - level - centred * slope)
            })
        };
        let scales = (0..channels).map(|channel| weighted[channel] * self.inverse(channel));
        Ok([
            wanted[0].then(dx),
            wanted[1].then(|| scales.map(T::narrow).collect()),
            wanted[2].then(|| plain.iter().copied().map(T::narrow).collect()),
        ])
    }
}

#[cfg(test)]
mod tests;
