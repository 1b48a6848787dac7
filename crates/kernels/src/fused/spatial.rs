//! The spatial part of a block on one image.

use super::block::{Block, Spatial};
use super::extent::Extent;
use super::prepared::Prepared;
use super::lines::PLAIN;
use super::scratch::{Input, Planes, Scratch, room, run};
use super::window::{Phase, Window};
use crate::simd::{Arch, Correlate, Rectify, Tap, WindowMax, Winner};

/// Computes what lies between the spatial part and the 1x1 convolution into `target`.
pub(super) fn spatial(
    arch: Arch,
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
                let (scale, shift, rectify) = (line.scale, line.shift, block.relu);
                run(arch, Rectify { source, scale, shift, rectify, target });
            }
        }
        Spatial::Depthwise { window, .. } => {
            scratch.padded.fill_all(arch, window.frame, block, input);
            let taps = window.sizes.taps();
            for (channel, target) in targets.enumerate() {
                let source = scratch.padded.plane(channel);
                let taps = &prepared.taps[channel * taps..][..taps];
                correlate(arch, source, window.row_step, taps, target, window.output);
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
            for ((channel, source), target) in planes.zip(targets) {
                scratch.raw.fill(arch, 0, source, input.line(channel), block.relu);
                let source = scratch.raw.plane(0);
                let (taps, step) = (&prepared.taps[..], window.row_step);
                correlate(arch, source, step, taps, target, window.output);
                for (y, share) in target.iter_mut().zip(shares) {
                    *y *= share;
                }
            }
        }
        Spatial::Pick { step, starts } => {
            let Extent { channels, .. } = block.input;
            for (index, target) in targets.enumerate() {
                let (start, channel) = (starts[index / channels], index % channels);
                let plane = &input.data[channel * block.input.plane()..][..block.input.plane()];
                let line = input.line(channel);
                let floor = if block.relu { 0.0 } else { f32::NEG_INFINITY };
                pick(plane, block, *step, start, target, |x| {
                    let x = line.scale * x + line.shift;
                    if x < floor { floor } else { x }
                });
            }
        }
    }
}

/// A dense correlation into a plane of `output` rows and columns.
pub(super) fn correlate(
    arch: Arch,
    source: &[f32],
    row_step: usize,
    taps: &[Tap],
    target: &mut [f32],
    (rows, columns): (usize, usize),
) {
    run(arch, Correlate { source, row_step, taps, target, pitch: columns, rows, columns, add: false });
}

fn pick(
    plane: &[f32],
    block: &Block,
    step: (usize, usize),
    start: (usize, usize),
    target: &mut [f32],
    map: impl Fn(f32) -> f32,
) {
    let rows = plane.chunks_exact(block.input.width).skip(start.0).step_by(step.0);
    for (target, row) in target.chunks_exact_mut(block.middle.width).zip(rows) {
        let values = row[start.1..].iter().step_by(step.1);
        for (target, x) in target.iter_mut().zip(values) {
            *target = map(*x);
        }
    }
}

/// Adds the gradient of picked positions to the gradient of the plane they were picked from.
fn unpick(
    gradient: &[f32],
    block: &Block,
    step: (usize, usize),
    start: (usize, usize),
    target: &mut [f32],
) {
    let rows = target.chunks_exact_mut(block.input.width).skip(start.0).step_by(step.0);
    for (gradient, row) in gradient.chunks_exact(block.middle.width).zip(rows) {
        for (target, g) in row[start.1..].iter_mut().step_by(step.1).zip(gradient) {
            *target += g;
        }
    }
}

