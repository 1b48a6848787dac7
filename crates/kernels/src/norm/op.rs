//! Batch normalisation as one custom operation, with and without affine parameters.

use std::sync::{Arc, OnceLock};

use candle_core::Result;

use super::line::{BackLine, Line, Totals};
use super::moments::{self, Moments, Sums};
use super::spec::{Geometry, OP};
use crate::float::Float;
use crate::operation::Operation;
use crate::parallel::map_blocks;
use crate::simd::InstructionSet;

/// The moments a call normalised with, readable after the forward pass.
pub(crate) type Record = Arc<OnceLock<Vec<Moments>>>;

/// One call. `record` is filled beforehand when the running statistics normalise, else by the
/// forward pass.
pub(crate) struct Normalization {
    pub(super) arch: InstructionSet,
    pub(super) geometry: Geometry,
    pub(super) eps: f64,
    pub(super) of_batch: bool,
    pub(crate) record: Record,
}

impl Normalization {
    fn result<T: Sums>(&self, x: &[T], affine: Option<(&[T], &[T])>) -> Vec<T> {
        let moments = self.record.get_or_init(|| moments::of_batch(self.arch, &self.geometry, x));
        let Geometry { channels, plane, .. } = self.geometry;
        map_blocks(self.arch, x, x, plane, |index| {
            let channel = index % channels;
            let (gamma, shift) = match affine {
                Some((gamma, beta)) => (gamma[channel].wide(), beta[channel].wide()),
                None => (1.0, 0.0),
            };
            let line = Line::new(&moments[channel], self.eps, (gamma, shift));
            move |x, _| line.at(x)
        })
    }

    fn moments(&self) -> Result<&[Moments]> {
        let missing = || candle_core::Error::BackwardNotSupported { op: OP };
        self.record.get().map(Vec::as_slice).ok_or_else(missing)
    }

    fn sums<T: Sums>(&self, moments: &[Moments], x: &[T], gradient: &[T]) -> Vec<Totals> {
        let Geometry { channels, plane, .. } = self.geometry;
        let planes = moments::per_plane(&self.geometry, |index| {
            let own = index * plane..(index + 1) * plane;
            T::pair(self.arch, &gradient[own.clone()], &x[own], moments[index % channels].mean)
        });
        let total = |channel| Totals::over(moments::channel(&self.geometry, &planes, channel));
        (0..channels).map(total).collect()
    }

    /// The line of [`BackLine`], channel by channel.
    fn input_gradient<T: Float>(
        &self,
        (x, gradient): (&[T], &[T]),
        gamma: Option<&[T]>,
        moments: &[Moments],
        sums: &[Totals],
    ) -> Vec<T> {
        let count = self.geometry.values() as f64;
        let Geometry { channels, plane, .. } = self.geometry;
        let gamma = |channel: usize| gamma.map_or(1.0, |gamma| gamma[channel].wide());
        if !self.of_batch {
            return map_blocks(self.arch, gradient, gradient, plane, |index| {
                let channel = index % channels;
                let deviation = moments[channel].inverse_deviation(self.eps);
                let scale = T::narrow(gamma(channel) * deviation);
                move |gradient, _| scale * gradient
            });
        }
        map_blocks(self.arch, gradient, x, plane, |index| {
            let channel = index % channels;
            let own = &moments[channel];
            let line = BackLine::new(own, self.eps, gamma(channel), sums[channel], count);
            move |gradient, x| line.at(gradient, x)
        })
    }

    /// The gradients by input, scale and shift.
    fn gradients<T: Sums>(
        &self,
        x: &[T],
        gamma: Option<&[T]>,
        gradient: &[T],
        wanted: [bool; 3],
    ) -> Result<[Option<Vec<T>>; 3]> {
        let moments = self.moments()?;
        let needed = wanted[1] || wanted[2] || self.of_batch && wanted[0];
        let sums = if needed { self.sums(moments, x, gradient) } else { Vec::new() };
        let dx = wanted[0].then(|| self.input_gradient((x, gradient), gamma, moments, &sums));
        let scales = sums.iter().zip(moments);
        let scales = scales.map(|(sums, own)| sums.weighted * own.inverse_deviation(self.eps));
        let shifts = sums.iter().map(|sums| sums.plain);
        Ok([
            dx,
            wanted[1].then(|| scales.map(T::narrow).collect()),
            wanted[2].then(|| shifts.map(T::narrow).collect()),
        ])
    }
}

impl<T: Sums> Operation<T, 1> for Normalization {
    fn forward(&self, [x]: [&[T]; 1]) -> Vec<T> {
        self.result(x, None)
    }

    fn backward(
        &self,
        [x]: [&[T]; 1],
        gradient: &[T],
        [wanted]: [bool; 1],
    ) -> Result<[Option<Vec<T>>; 1]> {
        let [dx, ..] = self.gradients(x, None, gradient, [wanted, false, false])?;
        Ok([dx])
    }
}

impl<T: Sums> Operation<T, 3> for Normalization {
    fn forward(&self, [x, gamma, beta]: [&[T]; 3]) -> Vec<T> {
        self.result(x, Some((gamma, beta)))
    }

    fn backward(
        &self,
        [x, gamma, _]: [&[T]; 3],
        gradient: &[T],
        wanted: [bool; 3],
    ) -> Result<[Option<Vec<T>>; 3]> {
        self.gradients(x, Some(gamma), gradient, wanted)
    }
}
