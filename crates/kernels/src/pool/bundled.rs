//! Pooling in single precision on bundles of planes, one register for each position.

use std::mem::MaybeUninit;
use std::ops::Range;

use pulp::{Simd, WithSimd};

use super::spec::Geometry;
use crate::parallel::write_blocks;
use crate::simd::InstructionSet;
use crate::simd::bundle::{
    self, Interior, Meetings, Room, Taps, Target, Walk, Windows, collect, correlate, gather,
    maximum, winners,
};
use crate::window::Bundled;

/// The planes of one task, of a slice with planes of `len` floats.
fn own(data: &[f32], task: usize, per_task: usize, len: usize) -> &[f32] {
    let start = task * per_task * len;
    &data[start..data.len().min(start + per_task * len)]
}

fn narrow(divisors: &[f64]) -> Vec<f32> {
    divisors.iter().map(|divisor| *divisor as f32).collect()
}

pub(super) fn average(
    arch: InstructionSet,
    geometry: &Geometry,
    divisors: &[f64],
    x: &[f32],
) -> Vec<f32> {
    let window = &Bundled::new(geometry.vertical, geometry.horizontal);
    let per_task = window.per_task(bundle::planes(arch));
    let output = window.output();
    let divisors = &narrow(divisors)[..];
    let rooms = || [Room::new(window.frame.len(), 0.0), Room::new(window.band(), 0.0)];
    let len = geometry.planes() * output;
    let block = per_task * output;
    let (y, _) = write_blocks(len, block, rooms, |rooms, task, y| {
        let x = own(x, task, per_task, window.input());
        (bundle::run(arch, Average { window, divisors, x, rooms, y }), ())
    });
    y
}

struct Average<'a, 'b> {
    window: &'a Bundled,
    divisors: &'a [f32],
    x: &'a [f32],
    rooms: &'a mut [Room; 2],
    y: &'b mut [MaybeUninit<f32>],
}

impl<'b> WithSimd for Average<'_, 'b> {
    type Output = &'b mut [f32];

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> &'b mut [f32] {
        let Self { window, divisors, x, rooms: [padded, sums], y } = self;
        let padded = padded.registers::<S>();
        let sums = sums.registers::<S>();
        let mut y = Target::new(y, window.output());
        let taps = Taps { offsets: &window.offsets, weights: &[] };
        for x in x.chunks(S::F32_LANES * window.input()) {
            for band in &window.bands {
                gather(simd, x, (&window.interior, band.steps.clone()), padded, |_, x| x);
                correlate(simd, &padded[band.source..], taps, &band.walk, sums);
                y.put(simd, x.len() / window.input(), &sums[..band.len()], |at, sum| {
                    simd.div_f32s(sum, simd.splat_f32s(divisors[at]))
                });
            }
        }
        y.finish()
    }
}

/// Every input collects from the windows that met it.
pub(super) fn average_gradient(
    arch: InstructionSet,
    geometry: &Geometry,
    divisors: &[f64],
    gradient: &[f32],
) -> Vec<f32> {
    let window = &Bundled::new(geometry.vertical, geometry.horizontal);
    let per_task = window.per_task(bundle::planes(arch));
    let input = window.input();
    let divisors = &narrow(divisors)[..];
    let rooms = || [Room::new(window.back_frame.len(), 0.0), Room::new(input, 0.0)];
    let len = geometry.planes() * input;
    let block = per_task * input;
    let (dx, _) = write_blocks(len, block, rooms, |rooms, task, dx| {
        let gradient = own(gradient, task, per_task, window.output());
        (bundle::run(arch, AverageGradient { window, divisors, gradient, rooms, dx }), ())
    });
    dx
}

struct AverageGradient<'a, 'b> {
    window: &'a Bundled,
    divisors: &'a [f32],
    gradient: &'a [f32],
    rooms: &'a mut [Room; 2],
    dx: &'b mut [MaybeUninit<f32>],
}

impl<'b> WithSimd for AverageGradient<'_, 'b> {
    type Output = &'b mut [f32];

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> &'b mut [f32] {
        let Self { window, divisors, gradient, rooms: [shares, sums], dx } = self;
        let shares = shares.registers::<S>();
        let sums = &mut sums.registers::<S>()[..window.input()];
        let mut dx = Target::new(dx, window.input());
        for gradient in gradient.chunks(S::F32_LANES * window.output()) {
            gather(simd, gradient, window.back_whole(), shares, |at, gradient| {
                simd.div_f32s(gradient, simd.splat_f32s(divisors[at]))
            });
            for phase in &window.phases {
                let taps = Taps { offsets: &phase.offsets, weights: &[] };
                correlate(simd, shares, taps, &phase.walk, sums);
            }
            dx.put(simd, gradient.len() / window.output(), sums, |_, sum| sum);
        }
        dx.finish()
    }
}

pub(super) fn max(arch: InstructionSet, geometry: &Geometry, x: &[f32]) -> Vec<f32> {
    let window = &Bundled::new(geometry.vertical, geometry.horizontal);
    let per_task = window.per_task(bundle::planes(arch));
    let output = window.output();
    let rooms =
        || [Room::new(window.frame.len(), f32::NEG_INFINITY), Room::new(window.band(), 0.0)];
    let len = geometry.planes() * output;
    let block = per_task * output;
    let (y, _) = write_blocks(len, block, rooms, |rooms, task, y| {
        let x = own(x, task, per_task, window.input());
        (bundle::run(arch, Max { window, x, rooms, y }), ())
    });
    y
}

