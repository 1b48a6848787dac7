//! Average pooling.

use candle_core::{CpuStorage, CustomOp1, Layout, Shape, Tensor, backend::BackendStorage};

use super::planes;
use super::spec::{Geometry, PoolSpec};
use crate::check::Check;
use crate::error::Result;
use crate::float::{Float, with_float};
use crate::{host, reference};

/// Average pooling, differentiable in `x`.
///
/// `x` is `[batch, channels, height, width]`, the result has the size of
/// [`PoolSpec::output_size`]: `y[n, c, i, j] = 1 / d[i, j] * sum over u, v of
/// x[n, c, i stride - padding + u, j stride - padding + v]`, with zeros outside the image. The
/// divisor `d` is the size of the window when `count_padding`, else the number of its positions
/// inside the image (`count_include_pad=False` in PyTorch).
///
/// # Errors
///
/// A [`KernelError`](crate::KernelError) when the shape or the specification does not fit, or
/// candle fails.
pub fn avg_pool2d(x: &Tensor, spec: PoolSpec, count_padding: bool) -> Result<Tensor> {
    let geometry = Geometry::new(NAME, x, spec)?;
    if !x.device().is_cpu() {
        return reference::avg_pool2d(x, spec, count_padding);
    }
    Check(NAME).element_type(x)?;
    let divisors = divisors(&geometry, count_padding);
    Ok(x.contiguous()?.apply_op1(AveragePool { geometry, divisors })?)
}

pub(crate) const NAME: &str = "avg_pool2d";

/// The divisor of every output position, row-major.
pub(crate) fn divisors(geometry: &Geometry, count_padding: bool) -> Vec<f64> {
    let (vertical, horizontal) = (geometry.vertical, geometry.horizontal);
    let mut divisors = Vec::with_capacity(vertical.output * horizontal.output);
    for row in 0..vertical.output {
        for column in 0..horizontal.output {
            let count = if count_padding {
                vertical.kernel * horizontal.kernel
            } else {
                vertical.valid_taps(row) * horizontal.valid_taps(column)
            };
            divisors.push(count as f64);
        }
    }
    divisors
}

struct AveragePool {
    geometry: Geometry,
    divisors: Vec<f64>,
}

impl AveragePool {
    fn forward<T: Float>(&self, x: &[T]) -> Vec<T> {
        let divisors = self.divisors::<T>();
        planes::pool(
            &self.geometry,
            x,
            T::ZERO,
            || (),
            |halo, padded, (), y| {
                let kernel = halo.horizontal.kernel;
                for (row, y) in y.chunks_exact_mut(halo.horizontal.output).enumerate() {
                    for tap in 0..halo.vertical.kernel * kernel {
                        let run = &padded[halo.run(row, tap / kernel, tap % kernel)];
                        for (sum, x) in y.iter_mut().zip(run) {
                            *sum += *x;
                        }
                    }
                }
                for (y, divisor) in y.iter_mut().zip(&divisors) {
                    *y /= *divisor;
                }
            },
        )
    }

    fn input_gradient<T: Float>(&self, gradient: &[T]) -> Vec<T> {
        let halo = self.geometry.halo();
        let kernel = halo.horizontal.kernel;
        let divisors = self.divisors::<T>();
        planes::unpool(
            &self.geometry,
            || (halo.buffer(T::ZERO), vec![T::ZERO; halo.output_len()]),
            |plane, (padded, shares), dx| {
                padded.fill(T::ZERO);
                let gradient = &gradient[plane * halo.output_len()..][..halo.output_len()];
                for ((share, gradient), divisor) in shares.iter_mut().zip(gradient).zip(&divisors) {
                    *share = *gradient / *divisor;
                }
                for (row, shares) in shares.chunks_exact(halo.horizontal.output).enumerate() {
                    for tap in 0..halo.vertical.kernel * kernel {
                        let run = &mut padded[halo.run(row, tap / kernel, tap % kernel)];
                        for (x, share) in run.iter_mut().zip(shares) {
                            *x += *share;
                        }
                    }
                }
                halo.store(padded, dx);
            },
        )
    }

    fn divisors<T: Float>(&self) -> Vec<T> {
        self.divisors.iter().map(|divisor| T::narrow(*divisor)).collect()
    }

    fn backward<T: Float>(
        &self,
        x: &Tensor,
        gradient: &Tensor,
    ) -> candle_core::Result<Option<Tensor>> {
        let gradient = gradient.contiguous()?;
        let (storage, layout) = gradient.storage_and_layout();
        let gradient = host::tensor_elements::<T>(&storage, layout, NAME)?;
        host::gradient(self.input_gradient(gradient), x.shape()).map(Some)
    }
}

impl CustomOp1 for AveragePool {
    fn name(&self) -> &'static str {
        NAME
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> candle_core::Result<(CpuStorage, Shape)> {
        with_float!(x.dtype(), NAME, T => {
            let x = host::elements::<T>(x, layout, NAME)?;
            Ok(host::output(self.forward(x), self.geometry.output_shape()))
        })
    }

    fn bwd(
        &self,
        x: &Tensor,
        _y: &Tensor,
        gradient: &Tensor,
    ) -> candle_core::Result<Option<Tensor>> {
        with_float!(x.dtype(), NAME, T => self.backward::<T>(x, gradient))
    }
}
