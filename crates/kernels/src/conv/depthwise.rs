//! Depthwise convolution: every plane with its own kernel, straight from a padded copy.

use rayon::prelude::*;

use super::geometry::Geometry;
use crate::float::Float;
use crate::halo::{Halo, LANES};
use crate::parallel::chunks_per_task;
use crate::window::Axis;

pub(super) fn forward<T: Float>(geometry: &Geometry, x: &[T], weight: &[T]) -> Vec<T> {
    correlate_planes(geometry, geometry.halo(), x, weight)
}

pub(super) fn input_gradient<T: Float>(
    geometry: &Geometry,
    weight: &[T],
    gradient: &[T],
) -> Vec<T> {
    match mirrored(geometry) {
        Some(halo) => {
            let flipped: Vec<T> = weight
                .chunks_exact(geometry.taps())
                .flat_map(|w| w.iter().rev().copied())
                .collect();
            correlate_planes(geometry, halo, gradient, &flipped)
        }
        None => scatter_planes(geometry, weight, gradient),
    }
}

/// With stride one, the input gradient is the correlation of the output gradient with the
/// flipped kernel, unless the padding exceeds the kernel's reach.
fn mirrored(geometry: &Geometry) -> Option<Halo> {
    let mirror = |axis: Axis| {
        let padding = ((axis.kernel - 1) * axis.dilation).checked_sub(axis.padding)?;
        (axis.stride == 1).then_some(Axis {
            input: axis.output,
            output: axis.input,
            padding,
            ..axis
        })
    };
    Some(Halo::new(mirror(geometry.vertical)?, mirror(geometry.horizontal)?))
}

fn correlate_planes<T: Float>(geometry: &Geometry, halo: Halo, x: &[T], weight: &[T]) -> Vec<T> {
    let planes = geometry.batch * geometry.groups;
    let mut y = vec![T::ZERO; planes * halo.output_len()];
    y.par_chunks_mut(halo.output_len())
        .enumerate()
        .with_min_len(chunks_per_task(halo.plane_len()))
        .for_each_init(
            || halo.buffer(T::ZERO),
            |padded, (plane, y)| {
                halo.load(&x[plane * halo.plane_len()..][..halo.plane_len()], padded);
                let channel = plane % geometry.groups;
                let weight = &weight[channel * geometry.taps()..][..geometry.taps()];
                correlate(&halo, padded, weight, y);
            },
        );
    y
}

/// `y[i, j] = sum over taps of weight[tap] * padded[window(i, j), tap]`.
fn correlate<T: Float>(halo: &Halo, padded: &[T], weight: &[T], y: &mut [T]) {
    match halo.horizontal.kernel {
        1 => correlate_rows::<T, 1>(halo, padded, weight, y),
        3 => correlate_rows::<T, 3>(halo, padded, weight, y),
        5 => correlate_rows::<T, 5>(halo, padded, weight, y),
        7 => correlate_rows::<T, 7>(halo, padded, weight, y),
        _ => correlate_any(halo, padded, weight, y),
    }
}

/// Blocks of lanes with all taps summed in registers. The last block reads past its run, into
/// the slack of the halo at worst, and drops what it computed there.
fn correlate_rows<T: Float, const K: usize>(halo: &Halo, padded: &[T], weight: &[T], y: &mut [T]) {
    let (weight, _) = weight.as_chunks::<K>();
    let offsets = halo.tap_offsets::<K>();
    for (row, y) in y.chunks_exact_mut(halo.horizontal.output).enumerate() {
        for (block, y) in y.chunks_mut(LANES).enumerate() {
            let mut sums = [T::ZERO; LANES];
            for (tap_row, weight) in weight.iter().enumerate() {
                let start = halo.row_start(row, tap_row) + block * LANES;
                for (weight, offset) in weight.iter().zip(offsets) {
                    let x = lanes(padded, start + offset);
                    for lane in 0..LANES {
                        sums[lane] += *weight * x[lane];
                    }
                }
            }
            y.copy_from_slice(&sums[..y.len()]);
        }
    }
}

/// The block of lanes that starts at `start`.
#[inline(always)]
fn lanes<T>(values: &[T], start: usize) -> &[T; LANES] {
    match values[start..].first_chunk() {
        Some(block) => block,
        None => unreachable!("a halo has {LANES} elements to spare"),
    }
}

fn correlate_any<T: Float>(halo: &Halo, padded: &[T], weight: &[T], y: &mut [T]) {
    let kernel = halo.horizontal.kernel;
    for (row, y) in y.chunks_exact_mut(halo.horizontal.output).enumerate() {
        for (tap, weight) in weight.iter().enumerate() {
            let run = &padded[halo.run(row, tap / kernel, tap % kernel)];
            for (y, x) in y.iter_mut().zip(run) {
                *y += *weight * *x;
            }
        }
    }
}

