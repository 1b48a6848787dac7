//! The way back through the spatial part of a block on one image.

use super::block::{Block, Spatial};
use super::lines::PLAIN;
use super::prepared::Prepared;
use super::scratch::{Input, Scratch, room, run};
use super::spatial::Lattice;
use super::window::Window;
use crate::simd::{Correlate, Grid, InstructionSet, Tap, WindowMax, Winner};
use crate::window::Phase;

/// The gradient behind a spatial part, and what its input's gradient is made with.
#[derive(Clone, Copy)]
pub(super) struct SpatialBack<'a> {
    pub(super) arch: InstructionSet,
    pub(super) block: &'a Block,
    pub(super) back: &'a Prepared,
    pub(super) input: Input<'a>,
    /// The gradient of all of the middle.
    pub(super) gradient: &'a [f32],
}

/// A plane of gradients: replaced by what is computed, or added to.
pub(super) struct Sum<'a> {
    pub(super) target: &'a mut [f32],
    pub(super) add: bool,
}

impl SpatialBack<'_> {
    /// Writes the gradient of one channel of the input, before its ReLU, to `target`.
    pub(super) fn write(&self, channel: usize, scratch: &mut Scratch, target: &mut [f32]) {
        match &self.block.spatial {
            Spatial::None => target.copy_from_slice(self.own(channel)),
            Spatial::Depthwise { window, .. } => {
                self.pad(window, self.own(channel), scratch);
                if window.square.is_some() {
                    return self.square(window, channel, scratch, Sum { target, add: false });
                }
                let taps = window.back.tap_count();
                let taps = &self.back.taps[channel * taps..][..taps];
                self.phases(window, taps, scratch, target);
            }
            Spatial::Average { window, shares } => {
                let mut shared = std::mem::take(&mut scratch.plane);
                let plane = room(&mut shared, shares.len());
                for ((shared, g), share) in plane.iter_mut().zip(self.own(channel)).zip(shares) {
                    *shared = g * share;
                }
                self.pad(window, plane, scratch);
                scratch.plane = shared;
                self.phases(window, &self.back.taps, scratch, target);
            }
            Spatial::Max(window) => self.winners(window, channel, scratch, target),
            Spatial::Pick { step, starts } => {
                target.fill(0.0);
                for (index, start) in starts.iter().enumerate() {
                    let own = self.own(index * self.block.input.channels + channel);
                    unpick(own, self.block, Lattice { start: *start, step: *step }, target);
                }
            }
            Spatial::Enlarge(rows, columns) => {
                collect(self.own(channel), self.block, (*rows, *columns), target);
            }
        }
    }

    /// Adds it to `target`, where that takes a single correlation; else does nothing and returns
    /// false.
    pub(super) fn add(&self, channel: usize, scratch: &mut Scratch, target: &mut [f32]) -> bool {
        let Spatial::Depthwise { window, .. } = &self.block.spatial else { return false };
        let [phase] = &window.back.phases[..] else { return false };
        self.pad(window, self.own(channel), scratch);
        if window.square.is_some() {
            self.square(window, channel, scratch, Sum { target, add: true });
            return true;
        }
        let count = window.back.tap_count();
        let correlate = Correlate {
            source: scratch.gradient.plane(0),
            row_step: window.back.frame.pitch(),
            taps: &self.back.taps[channel * count..][..count],
            target,
            pitch: phase.columns,
            rows: phase.rows,
            columns: phase.columns,
            add: true,
        };
        run(self.arch, correlate);
        true
    }

    /// One channel of the gradient.
    fn own(&self, channel: usize) -> &[f32] {
        let plane = self.block.middle.plane();
        &self.gradient[channel * plane..][..plane]
    }

    fn pad(&self, window: &Window, gradient: &[f32], scratch: &mut Scratch) {
        scratch.gradient.shape(window.back.frame, 1, 0.0);
        scratch.gradient.fill(self.arch, 0, gradient, PLAIN, false);
    }

    /// From the padded gradient at hand through a square window.
    fn square(&self, window: &Window, channel: usize, scratch: &Scratch, sum: Sum<'_>) {
        let (Some(square), [phase]) = (&window.square, &window.back.phases[..]) else { return };
        let taps = window.sizes.taps();
        let grid = Grid {
            source: scratch.gradient.plane(0),
            row_step: window.back.frame.pitch(),
            apart: square.apart,
            columns: &square.back,
            weights: &self.back.weights[channel * taps..][..taps],
            target: sum.target,
            rows: phase.rows,
            width: phase.columns,
            add: sum.add,
        };
        run(self.arch, grid);
    }

    /// From the padded gradient at hand: every phase of input positions is a correlation.
    fn phases(&self, window: &Window, taps: &[Tap], scratch: &mut Scratch, target: &mut [f32]) {
        let source = scratch.gradient.plane(0);
        let step = window.back.frame.pitch();
        let mut first = 0;
        each_phase(self.block, window, &mut scratch.phase, target, |phase, target| {
            let taps = &taps[first..][..phase.taps.len()];
            first += phase.taps.len();
            let output = (phase.rows, phase.columns);
            run(self.arch, Correlate::plane(source, step, taps, target, output));
        });
    }

    /// Finds the winners again, then lets every input position collect from the windows it won.
    fn winners(&self, window: &Window, channel: usize, scratch: &mut Scratch, target: &mut [f32]) {
        let arch = self.arch;
        let plane = self.block.middle.plane();
        let input = self.block.input.plane();
        let source = &self.input.data[channel * input..][..input];
        scratch.raw.shape(window.frame, 1, f32::NEG_INFINITY);
        scratch.raw.fill(arch, 0, source, self.input.line(channel), self.block.relu);
        let both = room(&mut scratch.plane, 2 * plane);
        let (best, winner) = both.split_at_mut(plane);
        let max = WindowMax {
            source: scratch.raw.plane(0),
            row_step: window.row_step,
            offsets: &window.offsets,
            rows: window.output.0,
            columns: window.output.1,
            target: best,
            winner: Some(&mut *winner),
        };
        run(arch, max);
        window.give_empty(best, winner);
        scratch.gradient.shape(window.back.frame, 1, 0.0);
        scratch.gradient.fill(arch, 0, self.own(channel), PLAIN, false);
        scratch.winner.shape(window.back.frame, 1, -1.0);
        scratch.winner.fill(arch, 0, winner, PLAIN, false);
        let source = &scratch.gradient;
        let won = &scratch.winner;
        each_phase(self.block, window, &mut scratch.phase, target, |phase, target| {
            let collect = Winner {
                gradient: source.plane(0),
                winner: won.plane(0),
                row_step: window.back.frame.pitch(),
                taps: &phase.taps,
                target,
                rows: phase.rows,
                columns: phase.columns,
                add: false,
            };
            run(arch, collect);
        });
    }
}

