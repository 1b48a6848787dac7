//! Depthwise convolution in single precision: every plane with its own kernel, straight from a
//! padded copy.

use crate::simd::InstructionSet;

use super::geometry::Geometry;
use super::{Gradients, Wanted};
use crate::parallel::{Blocks, fill_blocks, map_chunks};
use crate::simd::{LaneSums, SLACK, Tap, TapGradient};
use crate::window::{Padded, Sliding};

/// Most tasks of a backward pass, each with sums of its own for the weight gradient. A constant,
/// so that the order of summation does not depend on the machine.
pub(super) const TASKS: usize = 16;

/// Products that one lane of a sum adds up in single precision before it goes to `f64`.
pub(super) const LANE_TERMS: usize = 512;

pub(super) fn forward(
    arch: InstructionSet,
    geometry: &Geometry,
    x: &[f32],
    weight: &[f32],
) -> Vec<f32> {
    let sliding = Sliding::new(geometry.vertical, geometry.horizontal);
    let taps = sliding.taps(weight);
    let planes = (geometry.input_plane(), geometry.output_plane());
    map_chunks(
        x,
        planes,
        || Padded::new(sliding.frame, 0.0),
        |padded, plane, x, y| {
            padded.load(arch, x);
            let first = plane % geometry.groups * geometry.taps();
            sliding.correlate(arch, padded, &taps[first..][..geometry.taps()], y);
        },
    )
}

/// Both gradients in one walk over the planes.
pub(super) fn gradients(
    arch: InstructionSet,
    geometry: &Geometry,
    x: &[f32],
    weight: &[f32],
    gradient: &[f32],
    wanted: Wanted,
) -> Gradients<f32> {
    let sliding = Sliding::new(geometry.vertical, geometry.horizontal);
    let back = if wanted.input { sliding.back.taps(weight, geometry.taps()) } else { Vec::new() };
    let call = Call { geometry, sliding, back, x, gradient, arch };
    let planes = geometry.batch * geometry.groups;
    let per_task = planes_per_task(geometry);
    let plane = if wanted.input { geometry.input_plane() } else { 0 };
    let blocks = Blocks {
        count: planes.div_ceil(per_task),
        block: per_task * plane,
        len: planes * plane,
        cost: per_task * geometry.input_plane(),
    };
    let (dx, parts) = fill_blocks(
        blocks,
        || Scratch::new(&call),
        |scratch, task, dx| {
            let planes = task * per_task..((task + 1) * per_task).min(planes);
            call.task(planes, wanted, scratch, dx)
        },
    );
    let dw = wanted.weight.then(|| {
        let mut sums = vec![0.0; weight.len()];
        for (task, part) in parts.iter().enumerate() {
            let first = task * per_task % geometry.groups * geometry.taps();
            for (sum, value) in sums[first..].iter_mut().zip(part) {
                *sum += value;
            }
        }
        sums.into_iter().map(|sum| sum as f32).collect()
    });
    Gradients { input: wanted.input.then_some(dx), weight: dw }
}

/// Whole images, or an equal share of an image's channels when there are few images.
fn planes_per_task(geometry: &Geometry) -> usize {
    let channels = geometry.groups;
    if geometry.batch >= TASKS {
        return channels * geometry.batch.div_ceil(TASKS);
    }
    let most = channels.div_ceil(TASKS / geometry.batch);
    (1..=most).rev().find(|share| channels.is_multiple_of(*share)).unwrap_or(1)
}

/// Shared by the tasks of one backward pass.
struct Call<'a> {
    geometry: &'a Geometry,
    sliding: Sliding,
    back: Vec<Tap>,
    x: &'a [f32],
    gradient: &'a [f32],
    arch: InstructionSet,
}

struct Scratch {
    input: Padded,
    gradient: Padded,
    part: Vec<f32>,
    lanes: Vec<f32>,
    sums: Vec<f32>,
}

