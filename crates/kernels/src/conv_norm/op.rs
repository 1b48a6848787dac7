//! The operation in candle's graph.

use std::sync::{Arc, OnceLock};

use candle_core::{CpuStorage, CustomOp3, Error, Layout, Result, Shape, Tensor};
use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::Watched;
use crate::conv::{Convolve, Geometry, Wanted};
use crate::host;
use crate::norm::{self, BackLine, Line, Moments, Record, Sums, Totals};
use crate::operation::{self, Operation};
use crate::parallel::{Blocks, chunks_per_task, fill_blocks, map_blocks};
use crate::simd::InstructionSet;

const OP: &str = "conv2d_norm_relu";

/// One call. `record` is filled beforehand when the running statistics normalise.
pub(crate) struct Block {
    pub(super) arch: InstructionSet,
    pub(super) geometry: Geometry,
    pub(super) sizes: norm::Geometry,
    pub(super) eps: f64,
    pub(super) of_batch: bool,
    pub(super) record: Record,
    /// The output of the convolution, which the forward pass keeps.
    pub(super) sums: OnceLock<Vec<f32>>,
}

impl Block {
    /// Moments of the batch, filled by the forward pass.
    pub(crate) fn watched(&self) -> Watched {
        Watched { record: Arc::clone(&self.record), values: self.sizes.values() }
    }

    /// The shape of the result.
    pub(crate) fn shape(&self) -> Shape {
        self.geometry.output_shape().into()
    }

    /// The line of every channel; `affine` has the scales, then the shifts.
    fn lines(&self, moments: &[Moments], affine: &[f32]) -> Vec<Line<f32>> {
        let (gamma, beta) = affine.split_at(self.sizes.channels);
        let pairs =
            gamma.iter().zip(beta).map(|(gamma, beta)| (f64::from(*gamma), f64::from(*beta)));
        moments.iter().zip(pairs).map(|(own, pair)| Line::new(own, self.eps, pair)).collect()
    }

    /// The gradient behind the rectifier, and its sums by channel.
    fn passed(
        &self,
        z: &[f32],
        gradient: &[f32],
        moments: &[Moments],
        affine: &[f32],
    ) -> (Vec<f32>, Vec<Totals>) {
        let lines = self.lines(moments, affine);
        let norm::Geometry { batch, channels, plane } = self.sizes;
        let count = batch * channels;
        let blocks = Blocks { count, block: plane, len: z.len(), cost: 2 * plane };
        let (passed, parts) = fill_blocks(
            blocks,
            || (),
            |(), index, target| {
                let z = &z[index * plane..][..plane];
                let gradient = &gradient[index * plane..][..plane];
                let channel = index % channels;
                self.arch.dispatch_elements(Pass { line: lines[channel], z, gradient, target });
                f32::pair(self.arch, target, z, moments[channel].mean)
            },
        );
        let of = |channel| Totals::over(norm::channel(&self.sizes, &parts, channel));
        (passed, (0..channels).map(of).collect())
    }

    /// The gradient of the convolution's output in the place of that of the norm's.
    fn through_norm(
        &self,
        gradient: &mut [f32],
        z: &[f32],
        moments: &[Moments],
        gamma: &[f32],
        totals: &[Totals],
    ) {
        let plane = self.sizes.plane;
        let count = self.sizes.values() as f64;
        let nothing = Totals { plain: 0.0, weighted: 0.0 };
        let line = |channel: usize| {
            let sums = if self.of_batch { totals[channel] } else { nothing };
            let gamma = f64::from(gamma[channel]);
            BackLine::new(&moments[channel], self.eps, gamma, sums, count)
        };
        let planes = gradient.par_chunks_mut(plane).zip(z.par_chunks(plane)).enumerate();
        planes.with_min_len(chunks_per_task(plane)).for_each(|(index, (gradient, z))| {
            let line = line(index % self.sizes.channels);
            self.arch.dispatch_elements(Through { line, z, gradient });
        });
    }
}

/// `target = gradient` where the rectifier passes it.
struct Pass<'a> {
    line: Line<f32>,
    z: &'a [f32],
    gradient: &'a [f32],
    target: &'a mut [f32],
}

impl WithSimd for Pass<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let pairs = self.gradient.iter().zip(self.z);
        for (target, (gradient, z)) in self.target.iter_mut().zip(pairs) {
            *target = if self.line.at(*z) <= 0.0 { 0.0 } else { *gradient };
        }
    }
}

/// The gradient put through the line of the norm, in place.
struct Through<'a> {
    line: BackLine<f32>,
    z: &'a [f32],
    gradient: &'a mut [f32],
}

impl WithSimd for Through<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for (gradient, z) in self.gradient.iter_mut().zip(self.z) {
            *gradient = self.line.at(*gradient, *z);
        }
    }
}

impl Operation<f32, 3> for Block {
    fn forward(&self, [x, weight, affine]: [&[f32]; 3]) -> Vec<f32> {
        let z = f32::forward(self.arch, &self.geometry, x, weight);
        let moments = self.record.get_or_init(|| norm::of_batch(self.arch, &self.sizes, &z));
        let lines = self.lines(moments, affine);
        let y = map_blocks(self.arch, &z, &z, self.sizes.plane, |index| {
            let line = lines[index % lines.len()];
            move |z, _| {
                let y = line.at(z);
                if y <= 0.0 { 0.0 } else { y }
            }
        });
        // Only one forward pass is made of an operation.
        let _ = self.sums.set(z);
        y
    }

    fn backward(
        &self,
        [x, weight, affine]: [&[f32]; 3],
        gradient: &[f32],
        wanted: [bool; 3],
    ) -> Result<[Option<Vec<f32>>; 3]> {
        let (Some(z), Some(moments)) = (self.sums.get(), self.record.get()) else {
            return Err(Error::BackwardNotSupported { op: OP });
        };
        let (mut dz, totals) = self.passed(z, gradient, moments, affine);
        let (gamma, _) = affine.split_at(self.sizes.channels);
        self.through_norm(&mut dz, z, moments, gamma, &totals);
        let of = Wanted { input: wanted[0], weight: wanted[1] };
        let found = f32::gradients(self.arch, &self.geometry, x, weight, &dz, of);
        let scales = totals.iter().zip(moments);
        let scales = scales.map(|(sums, own)| sums.weighted * own.inverse_deviation(self.eps));
        let shifts = totals.iter().map(|sums| sums.plain);
        let both = || scales.chain(shifts).map(|value| value as f32).collect();
        Ok([found.input, found.weight, wanted[2].then(both)])
    }
}

impl CustomOp3 for Block {
    fn name(&self) -> &'static str {
        OP
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        weight: &CpuStorage,
        weight_layout: &Layout,
        affine: &CpuStorage,
        affine_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let inputs = [(x, x_layout), (weight, weight_layout), (affine, affine_layout)];
        Ok(host::output(operation::forward(OP, self, inputs)?, self.geometry.output_shape()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        weight: &Tensor,
        affine: &Tensor,
        _y: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let inputs = [x, weight, affine];
        let [x, weight, affine] = operation::backward::<f32, 3>(OP, self, inputs, gradient)?;
        Ok((x, weight, affine))
    }
}