/// The gradient of one channel of the spatial part's input, before its ReLU, into `target`.
///
/// `gradient` is that of all of the middle.
pub(super) fn spatial_gradient(
    arch: Arch,
    block: &Block,
    back: &Prepared,
    (channel, source): (usize, Input<'_>),
    gradient: &[f32],
    scratch: &mut Scratch,
    target: &mut [f32],
) {
    let plane = block.middle.plane();
    let own = &gradient[channel * plane..][..plane];
    match &block.spatial {
        Spatial::None => target.copy_from_slice(own),
        Spatial::Depthwise { window, .. } => {
            scratch.gradient.shape(window.back.frame, 1, 0.0);
            scratch.gradient.fill(arch, 0, own, PLAIN, false);
            let taps = window.back.taps();
            let taps = &back.taps[channel * taps..][..taps];
            phases(arch, block, window, taps, &scratch.gradient, &mut scratch.phase, target);
        }
        Spatial::Average { window, shares } => {
            let shared = room(&mut scratch.plane, plane);
            for ((shared, g), share) in shared.iter_mut().zip(own).zip(shares) {
                *shared = g * share;
            }
            scratch.gradient.shape(window.back.frame, 1, 0.0);
            scratch.gradient.fill(arch, 0, shared, PLAIN, false);
            let taps = &back.taps[..];
            phases(arch, block, window, taps, &scratch.gradient, &mut scratch.phase, target);
        }
        Spatial::Max(window) => {
            max_gradient(arch, block, window, (channel, source), own, scratch, target);
        }
        Spatial::Pick { step, starts } => {
            target.fill(0.0);
            for (index, start) in starts.iter().enumerate() {
                let own = &gradient[(index * block.input.channels + channel) * plane..][..plane];
                unpick(own, block, *step, *start, target);
            }
        }
    }
}

/// Every phase of input positions is a correlation of its own.
fn phases(
    arch: Arch,
    block: &Block,
    window: &Window,
    taps: &[Tap],
    gradient: &Planes,
    buffer: &mut Vec<f32>,
    target: &mut [f32],
) {
    let (source, step) = (gradient.plane(0), window.back.frame.pitch());
    let mut first = 0;
    for phase in &window.back.phases {
        let taps = &taps[first..][..phase.taps.len()];
        first += phase.taps.len();
        let size = (phase.rows, phase.columns);
        if window.back.phases.len() == 1 {
            correlate(arch, source, step, taps, target, size);
            continue;
        }
        let part = room(buffer, phase.rows * phase.columns);
        correlate(arch, source, step, taps, part, size);
        scatter(part, block, window, phase, target);
    }
}

fn scatter(
    part: &[f32],
    block: &Block,
    window: &Window,
    phase: &Phase,
    target: &mut [f32],
) {
    let stride = window.sizes.stride;
    let rows = target.chunks_exact_mut(block.input.width).skip(phase.first.0).step_by(stride.0);
    for (part, row) in part.chunks_exact(phase.columns).zip(rows) {
        for (target, g) in row[phase.first.1..].iter_mut().step_by(stride.1).zip(part) {
            *target = *g;
        }
    }
}

/// Finds the winners again, then lets every input position collect from the windows it won.
fn max_gradient(
    arch: Arch,
    block: &Block,
    window: &Window,
    (channel, input): (usize, Input<'_>),
    own: &[f32],
    scratch: &mut Scratch,
    target: &mut [f32],
) {
    let plane = block.middle.plane();
    let source = &input.data[channel * block.input.plane()..][..block.input.plane()];
    scratch.raw.shape(window.frame, 1, f32::NEG_INFINITY);
    scratch.raw.fill(arch, 0, source, input.line(channel), block.relu);
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
    scratch.gradient.shape(window.back.frame, 1, 0.0);
    scratch.gradient.fill(arch, 0, own, PLAIN, false);
    scratch.winner.shape(window.back.frame, 1, -1.0);
    scratch.winner.fill(arch, 0, winner, PLAIN, false);
    let whole = window.back.phases.len() == 1;
    for phase in &window.back.phases {
        let part = room(&mut scratch.phase, phase.rows * phase.columns);
        let collect = Winner {
            gradient: scratch.gradient.plane(0),
            winner: scratch.winner.plane(0),
            row_step: window.back.frame.pitch(),
            taps: &phase.taps,
            target: if whole { &mut *target } else { &mut *part },
            rows: phase.rows,
            columns: phase.columns,
            add: false,
        };
        run(arch, collect);
        if !whole {
            scatter(part, block, window, phase, target);
        }
    }
}
