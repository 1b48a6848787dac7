//! Pooling in single precision on bundles of planes, one register for each position.

use std::ops::Range;

use pulp::Simd;

use super::spec::Geometry;
use crate::simd::InstructionSet;
use crate::simd::bundle::{
    Interior, Meetings, Room, Taps, Target, Walk, Windows, collect, correlate, gather, maximum,
    winners,
};
use crate::window::{Body, Bundle, Bundled};

pub(super) fn average(
    arch: InstructionSet,
    geometry: &Geometry,
    divisors: &[f32],
    x: &[f32],
) -> Vec<f32> {
    let window = &Bundled::new(geometry.vertical, geometry.horizontal);
    window.map(arch, geometry.planes(), window.output(), &Average { window, divisors, x })
}

struct Average<'a> {
    window: &'a Bundled,
    divisors: &'a [f32],
    x: &'a [f32],
}

impl Body for Average<'_> {
    type Rooms = [Room; 2];

    fn rooms(&self) -> [Room; 2] {
        self.window.rooms(0.0)
    }

    #[inline(always)]
    fn put<S: Simd>(&self, simd: S, bundle: Bundle, rooms: &mut [Room; 2], y: &mut Target<'_>) {
        let Self { window, divisors, x } = *self;
        let x = bundle.of(x, window.input());
        let [padded, sums] = rooms;
        let padded = padded.registers::<S>();
        let sums = sums.registers::<S>();
        let taps = Taps { offsets: &window.offsets, weights: &[] };
        for band in &window.bands {
            gather(simd, x, (&window.interior, band.steps.clone()), padded, |_, x| x);
            correlate(simd, &padded[band.source..], taps, &band.walk, sums);
            y.put(simd, bundle.count, &sums[..band.len()], |at, sum| {
                simd.div_f32s(sum, simd.splat_f32s(divisors[at]))
            });
        }
    }
}

/// Every input collects from the windows that met it.
pub(super) fn average_gradient(
    arch: InstructionSet,
    geometry: &Geometry,
    divisors: &[f32],
    gradient: &[f32],
) -> Vec<f32> {
    let window = &Bundled::new(geometry.vertical, geometry.horizontal);
    let body = AverageGradient { window, divisors, gradient };
    window.map(arch, geometry.planes(), window.input(), &body)
}

struct AverageGradient<'a> {
    window: &'a Bundled,
    divisors: &'a [f32],
    gradient: &'a [f32],
}

impl Body for AverageGradient<'_> {
    type Rooms = [Room; 2];

    fn rooms(&self) -> [Room; 2] {
        [Room::new(self.window.back_frame.len(), 0.0), Room::new(self.window.input(), 0.0)]
    }

    #[inline(always)]
    fn put<S: Simd>(&self, simd: S, bundle: Bundle, rooms: &mut [Room; 2], dx: &mut Target<'_>) {
        let Self { window, divisors, gradient } = *self;
        let gradient = bundle.of(gradient, window.output());
        let [shares, sums] = rooms;
        let shares = shares.registers::<S>();
        let sums = &mut sums.registers::<S>()[..window.input()];
        gather(simd, gradient, window.back_whole(), shares, |at, gradient| {
            simd.div_f32s(gradient, simd.splat_f32s(divisors[at]))
        });
        for phase in &window.phases {
            let taps = Taps { offsets: &phase.offsets, weights: &[] };
            correlate(simd, shares, taps, &phase.walk, sums);
        }
        dx.put(simd, bundle.count, sums, |_, sum| sum);
    }
}

pub(super) fn max(arch: InstructionSet, geometry: &Geometry, x: &[f32]) -> Vec<f32> {
    let window = &Bundled::new(geometry.vertical, geometry.horizontal);
    window.map(arch, geometry.planes(), window.output(), &Max { window, x })
}

struct Max<'a> {
    window: &'a Bundled,
    x: &'a [f32],
}

impl Body for Max<'_> {
    type Rooms = [Room; 2];

    fn rooms(&self) -> [Room; 2] {
        self.window.rooms(f32::NEG_INFINITY)
    }

    #[inline(always)]
    fn put<S: Simd>(&self, simd: S, bundle: Bundle, rooms: &mut [Room; 2], y: &mut Target<'_>) {
        let Self { window, x } = *self;
        let x = bundle.of(x, window.input());
        let [padded, best] = rooms;
        let padded = padded.registers::<S>();
        let best = best.registers::<S>();
        let mut numbers = true;
        for band in &window.bands {
            let steps = (&window.interior, band.steps.clone());
            numbers &= gather_numbers(simd, x, steps, padded);
            let windows = Windows { offsets: &window.offsets, walk: &band.walk, numbers };
            maximum(simd, &padded[band.source..], windows, best);
            y.put(simd, bundle.count, &best[..band.len()], |_, best| best);
        }
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
    let start = &first_taps(geometry)[..];
    let body = MaxGradient { window, start, x, gradient };
    window.map(arch, geometry.planes(), window.input(), &body)
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

struct MaxGradient<'a> {
    window: &'a Bundled,
    start: &'a [f32],
    x: &'a [f32],
    gradient: &'a [f32],
}

impl Body for MaxGradient<'_> {
    type Rooms = Rooms;

    fn rooms(&self) -> Rooms {
        let window = self.window;
        Rooms {
            x: Room::new(window.frame.len(), f32::NEG_INFINITY),
            winner: Room::new(window.back_frame.len(), -1.0),
            gradient: Room::new(window.back_frame.len(), 0.0),
            dx: Room::new(window.input(), 0.0),
        }
    }

    #[inline(always)]
    fn put<S: Simd>(&self, simd: S, bundle: Bundle, rooms: &mut Rooms, dx: &mut Target<'_>) {
        let Self { window, start, x, gradient } = *self;
        let x = bundle.of(x, window.input());
        let gradient = bundle.of(gradient, window.output());
        let padded = rooms.x.registers::<S>();
        let winner = rooms.winner.registers::<S>();
        let received = rooms.gradient.registers::<S>();
        let sums = &mut rooms.dx.registers::<S>()[..window.input()];
        let pitch = window.back_frame.pitch();
        let walk = Walk { first: window.back_first(), target: (pitch, 1), ..window.walk };
        let numbers = gather_numbers(simd, x, window.whole(), padded);
        let windows = Windows { offsets: &window.offsets, walk: &walk, numbers };
        winners(simd, padded, windows, start, winner);
        gather(simd, gradient, window.back_whole(), received, |_, gradient| gradient);
        for phase in &window.phases {
            let meetings = Meetings { taps: &phase.taps, walk: &phase.walk };
            collect(simd, received, winner, meetings, sums);
        }
        dx.put(simd, bundle.count, sums, |_, sum| sum);
    }
}