/// Adds up the gradients of every value's block of `factor` rows and columns.
fn collect(gradient: &[f32], block: &Block, factor: (usize, usize), target: &mut [f32]) {
    let width = block.middle.width;
    let rows = target.chunks_exact_mut(block.input.width);
    for (target, gradient) in rows.zip(gradient.chunks_exact(factor.0 * width)) {
        target.fill(0.0);
        for row in gradient.chunks_exact(width) {
            for (target, block) in target.iter_mut().zip(row.chunks_exact(factor.1)) {
                *target += block.iter().sum::<f32>();
            }
        }
    }
}

/// Adds the gradient of picked positions to the gradient of the plane they were picked from.
fn unpick(gradient: &[f32], block: &Block, lattice: Lattice, target: &mut [f32]) {
    let Lattice { start, step } = lattice;
    let rows = target.chunks_exact_mut(block.input.width).skip(start.0).step_by(step.0);
    for (gradient, row) in gradient.chunks_exact(block.middle.width).zip(rows) {
        for (target, g) in row[start.1..].iter_mut().step_by(step.1).zip(gradient) {
            *target += g;
        }
    }
}

/// Computes every phase of a window, row by row of phases, and puts the columns together.
fn each_phase(
    block: &Block,
    window: &Window,
    buffer: &mut Vec<f32>,
    target: &mut [f32],
    mut compute: impl FnMut(&Phase, &mut [f32]),
) {
    let phases = &window.back.phases;
    if let [phase] = &phases[..] {
        return compute(phase, target);
    }
    let width = block.input.width;
    let stride = window.sizes.stride;
    for phases in phases.chunk_by(|a, b| a.row == b.row) {
        let widest = phases.iter().map(|phase| phase.rows * phase.columns).max().unwrap_or(0);
        let parts = room(buffer, widest * phases.len());
        for (phase, part) in phases.iter().zip(parts.chunks_exact_mut(widest.max(1))) {
            compute(phase, &mut part[..phase.rows * phase.columns]);
        }
        let rows = target.chunks_exact_mut(width).skip(phases[0].row).step_by(stride.0);
        for (index, row) in rows.enumerate() {
            let part = |at: usize| {
                let columns = phases[at].columns;
                &parts[at * widest + index * columns..][..columns]
            };
            if phases.len() == 2 && stride.1 == 2 {
                interleave(part(0), part(1), row);
                continue;
            }
            for (at, phase) in phases.iter().enumerate() {
                let columns = row[phase.column..].iter_mut().step_by(stride.1);
                columns.zip(part(at)).for_each(|(target, g)| *target = *g);
            }
        }
    }
}

/// `row = even[0], odd[0], even[1], odd[1], ...`
fn interleave(even: &[f32], odd: &[f32], row: &mut [f32]) {
    let pairs = row.chunks_exact_mut(2);
    for (pair, (even, odd)) in pairs.zip(even.iter().zip(odd)) {
        pair[0] = *even;
        pair[1] = *odd;
    }
    if row.len() % 2 == 1
        && let (Some(last), Some(value)) = (row.last_mut(), even.last())
    {
        *last = *value;
    }
}
