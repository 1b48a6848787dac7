//! Pooling in single precision: SIMD loops over padded planes.

use crate::simd::InstructionSet;
use pulp::{Simd, WithSimd};

use super::bundled;
use super::spec::Geometry;
use crate::parallel::{Blocks, fill_blocks};
use crate::simd::{WindowMax, Winner};
use crate::window::{Axis, Padded, Sliding, serves};

fn blocks(geometry: &Geometry, plane: usize) -> Blocks {
    let count = geometry.planes();
    let input = geometry.vertical.input * geometry.horizontal.input;
    Blocks { count, block: plane, len: count * plane, cost: input.max(plane) }
}

/// The plane that begins at `index * len`.
fn plane(data: &[f32], index: usize, len: usize) -> &[f32] {
    &data[index * len..][..len]
}

pub(super) fn average(
    arch: InstructionSet,
    geometry: &Geometry,
    divisors: &[f64],
    x: &[f32],
) -> Vec<f32> {
    if serves(geometry.planes(), geometry.vertical, geometry.horizontal) {
        return bundled::average(arch, geometry, divisors, x);
    }
    let sliding = Sliding::new(geometry.vertical, geometry.horizontal);
    let taps = sliding.taps(&vec![1.0; sliding.offsets.len()]);
    let divisors: Vec<f32> = divisors.iter().map(|divisor| *divisor as f32).collect();
    let input = sliding.frame.height * sliding.frame.width;
    let padded = || Padded::new(sliding.frame, 0.0);
    let (y, _) = fill_blocks(blocks(geometry, divisors.len()), padded, |padded, index, y| {
        padded.load(arch, plane(x, index, input));
        sliding.correlate(arch, padded, &taps, y);
        arch.dispatch_elements(Divide { target: y, divisors: &divisors });
    });
    y
}

/// Inputs collect from the windows that met them; with strides, where they met few, windows hand
/// out.
pub(super) fn average_gradient(
    arch: InstructionSet,
    geometry: &Geometry,
    divisors: &[f64],
    gradient: &[f32],
) -> Vec<f32> {
    if serves(geometry.planes(), geometry.vertical, geometry.horizontal) {
        return bundled::average_gradient(arch, geometry, divisors, gradient);
    }
    let divisors: Vec<f32> = divisors.iter().map(|divisor| *divisor as f32).collect();
    let input = geometry.vertical.input * geometry.horizontal.input;
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
    let (dx, _) = fill_blocks(blocks(geometry, input), scratch, |scratch, index, dx| {
        let Shares { values: shares, padded, part, line } = scratch;
        shares.copy_from_slice(plane(gradient, index, divisors.len()));
        arch.dispatch_elements(Divide { target: shares, divisors: &divisors });
        if strided {
            return arch.dispatch_elements(SpreadPlane { spread: &spread, shares, line, dx });
        }
        padded.load(arch, shares);
        back.fill(arch, part, dx, |phase, before, target| {
            let taps = &taps[before..][..phase.taps.len()];
            back.correlate(arch, padded, phase, taps, target);
        });
    });
    dx
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
    let (rows, columns) = sliding.output;
    let input = sliding.frame.height * sliding.frame.width;
    let padded = || Padded::new(sliding.frame, f32::NEG_INFINITY);
    let (y, _) = fill_blocks(blocks(geometry, rows * columns), padded, |padded, index, y| {
        padded.load(arch, plane(x, index, input));
        arch.dispatch(WindowMax {
            source: &padded.data,
            row_step: sliding.row_step,
            offsets: &sliding.offsets,
            rows,
            columns,
            target: y,
            winner: None,
        });
    });
    y
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
    let input = sliding.frame.height * sliding.frame.width;
    let output = sliding.output.0 * sliding.output.1;
    let scratch = || Scratch {
        input: Padded::new(sliding.frame, f32::NEG_INFINITY),
        gradient: Padded::new(back.frame, 0.0),
        winner: Padded::new(back.frame, -1.0),
        value: vec![0.0; output],
        tap: vec![0.0; output],
        part: vec![0.0; back.part_len()],
    };
    let origins = Origins::new(geometry);
    let (dx, _) = fill_blocks(blocks(geometry, input), scratch, |scratch, index, dx| {
        find(arch, geometry, &sliding, plane(x, index, input), scratch);
        if sliding.frame.step > 1 {
            return origins.give(&scratch.tap, plane(gradient, index, output), dx);
        }
        let Scratch { gradient: received, winner, tap, part, .. } = scratch;
        received.load(arch, plane(gradient, index, output));
        winner.load(arch, tap);
        back.fill(arch, part, dx, |phase, _, target| {
            arch.dispatch(Winner {
                gradient: &received.data,
                winner: &winner.data,
                row_step: back.frame.pitch(),
                taps: &phase.taps,
                target,
                rows: phase.rows,
                columns: phase.columns,
                add: false,
            });
        });
    });
    dx
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

/// The tap that won every window of a plane.
fn find(
    arch: InstructionSet,
    geometry: &Geometry,
    sliding: &Sliding,
    x: &[f32],
    scratch: &mut Scratch,
) {
    let (rows, columns) = sliding.output;
    scratch.input.load(arch, x);
    arch.dispatch(WindowMax {
        source: &scratch.input.data,
        row_step: sliding.row_step,
        offsets: &sliding.offsets,
        rows,
        columns,
        target: &mut scratch.value,
        winner: Some(&mut scratch.tap),
    });
    let lowest = |any: bool, value: &f32| any | (value.to_bits() == f32::NEG_INFINITY.to_bits());
    if !scratch.value.iter().fold(false, lowest) {
        return;
    }
    // Nothing beats the border in a window of negative infinities: its first input wins.
    let windows = scratch.value.iter().zip(&mut scratch.tap).enumerate();
    for (window, (_, tap)) in windows.filter(|(_, (value, _))| lowest(false, value)) {
        let row = geometry.vertical.first_tap(window / columns);
        let column = geometry.horizontal.first_tap(window % columns);
        *tap = (row * geometry.horizontal.kernel + column) as f32;
    }
}