fn scatter_planes<T: Float>(geometry: &Geometry, weight: &[T], gradient: &[T]) -> Vec<T> {
    let halo = geometry.halo();
    let mut dx = vec![T::ZERO; geometry.batch * geometry.groups * halo.plane_len()];
    dx.par_chunks_mut(halo.plane_len())
        .enumerate()
        .with_min_len(chunks_per_task(halo.plane_len()))
        .for_each_init(
            || halo.buffer(T::ZERO),
            |padded, (plane, dx)| {
                padded.fill(T::ZERO);
                let gradient = &gradient[plane * halo.output_len()..][..halo.output_len()];
                let channel = plane % geometry.groups;
                let weight = &weight[channel * geometry.taps()..][..geometry.taps()];
                scatter(&halo, gradient, weight, padded);
                halo.store(padded, dx);
            },
        );
    dx
}

fn scatter<T: Float>(halo: &Halo, gradient: &[T], weight: &[T], padded: &mut [T]) {
    let kernel = halo.horizontal.kernel;
    for (row, gradient) in gradient.chunks_exact(halo.horizontal.output).enumerate() {
        for (tap, weight) in weight.iter().enumerate() {
            let run = &mut padded[halo.run(row, tap / kernel, tap % kernel)];
            for (x, gradient) in run.iter_mut().zip(gradient) {
                *x += *weight * *gradient;
            }
        }
    }
}

/// One task per channel; each adds its images in order, in `f64`.
pub(super) fn weight_gradient<T: Float>(geometry: &Geometry, x: &[T], gradient: &[T]) -> Vec<T> {
    let halo = geometry.halo();
    let taps = geometry.taps();
    let mut dw = vec![T::ZERO; geometry.groups * taps];
    let per_task = chunks_per_task(geometry.batch * halo.plane_len());
    dw.par_chunks_mut(taps).enumerate().with_min_len(per_task).for_each_init(
        || (halo.buffer(T::ZERO), vec![0.0; taps]),
        |(padded, sums), (channel, dw)| {
            sums.fill(0.0);
            for image in 0..geometry.batch {
                let plane = image * geometry.groups + channel;
                halo.load(&x[plane * halo.plane_len()..][..halo.plane_len()], padded);
                let gradient = &gradient[plane * halo.output_len()..][..halo.output_len()];
                add_products(&halo, padded, gradient, sums);
            }
            for (dw, sum) in dw.iter_mut().zip(sums.iter()) {
                *dw = T::narrow(*sum);
            }
        },
    );
    dw
}

/// Adds to every tap the product of the output gradient with the inputs it met.
fn add_products<T: Float>(halo: &Halo, padded: &[T], gradient: &[T], sums: &mut [f64]) {
    match halo.horizontal.kernel {
        1 => add_row_products::<T, 1>(halo, padded, gradient, sums),
        3 => add_row_products::<T, 3>(halo, padded, gradient, sums),
        5 => add_row_products::<T, 5>(halo, padded, gradient, sums),
        7 => add_row_products::<T, 7>(halo, padded, gradient, sums),
        _ => add_any_products(halo, padded, gradient, sums),
    }
}

fn add_row_products<T: Float, const K: usize>(
    halo: &Halo,
    padded: &[T],
    gradient: &[T],
    sums: &mut [f64],
) {
    let (sums, _) = sums.as_chunks_mut::<K>();
    let offsets = halo.tap_offsets::<K>();
    for (tap_row, sums) in sums.iter_mut().enumerate() {
        let mut partial = [[T::ZERO; LANES]; K];
        for (row, gradient) in gradient.chunks_exact(halo.horizontal.output).enumerate() {
            let starts = offsets.map(|offset| halo.row_start(row, tap_row) + offset);
            let (blocks, tail) = gradient.as_chunks::<LANES>();
            for (block, gradient) in blocks.iter().enumerate() {
                for (partial, start) in partial.iter_mut().zip(starts) {
                    let x = lanes(padded, start + block * LANES);
                    for lane in 0..LANES {
                        partial[lane] += x[lane] * gradient[lane];
                    }
                }
            }
            for (partial, start) in partial.iter_mut().zip(starts) {
                let x = &padded[start + blocks.len() * LANES..];
                for ((partial, x), gradient) in partial.iter_mut().zip(x).zip(tail) {
                    *partial += *x * *gradient;
                }
            }
        }
        for (sum, partial) in sums.iter_mut().zip(partial) {
            *sum += partial.iter().map(|lane| lane.wide()).sum::<f64>();
        }
    }
}

fn add_any_products<T: Float>(halo: &Halo, padded: &[T], gradient: &[T], sums: &mut [f64]) {
    let kernel = halo.horizontal.kernel;
    for (tap, sum) in sums.iter_mut().enumerate() {
        for (row, gradient) in gradient.chunks_exact(halo.horizontal.output).enumerate() {
            let run = &padded[halo.run(row, tap / kernel, tap % kernel)];
            let products = run.iter().zip(gradient).map(|(x, gradient)| x.wide() * gradient.wide());
            *sum += products.sum::<f64>();
        }
    }
}