struct Max<'a, 'b> {
    window: &'a Bundled,
    x: &'a [f32],
    rooms: &'a mut [Room; 2],
    y: &'b mut [MaybeUninit<f32>],
}

impl<'b> WithSimd for Max<'_, 'b> {
    type Output = &'b mut [f32];

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> &'b mut [f32] {
        let Self { window, x, rooms: [padded, best], y } = self;
        let padded = padded.registers::<S>();
        let best = best.registers::<S>();
        let mut y = Target::new(y, window.output());
        for x in x.chunks(S::F32_LANES * window.input()) {
            let mut numbers = true;
            for band in &window.bands {
                let steps = (&window.interior, band.steps.clone());
                numbers &= gather_numbers(simd, x, steps, padded);
                let windows = Windows { offsets: &window.offsets, walk: &band.walk, numbers };
                maximum(simd, &padded[band.source..], windows, best);
                y.put(simd, x.len() / window.input(), &best[..band.len()], |_, best| best);
            }
        }
        y.finish()
    }
}

/// Gathers steps of a bundle and says whether all of it are numbers.
#[inline(always)]
fn gather_numbers<S: Simd>(
    simd: S,
    x: &[f32],
    steps: (&Interior, Range<usize>),
    padded: &mut [S::f32s],
) -> bool {
    let mut strange = simd.splat_f32s(0.0);
    let one = simd.splat_f32s(1.0);
    gather(simd, x, steps, padded, |_, x| {
        strange = simd.select_f32s(simd.equal_f32s(x, x), strange, one);
        x
    });
    simd.reduce_sum_f32s(strange) <= 0.0
}

/// Finds the winners again; every input collects from the windows it won.
pub(super) fn max_gradient(
    arch: InstructionSet,
    geometry: &Geometry,
    x: &[f32],
    gradient: &[f32],
) -> Vec<f32> {
    let window = &Bundled::new(geometry.vertical, geometry.horizontal);
    let per_task = window.per_task(bundle::planes(arch));
    let input = window.input();
    let start = &first_taps(geometry)[..];
    let rooms = || Rooms {
        x: Room::new(window.frame.len(), f32::NEG_INFINITY),
        winner: Room::new(window.back_frame.len(), -1.0),
        gradient: Room::new(window.back_frame.len(), 0.0),
        dx: Room::new(input, 0.0),
    };
    let len = geometry.planes() * input;
    let block = per_task * input;
    let (dx, _) = write_blocks(len, block, rooms, |rooms, task, dx| {
        let x = own(x, task, per_task, input);
        let gradient = own(gradient, task, per_task, window.output());
        (bundle::run(arch, MaxGradient { window, start, x, gradient, rooms, dx }), ())
    });
    dx
}

/// The first tap of every window that lies inside: it wins among negative infinities.
fn first_taps(geometry: &Geometry) -> Vec<f32> {
    let vertical = geometry.vertical;
    let horizontal = geometry.horizontal;
    let row = |row| vertical.first_tap(row) * horizontal.kernel;
    let rows = (0..vertical.output).map(row);
    let column = move |column| horizontal.first_tap(column);
    rows.flat_map(|row| (0..horizontal.output).map(move |at| (row + column(at)) as f32)).collect()
}

struct Rooms {
    x: Room,
    winner: Room,
    gradient: Room,
    dx: Room,
}

struct MaxGradient<'a, 'b> {
    window: &'a Bundled,
    start: &'a [f32],
    x: &'a [f32],
    gradient: &'a [f32],
    rooms: &'a mut Rooms,
    dx: &'b mut [MaybeUninit<f32>],
}

impl<'b> WithSimd for MaxGradient<'_, 'b> {
    type Output = &'b mut [f32];

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> &'b mut [f32] {
        let Self { window, start, x, gradient, rooms, dx } = self;
        let padded = rooms.x.registers::<S>();
        let winner = rooms.winner.registers::<S>();
        let received = rooms.gradient.registers::<S>();
        let sums = &mut rooms.dx.registers::<S>()[..window.input()];
        let mut dx = Target::new(dx, window.input());
        let pitch = window.back_frame.pitch();
        let walk = Walk { first: window.back_first(), target: (pitch, 1), ..window.walk };
        let lanes = S::F32_LANES;
        let bundles = x.chunks(lanes * window.input());
        for (x, gradient) in bundles.zip(gradient.chunks(lanes * window.output())) {
            let numbers = gather_numbers(simd, x, window.whole(), padded);
            let windows = Windows { offsets: &window.offsets, walk: &walk, numbers };
            winners(simd, padded, windows, start, winner);
            gather(simd, gradient, window.back_whole(), received, |_, gradient| gradient);
            for phase in &window.phases {
                let meetings = Meetings { taps: &phase.taps, walk: &phase.walk };
                collect(simd, received, winner, meetings, sums);
            }
            dx.put(simd, x.len() / window.input(), sums, |_, sum| sum);
        }
        dx.finish()
    }
}
