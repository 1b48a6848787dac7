//! The spatial part of a block on one image.

use super::block::{Block, Spatial};
use super::extent::Extent;
use super::lines::Line;
use super::prepared::Prepared;
use super::scratch::{Input, Scratch, run};
use crate::simd::{Correlate, Grid, InstructionSet, Rectify, WindowMax};

/// Computes what lies between the spatial part and the 1x1 convolution into `target`.
pub(super) fn spatial(
    arch: InstructionSet,
    block: &Block,
    prepared: &Prepared,
    input: Input<'_>,
    scratch: &mut Scratch,
    target: &mut [f32],
) {
    let planes = input.data.chunks_exact(block.input.plane()).enumerate();
    let targets = target.chunks_exact_mut(block.middle.plane());
    match &block.spatial {
        Spatial::None => {
            for ((channel, source), target) in planes.zip(targets) {
                let line = input.line(channel);
                let scale = line.scale;
                let shift = line.shift;
                let rectify = block.relu;
                run(arch, Rectify { source, scale, shift, rectify, target });
            }
        }
        Spatial::Depthwise { window, .. } => {
            scratch.padded.fill_all(arch, window.frame, block, input);
            let taps = window.sizes.taps();
            for (channel, target) in targets.enumerate() {
                let source = scratch.padded.plane(channel);
                if let Some(square) = &window.square {
                    let weights = &prepared.weights[channel * taps..][..taps];
                    let grid = Grid {
                        source,
                        row_step: window.row_step,
                        apart: square.apart,
                        columns: &square.columns,
                        weights,
                        target,
                        rows: window.output.0,
                        width: window.output.1,
                        add: false,
                    };
                    run(arch, grid);
                    continue;
                }
                let taps = &prepared.taps[channel * taps..][..taps];
                let step = window.row_step;
                run(arch, Correlate::plane(source, step, taps, target, window.output));
            }
        }
        Spatial::Max(window) => {
            scratch.raw.shape(window.frame, 1, f32::NEG_INFINITY);
            for ((channel, source), target) in planes.zip(targets) {
                scratch.raw.fill(arch, 0, source, input.line(channel), block.relu);
                let max = WindowMax {
                    source: scratch.raw.plane(0),
                    row_step: window.row_step,
                    offsets: &window.offsets,
                    rows: window.output.0,
                    columns: window.output.1,
                    target,
                    winner: None,
                };
                run(arch, max);
            }
        }
        Spatial::Average { window, shares } => {
            scratch.raw.shape(window.frame, 1, 0.0);
            let step = window.row_step;
            let taps = &prepared.taps[..];
            for ((channel, source), target) in planes.zip(targets) {
                scratch.raw.fill(arch, 0, source, input.line(channel), block.relu);
                let source = scratch.raw.plane(0);
                run(arch, Correlate::plane(source, step, taps, target, window.output));
                for (y, share) in target.iter_mut().zip(shares) {
                    *y *= share;
                }
            }
        }
        Spatial::Pick { step, starts } => {
            let Extent { channels, .. } = block.input;
            for (index, target) in targets.enumerate() {
                let lattice = Lattice { start: starts[index / channels], step: *step };
                let channel = index % channels;
                let plane = &input.data[channel * block.input.plane()..][..block.input.plane()];
                pick(plane, block, lattice, target, through(input.line(channel), block.relu));
            }
        }
        Spatial::Enlarge(rows, columns) => {
            for ((channel, source), target) in planes.zip(targets) {
                let map = through(input.line(channel), block.relu);
                enlarge(source, block, (*rows, *columns), target, map);
            }
        }
    }
}

/// Repeats every value over a block of `factor` rows and columns.
fn enlarge(
    plane: &[f32],
    block: &Block,
    factor: (usize, usize),
    target: &mut [f32],
    map: impl Fn(f32) -> f32,
) {
    let width = block.middle.width;
    let rows = plane.chunks_exact(block.input.width);
    for (source, target) in rows.zip(target.chunks_exact_mut(factor.0 * width)) {
        let (first, others) = target.split_at_mut(width);
        for (target, x) in first.chunks_exact_mut(factor.1).zip(source) {
            target.fill(map(*x));
        }
        others.chunks_exact_mut(width).for_each(|other| other.copy_from_slice(first));
    }
}

/// Every `step`-th position of a plane from `start` on.
#[derive(Clone, Copy)]
pub(super) struct Lattice {
    pub(super) start: (usize, usize),
    pub(super) step: (usize, usize),
}

/// A value behind a norm and, with `relu`, a ReLU.
fn through(line: Line, relu: bool) -> impl Fn(f32) -> f32 {
    let floor = if relu { 0.0 } else { f32::NEG_INFINITY };
    move |x| {
        let x = line.scale * x + line.shift;
        if x < floor { floor } else { x }
    }
}

fn pick(
    plane: &[f32],
    block: &Block,
    lattice: Lattice,
    target: &mut [f32],
    map: impl Fn(f32) -> f32,
) {
    let Lattice { start, step } = lattice;
    let rows = plane.chunks_exact(block.input.width).skip(start.0).step_by(step.0);
    for (target, row) in target.chunks_exact_mut(block.middle.width).zip(rows) {
        let values = row[start.1..].iter().step_by(step.1);
        for (target, x) in target.iter_mut().zip(values) {
            *target = map(*x);
        }
    }
}
