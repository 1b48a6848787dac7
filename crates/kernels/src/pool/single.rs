//! Pooling in single precision: SIMD loops over padded planes.

use crate::simd::InstructionSet;
use pulp::{Simd, WithSimd};

use super::bundled;
use super::spec::Geometry;
use crate::parallel::map_chunks;
use crate::window::{Axis, Padded, Sliding, serves};

pub(super) fn average(
    arch: InstructionSet,
    geometry: &Geometry,
    divisors: &[f32],
    x: &[f32],
) -> Vec<f32> {
    if serves(geometry.planes(), geometry.vertical, geometry.horizontal) {
        return bundled::average(arch, geometry, divisors, x);
    }
    let sliding = Sliding::new(geometry.vertical, geometry.horizontal);
    let taps = sliding.taps(&vec![1.0; sliding.offsets.len()]);
    let planes = (sliding.input(), divisors.len());
    map_chunks(
        x,
        planes,
        || Padded::new(sliding.frame, 0.0),
        |padded, _, x, y| {
            padded.load(arch, x);
            sliding.correlate(arch, padded, &taps, y);
            arch.dispatch_elements(Divide { target: y, divisors });
        },
    )
}

/// Inputs collect from the windows that met them; with strides, where they met few, windows hand
/// out.
pub(super) fn average_gradient(
    arch: InstructionSet,
    geometry: &Geometry,
    divisors: &[f32],
    gradient: &[f32],
) -> Vec<f32> {
    if serves(geometry.planes(), geometry.vertical, geometry.horizontal) {
        return bundled::average_gradient(arch, geometry, divisors, gradient);
    }
    let sliding = Sliding::new(geometry.vertical, geometry.horizontal);
    let back = &sliding.back;
    let strided = sliding.frame.step > 1;
    let kernel = sliding.offsets.len();
    let taps = back.taps(&vec![1.0; kernel], kernel);
    let spread = Spread { vertical: geometry.vertical, horizontal: geometry.horizontal };
    let scratch = || Shares {
        values: vec![0.0; divisors.len()],
        padded: Padded::new(back.frame, 0.0),
        part: vec![0.0; back.part_len()],
        line: vec![0.0; spread.width()],
    };
    let planes = (divisors.len(), sliding.input());
    map_chunks(gradient, planes, scratch, |scratch, _, gradient, dx| {
        let Shares { values: shares, padded, part, line } = scratch;
        shares.copy_from_slice(gradient);
        arch.dispatch_elements(Divide { target: shares, divisors });
        if strided {
            return arch.dispatch_elements(SpreadPlane { spread: &spread, shares, line, dx });
        }
        padded.load(arch, shares);
        back.fill(arch, part, dx, |phase, before, target| {
            let taps = &taps[before..][..phase.taps.len()];
            back.correlate(arch, padded, phase, taps, target);
        });
    })
}

/// Room for one task of an average's backward pass.
struct Shares {
    values: Vec<f32>,
    padded: Padded,
    part: Vec<f32>,
    line: Vec<f32>,
}

/// Adds what every output hands to its window, first along the row, then down the rows.
struct Spread {
    vertical: Axis,
    horizontal: Axis,
}

impl Spread {
    /// Columns of a padded row.
    fn width(&self) -> usize {
        self.horizontal.input + 2 * self.horizontal.padding
    }
}

struct SpreadPlane<'a> {
    spread: &'a Spread,
    shares: &'a [f32],
    line: &'a mut [f32],
    /// Zeros that the shares are added to.
    dx: &'a mut [f32],
}

impl WithSimd for SpreadPlane<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { spread: Spread { vertical, horizontal }, shares, line, dx } = self;
        let input = horizontal.input;
        let output = horizontal.output;
        for (row, shares) in shares.chunks_exact(output).enumerate() {
            line.fill(0.0);
            for tap in 0..horizontal.kernel {
                let line = &mut line[tap..];
                let places = line.iter_mut().step_by(horizontal.stride);
                for (place, share) in places.zip(shares) {
                    *place += *share;
                }
            }
            let own = &line[horizontal.padding..][..input];
            for tap in 0..vertical.kernel {
                if let Some(target) = vertical.source(row, tap) {
                    add(&mut dx[target * input..][..input], own);
                }
            }
        }
    }
}

