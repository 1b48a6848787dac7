//! Batch normalisation as one custom operation, with and without affine parameters.

use std::sync::{Arc, OnceLock};

use candle_core::backend::BackendStorage;
use candle_core::{CpuStorage, CustomOp1, CustomOp3, Layout, Shape, Tensor};

use super::line::{BackLine, Line, Totals};
use super::moments::{self, Moments, Sums};
use super::spec::{Geometry, OP};
use crate::float::{Float, with_float};
use crate::host;
use crate::parallel::map_blocks;
use crate::simd::InstructionSet;

/// The moments a call normalised with, readable after the forward pass.
pub(crate) type Record = Arc<OnceLock<Vec<Moments>>>;

/// One call. `record` is filled beforehand when the running statistics normalise, else by the
/// forward pass.
pub(super) struct Normalization {
    pub(super) arch: InstructionSet,
    pub(super) geometry: Geometry,
    pub(super) eps: f64,
    pub(super) of_batch: bool,
    pub(super) record: Record,
}

impl Normalization {
    fn forward<T: Sums>(&self, x: &[T], affine: Option<(&[T], &[T])>) -> Vec<T> {
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

    fn moments(&self) -> candle_core::Result<&[Moments]> {
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

    fn backward<T: Sums>(
        &self,
        x: &Tensor,
        affine: Option<(&Tensor, &Tensor)>,
        gradient: &Tensor,
    ) -> candle_core::Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let gradient = gradient.contiguous()?;
        let (x_storage, x_layout) = x.storage_and_layout();
        let (gradient_storage, gradient_layout) = gradient.storage_and_layout();
        let x_data = host::tensor_elements::<T>(&x_storage, x_layout, OP)?;
        let gradient = host::tensor_elements::<T>(&gradient_storage, gradient_layout, OP)?;
        let moments = self.moments()?;
        let tracked = affine.is_some_and(|(gamma, beta)| gamma.track_op() || beta.track_op());
        let needed = tracked || self.of_batch && x.track_op();
        let sums = if needed { self.sums(moments, x_data, gradient) } else { Vec::new() };
        let gamma = affine.map(|(gamma, _)| gamma.to_vec1::<T>()).transpose()?;
        let dx = x
            .track_op()
            .then(|| {
                let data = (x_data, gradient);
                let dx = self.input_gradient(data, gamma.as_deref(), moments, &sums);
                host::gradient(dx, x.shape())
            })
            .transpose()?;
        let Some((gamma, beta)) = affine else { return Ok((dx, None, None)) };
        let normalized = sums
            .iter()
            .zip(moments)
            .map(|(sums, moments)| sums.weighted * moments.inverse_deviation(self.eps));
        let dgamma = channel_gradient::<T>(gamma, normalized)?;
        let dbeta = channel_gradient::<T>(beta, sums.iter().map(|sums| sums.plain))?;
        Ok((dx, dgamma, dbeta))
    }
}

/// The gradient of a per-channel parameter, if it wants one.
fn channel_gradient<T: Float>(
    parameter: &Tensor,
    values: impl Iterator<Item = f64>,
) -> candle_core::Result<Option<Tensor>> {
    parameter
        .track_op()
        .then(|| host::gradient(values.map(T::narrow).collect(), parameter.shape()))
        .transpose()
}

impl CustomOp1 for Normalization {
    fn name(&self) -> &'static str {
        OP
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> candle_core::Result<(CpuStorage, Shape)> {
        with_float!(x.dtype(), OP, T => {
            let x = host::elements::<T>(x, layout, OP)?;
            Ok(host::output(self.forward(x, None), layout.shape()))
        })
    }

    fn bwd(
        &self,
        x: &Tensor,
        _y: &Tensor,
        gradient: &Tensor,
    ) -> candle_core::Result<Option<Tensor>> {
        with_float!(x.dtype(), OP, T => Ok(self.backward::<T>(x, None, gradient)?.0))
    }
}

impl CustomOp3 for Normalization {
    fn name(&self) -> &'static str {
        OP
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        layout: &Layout,
        gamma: &CpuStorage,
        gamma_layout: &Layout,
        beta: &CpuStorage,
        beta_layout: &Layout,
    ) -> candle_core::Result<(CpuStorage, Shape)> {
        with_float!(x.dtype(), OP, T => {
            let x = host::elements::<T>(x, layout, OP)?;
            let gamma = host::elements(gamma, gamma_layout, OP)?;
            let beta = host::elements(beta, beta_layout, OP)?;
            Ok(host::output(self.forward(x, Some((gamma, beta))), layout.shape()))
        })
    }

    fn bwd(
        &self,
        x: &Tensor,
        gamma: &Tensor,
        beta: &Tensor,
        _y: &Tensor,
        gradient: &Tensor,
    ) -> candle_core::Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        with_float!(x.dtype(), OP, T => self.backward::<T>(x, Some((gamma, beta)), gradient))
    }
}
