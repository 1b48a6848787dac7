//! Pooling in double precision, which serves checks: plain loops over padded planes.

use super::planes;
use super::spec::Geometry;
use crate::halo::Halo;

pub(super) fn average(geometry: &Geometry, divisors: &[f64], x: &[f64]) -> Vec<f64> {
    planes::pool(geometry, x, 0.0, |halo, padded, y| {
        let kernel = halo.horizontal.kernel;
        for (row, y) in y.chunks_exact_mut(halo.horizontal.output).enumerate() {
            for tap in 0..halo.vertical.kernel * kernel {
                let run = &padded[halo.run(row, tap / kernel, tap % kernel)];
                for (sum, x) in y.iter_mut().zip(run) {
                    *sum += *x;
                }
            }
        }
        for (y, divisor) in y.iter_mut().zip(divisors) {
            *y /= *divisor;
        }
    })
}

pub(super) fn average_gradient(
    geometry: &Geometry,
    divisors: &[f64],
    gradient: &[f64],
) -> Vec<f64> {
    let halo = geometry.halo();
    let kernel = halo.horizontal.kernel;
    let width = halo.horizontal.output;
    planes::unpool(
        geometry,
        || halo.buffer(0.0),
        |plane, padded, dx| {
            padded.fill(0.0);
            let gradient = &gradient[plane * halo.output_len()..][..halo.output_len()];
            let rows = gradient.chunks_exact(width).zip(divisors.chunks_exact(width));
            for (row, (gradient, divisors)) in rows.enumerate() {
                for tap in 0..halo.vertical.kernel * kernel {
                    let run = &mut padded[halo.run(row, tap / kernel, tap % kernel)];
                    for ((x, gradient), divisor) in run.iter_mut().zip(gradient).zip(divisors) {
                        *x += *gradient / *divisor;
                    }
                }
            }
            halo.store(padded, dx);
        },
    )
}

pub(super) fn max(geometry: &Geometry, x: &[f64]) -> Vec<f64> {
    planes::pool(geometry, x, f64::NEG_INFINITY, |halo, padded, y| {
        let kernel = halo.horizontal.kernel;
        for (row, y) in y.chunks_exact_mut(halo.horizontal.output).enumerate() {
            y.fill(f64::NEG_INFINITY);
            for tap in 0..halo.vertical.kernel * kernel {
                let run = &padded[halo.run(row, tap / kernel, tap % kernel)];
                for (best, x) in y.iter_mut().zip(run) {
                    *best = if *x > *best || x.is_nan() { *x } else { *best };
                }
            }
        }
    })
}

pub(super) fn max_gradient(geometry: &Geometry, x: &[f64], gradient: &[f64]) -> Vec<f64> {
    let halo = geometry.halo();
    let width = halo.horizontal.output;
    let scratch = || (halo.buffer(f64::NEG_INFINITY), halo.buffer(0.0), Winners::new(width));
    planes::unpool(geometry, scratch, |plane, (padded, received, winners), dx| {
        halo.load(&x[plane * halo.plane_len()..][..halo.plane_len()], padded);
        received.fill(0.0);
        let gradient = &gradient[plane * halo.output_len()..][..halo.output_len()];
        for (row, gradient) in gradient.chunks_exact(width).enumerate() {
            winners.find(&halo, padded, row);
            winners.receive(&halo, row, gradient, received);
        }
        halo.store(received, dx);
    })
}

/// The winners of one output row.
struct Winners {
    value: Vec<f64>,
    tap: Vec<usize>,
}

impl Winners {
    fn new(width: usize) -> Self {
        Self { value: vec![f64::NEG_INFINITY; width], tap: vec![0; width] }
    }

    /// Finds the winners of output row `row`. `padded` has a border of negative infinity.
    fn find(&mut self, halo: &Halo, padded: &[f64], row: usize) {
        let kernel = halo.horizontal.kernel;
        self.value.fill(f64::NEG_INFINITY);
        let first = halo.vertical.first_tap(row) * kernel;
        for (column, tap) in self.tap.iter_mut().enumerate() {
            *tap = first + halo.horizontal.first_tap(column);
        }
        for tap in 0..halo.vertical.kernel * kernel {
            let run = &padded[halo.run(row, tap / kernel, tap % kernel)];
            for ((best, winner), x) in self.value.iter_mut().zip(&mut self.tap).zip(run) {
                if *x > *best || x.is_nan() {
                    (*best, *winner) = (*x, tap);
                }
            }
        }
    }

    /// Gives each gradient of output row `row` to the input that won it.
    fn receive(&self, halo: &Halo, row: usize, gradient: &[f64], received: &mut [f64]) {
        let kernel = halo.horizontal.kernel;
        for (column, (tap, gradient)) in self.tap.iter().zip(gradient).enumerate() {
            let run = halo.run(row, tap / kernel, tap % kernel);
            received[run.start + column] += *gradient;
        }
    }
}
