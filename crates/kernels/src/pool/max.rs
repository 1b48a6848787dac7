//! Max pooling. The winners are found again in the backward pass rather than stored.

use candle_core::{CpuStorage, CustomOp1, Layout, Shape, Tensor, backend::BackendStorage};

use super::planes;
use super::spec::{Geometry, PoolSpec};
use crate::check::Check;
use crate::error::Result;
use crate::float::{Float, with_float};
use crate::halo::Halo;
use crate::{host, reference};

/// Max pooling, differentiable in `x`.
///
/// `x` is `[batch, channels, height, width]`, the result has the size of
/// [`PoolSpec::output_size`]: `y[n, c, i, j] = max over u, v of
/// x[n, c, i stride - padding + u, j stride - padding + v]`. Padding never wins. Among equal
/// values the first in row-major window order takes the whole gradient, and a NaN in the window
/// wins, both as in PyTorch.
///
/// # Errors
///
/// A [`KernelError`](crate::KernelError) when the shape or the specification does not fit, or
/// candle fails.
pub fn max_pool2d(x: &Tensor, spec: PoolSpec) -> Result<Tensor> {
    let geometry = Geometry::new(MaxPool::NAME, x, spec)?;
    if !x.device().is_cpu() {
        return reference::max_pool2d(x, spec);
    }
    Check(MaxPool::NAME).element_type(x)?;
    Ok(x.contiguous()?.apply_op1(MaxPool { geometry })?)
}

pub(crate) const NAME: &str = MaxPool::NAME;

struct MaxPool {
    geometry: Geometry,
}

/// The winners of one output row.
struct Winners<T> {
    value: Vec<T>,
    tap: Vec<u32>,
    /// Where the run of every tap starts in the halo.
    start: Vec<usize>,
}

impl<T: Float> Winners<T> {
    fn new(width: usize) -> Self {
        Self { value: vec![T::NEG_INFINITY; width], tap: vec![0; width], start: Vec::new() }
    }

    /// Finds the winners of output row `row`. `padded` has a border of negative infinity.
    fn find(&mut self, halo: &Halo, padded: &[T], row: usize, first_taps: &[u32]) {
        let kernel = halo.horizontal.kernel;
        let first_row = (halo.vertical.first_tap(row) * kernel) as u32;
        self.value.fill(T::NEG_INFINITY);
        for (tap, first) in self.tap.iter_mut().zip(first_taps) {
            *tap = first_row + first;
        }
        for (place, tap) in (0..halo.vertical.kernel * kernel).zip(0u32..) {
            let run = &padded[halo.run(row, place / kernel, place % kernel)];
            for ((best, winner), x) in self.value.iter_mut().zip(&mut self.tap).zip(run) {
                let wins = *x > *best || x.is_not_a_number();
                *best = if wins { *x } else { *best };
                *winner = if wins { tap } else { *winner };
            }
        }
    }

    /// Gives each gradient of output row `row` to the input that won it.
    fn receive(&mut self, halo: &Halo, row: usize, gradient: &[T], received: &mut [T]) {
        let kernel = halo.horizontal.kernel;
        self.start.clear();
        self.start.extend(
            (0..halo.vertical.kernel * kernel)
                .map(|tap| halo.run(row, tap / kernel, tap % kernel).start),
        );
        for (column, (tap, gradient)) in self.tap.iter().zip(gradient).enumerate() {
            received[self.start[*tap as usize] + column] += *gradient;
        }
    }
}

impl MaxPool {
    const NAME: &str = "max_pool2d";

    fn forward<T: Float>(&self, x: &[T]) -> Vec<T> {
        planes::pool(
            &self.geometry,
            x,
            T::NEG_INFINITY,
            || (),
            |halo, padded, (), y| {
                let kernel = halo.horizontal.kernel;
                for (row, y) in y.chunks_exact_mut(halo.horizontal.output).enumerate() {
                    y.fill(T::NEG_INFINITY);
                    for tap in 0..halo.vertical.kernel * kernel {
                        let run = &padded[halo.run(row, tap / kernel, tap % kernel)];
                        for (best, x) in y.iter_mut().zip(run) {
                            *best = if *x > *best || x.is_not_a_number() { *x } else { *best };
                        }
                    }
                }
            },
        )
    }

    fn input_gradient<T: Float>(&self, x: &[T], gradient: &[T]) -> Vec<T> {
        let halo = self.geometry.halo();
        let width = halo.horizontal.output;
        let first_taps: Vec<u32> =
            (0..width).map(|column| halo.horizontal.first_tap(column) as u32).collect();
        planes::unpool(
            &self.geometry,
            || (halo.buffer(T::NEG_INFINITY), halo.buffer(T::ZERO), Winners::new(width)),
            |plane, (padded, received, winners), dx| {
                halo.load(&x[plane * halo.plane_len()..][..halo.plane_len()], padded);
                received.fill(T::ZERO);
                let gradient = &gradient[plane * halo.output_len()..][..halo.output_len()];
                for (row, gradient) in gradient.chunks_exact(width).enumerate() {
                    winners.find(&halo, padded, row, &first_taps);
                    winners.receive(&halo, row, gradient, received);
                }
                halo.store(received, dx);
            },
        )
    }

    fn backward<T: Float>(
        &self,
        x: &Tensor,
        gradient: &Tensor,
    ) -> candle_core::Result<Option<Tensor>> {
        let gradient = gradient.contiguous()?;
        let (storage, layout) = x.storage_and_layout();
        let (gradient_storage, gradient_layout) = gradient.storage_and_layout();
        let data = host::tensor_elements::<T>(&storage, layout, Self::NAME)?;
        let gradient = host::tensor_elements(&gradient_storage, gradient_layout, Self::NAME)?;
        host::gradient(self.input_gradient(data, gradient), x.shape()).map(Some)
    }
}

impl CustomOp1 for MaxPool {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> candle_core::Result<(CpuStorage, Shape)> {
        with_float!(x.dtype(), Self::NAME, T => {
            let x = host::elements::<T>(x, layout, Self::NAME)?;
            Ok(host::output(self.forward(x), self.geometry.output_shape()))
        })
    }

    fn bwd(
        &self,
        x: &Tensor,
        _y: &Tensor,
        gradient: &Tensor,
    ) -> candle_core::Result<Option<Tensor>> {
        with_float!(x.dtype(), Self::NAME, T => self.backward::<T>(x, gradient))
    }
}
