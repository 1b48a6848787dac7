//! Stride, dilation, padding and groups of a convolution.

use crate::check::Check;
use crate::error::Result;
use crate::window::Sizes;

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
    /// [`ZeroParameter`](crate::KernelError::ZeroParameter) when a stride, dilation, kernel size or
    /// `groups` is zero, [`KernelTooLarge`](crate::KernelError::KernelTooLarge) when the dilated
    /// kernel does not fit the padded input,
    /// [`SizeOverflow`](crate::KernelError::SizeOverflow) when the padded input cannot be counted.
    pub fn output_size(
        &self,
        input: (usize, usize),
        kernel: (usize, usize),
    ) -> Result<(usize, usize)> {
        let sizes = self.sizes(kernel);
        sizes.check(OP)?;
        Check(OP).groups(self.groups)?;
        sizes.output(OP, input)
    }

    /// The window of a kernel.
    pub(crate) fn sizes(&self, kernel: (usize, usize)) -> Sizes {
        let Self { stride, dilation, padding, .. } = *self;
        Sizes { kernel, stride, dilation, padding }
    }
}
