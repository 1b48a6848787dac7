//! Pooling in single precision: SIMD loops over padded planes.

use pulp::{Arch, Simd, WithSimd};

use super::spec::Geometry;
use crate::parallel::{Blocks, fill_blocks};
use crate::simd::{Correlate, WindowMax, Winner};
use crate::window::{Padded, Sliding};

fn blocks(geometry: &Geometry, plane: usize) -> Blocks {
    let (count, input) = (geometry.planes(), geometry.vertical.input * geometry.horizontal.input);
    Blocks { count, block: plane, len: count * plane, cost: input.max(plane) }
}

/// The plane that begins at `index * len`.
fn plane(data: &[f32], index: usize, len: usize) -> &[f32] {
    &data[index * len..][..len]
}

pub(super) fn average(geometry: &Geometry, divisors: &[f64], x: &[f32]) -> Vec<f32> {
    let arch = Arch::new();
    let sliding = Sliding::new(geometry.vertical, geometry.horizontal);
    let taps = sliding.taps(&vec![1.0; sliding.offsets.len()]);
    let divisors: Vec<f32> = divisors.iter().map(|divisor| *divisor as f32).collect();
    let input = sliding.frame.height * sliding.frame.width;
    let padded = || Padded::new(sliding.frame, 0.0);
    let (y, _) = fill_blocks(blocks(geometry, divisors.len()), padded, |padded, index, y| {
        padded.load(arch, plane(x, index, input));
        sliding.correlate(arch, padded, &taps, y);
        arch.dispatch(Divide { target: y, divisors: &divisors });
    });
    y
}

pub(super) fn average_gradient(
    geometry: &Geometry,
    divisors: &[f64],
    gradient: &[f32],
) -> Vec<f32> {
    let arch = Arch::new();
    let back = Sliding::new(geometry.vertical, geometry.horizontal).back;
    let kernel = geometry.vertical.kernel * geometry.horizontal.kernel;
    let taps = back.taps(&vec![1.0; kernel], kernel);
    let divisors: Vec<f32> = divisors.iter().map(|divisor| *divisor as f32).collect();
    let input = geometry.vertical.input * geometry.horizontal.input;
    let scratch = || {
        let part = vec![0.0; back.part_len()];
        (Padded::new(back.frame, 0.0), vec![0.0; divisors.len()], part)
    };
    let (dx, _) = fill_blocks(blocks(geometry, input), scratch, |scratch, index, dx| {
        let (padded, shares, part) = scratch;
        shares.copy_from_slice(plane(gradient, index, divisors.len()));
        arch.dispatch(Divide { target: shares, divisors: &divisors });
        padded.load(arch, shares);
        back.fill(arch, part, dx, |phase, before, target| {
            arch.dispatch(Correlate {
                source: &padded.data,
                row_step: back.frame.pitch(),
                taps: &taps[before..][..phase.taps.len()],
                target,
                pitch: phase.columns,
                rows: phase.rows,
                columns: phase.columns,
                add: false,
            });
        });
    });
    dx
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

pub(super) fn max(geometry: &Geometry, x: &[f32]) -> Vec<f32> {
    let arch = Arch::new();
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

/// Finds the winners again, then lets every input collect from the windows it won.
pub(super) fn max_gradient(geometry: &Geometry, x: &[f32], gradient: &[f32]) -> Vec<f32> {
    let arch = Arch::new();
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
    let (dx, _) = fill_blocks(blocks(geometry, input), scratch, |scratch, index, dx| {
        find(arch, geometry, &sliding, plane(x, index, input), scratch);
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

/// The tap that won every window of a plane.
fn find(arch: Arch, geometry: &Geometry, sliding: &Sliding, x: &[f32], scratch: &mut Scratch) {
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
