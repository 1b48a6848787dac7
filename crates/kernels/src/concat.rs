//! Channels of two tensors side by side.

use candle_core::backend::BackendStorage;
use candle_core::{CpuStorage, CustomOp2, Layout, Result as CandleResult, Shape, Tensor};

use crate::check::Check;
use crate::error::{KernelError, Result};
use crate::float::{Float, with_float};
use crate::host;

#[cfg(test)]
mod tests;

/// The channels of `first`, then those of `second`, differentiable in both.
///
/// `first` is `[batch, channels, height, width]`, `second` the same with any number of channels,
/// the result `[batch, both, height, width]`. candle's own `Tensor::cat` gives the same; its
/// gradients pick their values one by one.
///
/// # Errors
///
/// A [`KernelError`] when batches, planes, element types or devices differ, or candle fails.
pub fn concat_channels(first: &Tensor, second: &Tensor) -> Result<Tensor> {
    let check = Check(NAME);
    let (batch, channels, height, width) = check.image(first)?;
    let (_, others, ..) = check.four_axes(second, "second")?;
    check.same_kind(first, second, "second")?;
    let expected = vec![batch, others, height, width];
    if second.dims() != expected {
        let found = second.dims().to_vec();
        return Err(KernelError::Shape { op: NAME, argument: "second", expected, found });
    }
    if !first.device().is_cpu() {
        return Ok(Tensor::cat(&[first, second], 1)?);
    }
    check.element_type(first)?;
    let plane = height * width;
    let op = Concat { sizes: (channels * plane, others * plane) };
    Ok(first.contiguous()?.apply_op2(&second.contiguous()?, op)?)
}

const NAME: &str = "concat_channels";

/// Elements of an image of either.
struct Concat {
    sizes: (usize, usize),
}

impl Concat {
    fn forward<T: Float>(&self, first: &[T], second: &[T]) -> Vec<T> {
        let images = first.chunks_exact(self.sizes.0).zip(second.chunks_exact(self.sizes.1));
        let mut all = Vec::with_capacity(first.len() + second.len());
        for (first, second) in images {
            all.extend_from_slice(first);
            all.extend_from_slice(second);
        }
        all
    }

    /// The part that begins at `start` and has `len` elements of every image.
    fn part<T: Float>(&self, gradient: &[T], start: usize, len: usize) -> Vec<T> {
        let images = gradient.chunks_exact(self.sizes.0 + self.sizes.1);
        let mut part = Vec::with_capacity(images.len() * len);
        images.for_each(|image| part.extend_from_slice(&image[start..][..len]));
        part
    }

    fn gradients<T: Float>(
        &self,
        tensors: (&Tensor, &Tensor),
        gradient: &Tensor,
    ) -> CandleResult<(Option<Tensor>, Option<Tensor>)> {
        let gradient = gradient.contiguous()?;
        let (storage, layout) = gradient.storage_and_layout();
        let data = host::tensor_elements::<T>(&storage, layout, NAME)?;
        let part = |tensor: &Tensor, start, len| {
            let wanted = tensor.track_op();
            wanted.then(|| host::gradient(self.part(data, start, len), tensor.shape())).transpose()
        };
        let first = part(tensors.0, 0, self.sizes.0)?;
        Ok((first, part(tensors.1, self.sizes.0, self.sizes.1)?))
    }
}

impl CustomOp2 for Concat {
    fn name(&self) -> &'static str {
        NAME
    }

    fn cpu_fwd(
        &self,
        first: &CpuStorage,
        first_layout: &Layout,
        second: &CpuStorage,
        second_layout: &Layout,
    ) -> CandleResult<(CpuStorage, Shape)> {
        with_float!(first.dtype(), NAME, T => {
            let first = host::elements::<T>(first, first_layout, NAME)?;
            let second = host::elements::<T>(second, second_layout, NAME)?;
            let mut shape = first_layout.dims().to_vec();
            shape[1] += second_layout.dims()[1];
            Ok(host::output(self.forward(first, second), shape))
        })
    }

    fn bwd(
        &self,
        first: &Tensor,
        second: &Tensor,
        _y: &Tensor,
        gradient: &Tensor,
    ) -> CandleResult<(Option<Tensor>, Option<Tensor>)> {
        with_float!(first.dtype(), NAME, T => self.gradients::<T>((first, second), gradient))
    }
}
