//! Depthwise convolution: every plane with its own kernel, straight from a padded copy.

use rayon::prelude::*;

use super::geometry::Geometry;
use crate::float::Float;
use crate::halo::Halo;
use crate::parallel::chunks_per_task;

/// Independent sums a row product is spread over, so that it vectorises in a fixed order.
const LANES: usize = 8;

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
    let mirror = |axis: crate::window::Axis| {
        let padding = ((axis.kernel - 1) * axis.dilation).checked_sub(axis.padding)?;
        (axis.stride == 1).then_some(crate::window::Axis {
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

/// `y[i, j] += sum over taps of weight[tap] * padded[window(i, j), tap]`.
fn correlate<T: Float>(halo: &Halo, padded: &[T], weight: &[T], y: &mut [T]) {
    match halo.horizontal.kernel {
        1 => correlate_rows::<T, 1>(halo, padded, weight, y),
        3 => correlate_rows::<T, 3>(halo, padded, weight, y),
        5 => correlate_rows::<T, 5>(halo, padded, weight, y),
        7 => correlate_rows::<T, 7>(halo, padded, weight, y),
        _ => correlate_any(halo, padded, weight, y),
    }
}

fn correlate_rows<T: Float, const K: usize>(halo: &Halo, padded: &[T], weight: &[T], y: &mut [T]) {
    let width = halo.horizontal.output;
    for (row, y) in y.chunks_exact_mut(width).enumerate() {
        for (tap_row, weight) in weight.chunks_exact(K).enumerate() {
            let weight: [T; K] = std::array::from_fn(|tap| weight[tap]);
            let runs: [&[T]; K] =
                std::array::from_fn(|tap| &padded[halo.run(row, tap_row, tap)][..width]);
            for (column, y) in y.iter_mut().enumerate().take(width) {
                let mut sum = *y;
                for tap in 0..K {
                    sum += weight[tap] * runs[tap][column];
                }
                *y = sum;
            }
        }
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
    dw.par_chunks_mut(taps).enumerate().for_each_init(
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
    let kernel = halo.horizontal.kernel;
    for (tap, sum) in sums.iter_mut().enumerate() {
        let mut lanes = [T::ZERO; LANES];
        for (row, gradient) in gradient.chunks_exact(halo.horizontal.output).enumerate() {
            let run = &padded[halo.run(row, tap / kernel, tap % kernel)];
            add_row_product(run, gradient, &mut lanes);
        }
        *sum += lanes.iter().map(|lane| lane.wide()).sum::<f64>();
    }
}

#[inline(always)]
fn add_row_product<T: Float>(run: &[T], gradient: &[T], lanes: &mut [T; LANES]) {
    let (run_blocks, gradient_blocks) = (run.chunks_exact(LANES), gradient.chunks_exact(LANES));
    let tail = run_blocks.remainder().iter().zip(gradient_blocks.remainder());
    for (lane, (x, gradient)) in lanes.iter_mut().zip(tail) {
        *lane += *x * *gradient;
    }
    for (run, gradient) in run_blocks.zip(gradient_blocks) {
        for lane in 0..LANES {
            lanes[lane] += run[lane] * gradient[lane];
        }
    }
}
