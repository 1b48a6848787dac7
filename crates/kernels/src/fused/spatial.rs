//! The spatial part of a block on one image.

use super::block::{Block, Spatial};
use super::extent::Extent;
use super::lines::PLAIN;
use super::prepared::Prepared;
use super::scratch::{Input, Planes, Scratch, room, run};
use super::window::{Phase, Window};
use crate::simd::{Arch, Correlate, Grid, Rectify, Tap, WindowMax, Winner};

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
    let (pitch, add) = (columns, false);
    run(arch, Correlate { source, row_step, taps, target, pitch, rows, columns, add });
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
            if window.square.is_some() {
                return square_gradient(arch, window, back, channel, scratch, (target, false));
            }
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

/// Adds the gradient of one channel of a depthwise convolution's input to `target`; returns false,
/// and does nothing, where that takes more than one correlation.
pub(super) fn add_gradient(
    arch: Arch,
    block: &Block,
    back: &Prepared,
    channel: usize,
    gradient: &[f32],
    scratch: &mut Scratch,
    target: &mut [f32],
) -> bool {
    let Spatial::Depthwise { window, .. } = &block.spatial else { return false };
    let [phase] = &window.back.phases[..] else { return false };
    let plane = block.middle.plane();
    scratch.gradient.shape(window.back.frame, 1, 0.0);
    scratch.gradient.fill(arch, 0, &gradient[channel * plane..][..plane], PLAIN, false);
    if window.square.is_some() {
        square_gradient(arch, window, back, channel, scratch, (target, true));
        return true;
    }
    let count = window.back.taps();
    let correlate = Correlate {
        source: scratch.gradient.plane(0),
        row_step: window.back.frame.pitch(),
        taps: &back.taps[channel * count..][..count],
        target,
        pitch: phase.columns,
        rows: phase.rows,
        columns: phase.columns,
        add: true,
    };
    run(arch, correlate);
    true
}

/// The gradient of one channel of a square window's input from the padded gradient at hand.
fn square_gradient(
    arch: Arch,
    window: &Window,
    back: &Prepared,
    channel: usize,
    scratch: &Scratch,
    (target, add): (&mut [f32], bool),
) {
    let (Some(square), [phase]) = (&window.square, &window.back.phases[..]) else { return };
    let taps = window.sizes.taps();
    let grid = Grid {
        source: scratch.gradient.plane(0),
        row_step: window.back.frame.pitch(),
        apart: square.apart,
        columns: &square.back,
        weights: &back.weights[channel * taps..][..taps],
        target,
        rows: phase.rows,
        width: phase.columns,
        add,
    };
    run(arch, grid);
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
    each_phase(block, window, buffer, target, |phase, target| {
        let taps = &taps[first..][..phase.taps.len()];
        first += phase.taps.len();
        correlate(arch, source, step, taps, target, (phase.rows, phase.columns));
    });
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
    let (width, stride) = (block.input.width, window.sizes.stride);
    for phases in phases.chunk_by(|a, b| a.first.0 == b.first.0) {
        let widest = phases.iter().map(|phase| phase.rows * phase.columns).max().unwrap_or(0);
        let parts = room(buffer, widest * phases.len());
        for (phase, part) in phases.iter().zip(parts.chunks_exact_mut(widest.max(1))) {
            compute(phase, &mut part[..phase.rows * phase.columns]);
        }
        let rows = target.chunks_exact_mut(width).skip(phases[0].first.0).step_by(stride.0);
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
                let columns = row[phase.first.1..].iter_mut().step_by(stride.1);
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
    let (source, won) = (&scratch.gradient, &scratch.winner);
    each_phase(block, window, &mut scratch.phase, target, |phase, target| {
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
