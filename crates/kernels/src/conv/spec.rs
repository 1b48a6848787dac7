//! Stride, dilation, padding and groups of a convolution.

use crate::error::{KernelError, Result};

pub(super) const OP: &str = "conv2d";

/// The steps of a convolution. All pairs are (height, width).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConvSpec {
    /// Step between neighbouring outputs, in input pixels.
    pub stride: (usize, usize),
    /// Step between neighbouring kernel taps, in input pixels.
    pub dilation: (usize, usize),
    /// Zeros added on each side.
    pub padding: (usize, usize),
    /// Number of independent groups the channels are split into.
    pub groups: usize,
}

impl Default for ConvSpec {
    fn default() -> Self {
        Self { stride: (1, 1), dilation: (1, 1), padding: (0, 0), groups: 1 }
    }
}

impl ConvSpec {
    /// Equal stride and padding on both axes, without dilation or groups.
    pub fn square(stride: usize, padding: usize) -> Self {
        let stride = (stride, stride);
        Self { stride, padding: (padding, padding), ..Self::default() }
    }

    /// The output size `floor((input + 2 padding - dilation (kernel - 1) - 1) / stride) + 1` per
    /// axis.
    ///
    /// # Errors
    ///
    /// [`KernelError::ZeroParameter`] when a stride, dilation, kernel size or `groups` is zero,
    /// [`KernelError::KernelTooLarge`] when the dilated kernel does not fit the padded input,
    /// [`KernelError::SizeOverflow`] when the padded input cannot be counted.
    pub fn output_size(
        &self,
        input: (usize, usize),
        kernel: (usize, usize),
    ) -> Result<(usize, usize)> {
        let pairs = [
            ("kernel", kernel),
            ("stride", self.stride),
            ("dilation", self.dilation),
            ("groups", (self.groups, self.groups)),
        ];
        for (parameter, found) in pairs {
            crate::check::Check(OP).positive(parameter, found)?;
        }
        let extent = (extent(kernel.0, self.dilation.0), extent(kernel.1, self.dilation.1));
        Windows { extent, padding: self.padding, stride: self.stride }.fit(OP, input)
    }
}

/// Windows over a padded input, (height, width).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Windows {
    pub(crate) extent: (usize, usize),
    pub(crate) padding: (usize, usize),
    pub(crate) stride: (usize, usize),
}

impl Windows {
    /// The number of windows that fit per axis.
    pub(crate) fn fit(self, op: &'static str, input: (usize, usize)) -> Result<(usize, usize)> {
        let Self { extent, padding, stride } = self;
        let pad = |input: usize, padding: usize| padding.checked_mul(2)?.checked_add(input);
        let (Some(height), Some(width)) = (pad(input.0, padding.0), pad(input.1, padding.1)) else {
            return Err(KernelError::SizeOverflow { op, parameter: "padding", found: padding });
        };
        let padded = (height, width);
        let too_large = KernelError::KernelTooLarge { op, kernel: extent, padded };
        let (Some(down), Some(right)) = (height.checked_sub(extent.0), width.checked_sub(extent.1))
        else {
            return Err(too_large);
        };
        Ok((down / stride.0 + 1, right / stride.1 + 1))
    }
}

/// Extent of a dilated kernel; one that cannot be counted fits nowhere.
fn extent(kernel: usize, dilation: usize) -> usize {
    (kernel - 1).saturating_mul(dilation).saturating_add(1)
}
