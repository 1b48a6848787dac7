//! Channels of two tensors side by side.

use candle_core::Tensor;

use crate::check::Check;
use crate::error::{KernelError, Result};
use crate::float::Float;
use crate::operation::{Op, Operation};

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
    let op = operation(first, second)?;
    if !first.device().is_cpu() {
        return Ok(Tensor::cat(&[first, second], 1)?);
    }
    Check(NAME).element_type(first)?;
    Ok(first.contiguous()?.apply_op2(&second.contiguous()?, op)?)
}

/// The concatenation of images like `first` and `second`.
pub(crate) fn operation(first: &Tensor, second: &Tensor) -> Result<Op<Concat>> {
    let check = Check(NAME);
    let (batch, channels, height, width) = check.image(first)?;
    let (_, others, ..) = check.four_axes(second, "second")?;
    check.same_kind(first, second, "second")?;
    let expected = vec![batch, others, height, width];
    if second.dims() != expected {
        let found = second.dims().to_vec();
        return Err(KernelError::Shape { op: NAME, argument: "second", expected, found });
    }
    let plane = height * width;
    let kernel = Concat { sizes: (channels * plane, others * plane) };
    Ok(Op { name: NAME, shape: (batch, channels + others, height, width).into(), kernel })
}

const NAME: &str = "concat_channels";

/// Elements of an image of either.
pub(crate) struct Concat {
    sizes: (usize, usize),
}

impl Concat {
    /// The part that begins at `start` and has `len` elements of every image.
    fn part<T: Float>(&self, gradient: &[T], start: usize, len: usize) -> Vec<T> {
        let images = gradient.chunks_exact(self.sizes.0 + self.sizes.1);
        let mut part = Vec::with_capacity(images.len() * len);
        images.for_each(|image| part.extend_from_slice(&image[start..][..len]));
        part
    }
}

impl<T: Float> Operation<T, 2> for Concat {
    fn forward(&self, [first, second]: [&[T]; 2]) -> Vec<T> {
        let images = first.chunks_exact(self.sizes.0).zip(second.chunks_exact(self.sizes.1));
        let mut all = Vec::with_capacity(first.len() + second.len());
        for (first, second) in images {
            all.extend_from_slice(first);
            all.extend_from_slice(second);
        }
        all
    }

    fn backward(
        &self,
        _: [&[T]; 2],
        gradient: &[T],
        wanted: [bool; 2],
    ) -> candle_core::Result<[Option<Vec<T>>; 2]> {
        let (first, second) = self.sizes;
        Ok([
            wanted[0].then(|| self.part(gradient, 0, first)),
            wanted[1].then(|| self.part(gradient, first, second)),
        ])
    }
}