#[inline(always)]
fn add(target: &mut [f32], values: &[f32]) {
    for (target, value) in target.iter_mut().zip(values) {
        *target += *value;
    }
}

/// `target /= divisors`.
struct Divide<'a> {
    target: &'a mut [f32],
    divisors: &'a [f32],
}

impl WithSimd for Divide<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for (value, divisor) in self.target.iter_mut().zip(self.divisors) {
            *value /= *divisor;
        }
    }
}

pub(super) fn max(arch: InstructionSet, geometry: &Geometry, x: &[f32]) -> Vec<f32> {
    if serves(geometry.planes(), geometry.vertical, geometry.horizontal) {
        return bundled::max(arch, geometry, x);
    }
    let sliding = Sliding::new(geometry.vertical, geometry.horizontal);
    let padded = || Padded::new(sliding.frame, f32::NEG_INFINITY);
    map_chunks(x, (sliding.input(), geometry.windows()), padded, |padded, _, x, y| {
        padded.load(arch, x);
        arch.dispatch(sliding.maximum(&padded.data, y, None));
    })
}

/// Room for one task of a maximum's backward pass.
struct Scratch {
    input: Padded,
    gradient: Padded,
    winner: Padded,
    value: Vec<f32>,
    tap: Vec<f32>,
    part: Vec<f32>,
}

/// Finds the winners again. With windows at every position inputs collect from those they won;
/// with strides, where an input meets few windows, windows give to the input that won.
pub(super) fn max_gradient(
    arch: InstructionSet,
    geometry: &Geometry,
    x: &[f32],
    gradient: &[f32],
) -> Vec<f32> {
    if serves(geometry.planes(), geometry.vertical, geometry.horizontal) {
        return bundled::max_gradient(arch, geometry, x, gradient);
    }
    let sliding = Sliding::new(geometry.vertical, geometry.horizontal);
    let back = &sliding.back;
    let output = geometry.windows();
    let scratch = || Scratch {
        input: Padded::new(sliding.frame, f32::NEG_INFINITY),
        gradient: Padded::new(back.frame, 0.0),
        winner: Padded::new(back.frame, -1.0),
        value: vec![0.0; output],
        tap: vec![0.0; output],
        part: vec![0.0; back.part_len()],
    };
    let origins = Origins::new(geometry);
    let planes = (sliding.input(), sliding.input());
    map_chunks(x, planes, scratch, |scratch, index, x, dx| {
        let Scratch { input: padded, gradient: received, winner, value, tap, part } = scratch;
        padded.load(arch, x);
        let gradient = &gradient[index * output..][..output];
        arch.dispatch(sliding.maximum(&padded.data, value, Some(tap)));
        sliding.give_empty(value, tap);
        if sliding.frame.step > 1 {
            return origins.give(tap, gradient, dx);
        }
        received.load(arch, gradient);
        winner.load(arch, tap);
        back.fill(arch, part, dx, |phase, _, target| {
            arch.dispatch(back.collect(phase, &received.data, &winner.data, target));
        });
    })
}

/// The places of windows and taps in an input plane: their sum is the place, modulo the word size,
/// since a window may begin outside.
struct Origins {
    windows: Vec<usize>,
    taps: Vec<usize>,
}

impl Origins {
    fn new(geometry: &Geometry) -> Self {
        let vertical = geometry.vertical;
        let horizontal = geometry.horizontal;
        let width = horizontal.input;
        let start = |axis: Axis, output: usize| (output * axis.stride).wrapping_sub(axis.padding);
        let rows = (0..vertical.output).map(|row| start(vertical, row).wrapping_mul(width));
        let windows = rows.flat_map(|row| {
            (0..horizontal.output).map(move |column| row.wrapping_add(start(horizontal, column)))
        });
        let taps = (0..vertical.kernel)
            .flat_map(|row| (0..horizontal.kernel).map(move |column| row * width + column));
        Self { windows: windows.collect(), taps: taps.collect() }
    }

    /// Adds the gradient of every window to its winner.
    fn give(&self, winners: &[f32], gradient: &[f32], dx: &mut [f32]) {
        for ((tap, gradient), window) in winners.iter().zip(gradient).zip(&self.windows) {
            dx[window.wrapping_add(self.taps[*tap as usize])] += *gradient;
        }
    }
}