impl Scratch {
    fn new(call: &Call<'_>) -> Self {
        let taps = call.geometry.taps();
        Self {
            input: Padded::new(call.sliding.frame, 0.0),
            gradient: Padded::new(call.sliding.back.frame, 0.0),
            part: vec![0.0; call.sliding.back.part_len()],
            lanes: vec![0.0; taps * SLACK],
            sums: vec![0.0; taps],
        }
    }
}

impl Call<'_> {
    /// The gradients of consecutive planes, either of whole images or of one image: those of the
    /// input into `dx`, the sums for the weight as result, beginning with the first channel.
    fn task(
        &self,
        planes: std::ops::Range<usize>,
        wanted: Wanted,
        scratch: &mut Scratch,
        dx: &mut [f32],
    ) -> Vec<f64> {
        let channels = self.geometry.groups;
        let input = self.geometry.input_plane();
        let count = planes.len().min(channels);
        let mut sums =
            Vec::with_capacity(if wanted.weight { count * self.geometry.taps() } else { 0 });
        for channel in 0..count {
            let own = planes.clone().skip(channel).step_by(channels);
            if wanted.weight {
                self.weight_sums(own.clone(), scratch, &mut sums);
            }
            if wanted.input {
                for plane in own {
                    let dx = &mut dx[(plane - planes.start) * input..][..input];
                    self.input_gradient(plane, scratch, dx);
                }
            }
        }
        sums
    }

    fn gradient(&self, plane: usize) -> &[f32] {
        let output = self.geometry.output_plane();
        &self.gradient[plane * output..][..output]
    }

    /// Appends the sums of one channel's planes.
    fn weight_sums(
        &self,
        planes: impl Iterator<Item = usize>,
        scratch: &mut Scratch,
        sums: &mut Vec<f64>,
    ) {
        let arch = self.arch;
        let input = self.geometry.input_plane();
        let (rows, columns) = self.sliding.output;
        let start = sums.len();
        sums.resize(start + self.geometry.taps(), 0.0);
        let per_row = columns.div_ceil(arch.lanes());
        let band = (LANE_TERMS / per_row.max(1)).max(1);
        let mut terms = 0;
        let row_step = self.sliding.row_step;
        for plane in planes {
            scratch.input.load(arch, &self.x[plane * input..][..input]);
            for first in (0..rows).step_by(band) {
                let rows = band.min(rows - first);
                if terms > 0 && terms + rows * per_row > LANE_TERMS {
                    scratch.collect(arch, &mut sums[start..]);
                    terms = 0;
                }
                arch.dispatch(TapGradient {
                    source: &scratch.input.data[first * row_step..],
                    row_step,
                    offsets: &self.sliding.offsets,
                    gradient: &self.gradient(plane)[first * columns..],
                    rows,
                    columns,
                    sums: &mut scratch.lanes,
                });
                terms += rows * per_row;
            }
        }
        scratch.collect(arch, &mut sums[start..]);
    }

    fn input_gradient(&self, plane: usize, scratch: &mut Scratch, dx: &mut [f32]) {
        let back = &self.sliding.back;
        let Scratch { gradient, part, .. } = scratch;
        gradient.load(self.arch, self.gradient(plane));
        let taps = &self.back[plane % self.geometry.groups * back.tap_count()..];
        back.fill(self.arch, part, dx, |phase, before, target| {
            let taps = &taps[before..][..phase.taps.len()];
            back.correlate(self.arch, gradient, phase, taps, target);
        });
    }
}

impl Scratch {
    /// Adds the lanes to `sums` and clears them.
    fn collect(&mut self, arch: InstructionSet, sums: &mut [f64]) {
        self.sums.fill(0.0);
        arch.dispatch(LaneSums { sums: &self.lanes, target: &mut self.sums });
        self.lanes.fill(0.0);
        for (sum, value) in sums.iter_mut().zip(&self.sums) {
            *sum += f64::from(*value);
        }
    }
}
