//! The sizes of a sliding window along both axes, and the outputs it has.

use super::Axis;
use crate::check::Check;
use crate::error::{KernelError, Result};

/// Sizes of a window per axis, rows first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sizes {
    pub(crate) kernel: (usize, usize),
    pub(crate) stride: (usize, usize),
    pub(crate) dilation: (usize, usize),
    pub(crate) padding: (usize, usize),
}

impl Sizes {
    /// Kernel, stride and dilation are at least one on both axes.
    pub(crate) fn check(&self, op: &'static str) -> Result<()> {
        let check = Check(op);
        check.positive("kernel", self.kernel)?;
        check.positive("stride", self.stride)?;
        check.positive("dilation", self.dilation)
    }

    /// Rows and columns of the output: the windows that fit into a padded `input`.
    pub(crate) fn output(&self, op: &'static str, input: (usize, usize)) -> Result<(usize, usize)> {
        let Self { kernel, stride, dilation, padding } = *self;
        let pad = |input: usize, padding: usize| padding.checked_mul(2)?.checked_add(input);
        let (Some(height), Some(width)) = (pad(input.0, padding.0), pad(input.1, padding.1)) else {
            return Err(KernelError::SizeOverflow { op, parameter: "padding", found: padding });
        };
        let padded = (height, width);
        let kernel = (extent(kernel.0, dilation.0), extent(kernel.1, dilation.1));
        let count = |padded: usize, extent: usize, stride: usize| {
            Some(padded.checked_sub(extent)?.checked_div(stride)? + 1)
        };
        match (count(height, kernel.0, stride.0), count(width, kernel.1, stride.1)) {
            (Some(rows), Some(columns)) => Ok((rows, columns)),
            _ => Err(KernelError::KernelTooLarge { op, kernel, padded }),
        }
    }

    /// Rows and columns, one axis each, of planes of `input` and `output`.
    pub(crate) fn axes(&self, input: (usize, usize), output: (usize, usize)) -> (Axis, Axis) {
        let Self { kernel, stride, dilation, padding } = *self;
        let vertical = Axis {
            input: input.0,
            output: output.0,
            kernel: kernel.0,
            stride: stride.0,
            dilation: dilation.0,
            padding: padding.0,
        };
        let horizontal = Axis {
            input: input.1,
            output: output.1,
            kernel: kernel.1,
            stride: stride.1,
            dilation: dilation.1,
            padding: padding.1,
        };
        (vertical, horizontal)
    }

    /// Positions of the kernel.
    pub(crate) fn taps(&self) -> usize {
        self.kernel.0 * self.kernel.1
    }
}

/// Extent of a dilated kernel; one that is empty or cannot be counted fits nowhere.
fn extent(kernel: usize, dilation: usize) -> usize {
    let reach = kernel.checked_sub(1).and_then(|steps| steps.checked_mul(dilation));
    reach.map_or(usize::MAX, |reach| reach.saturating_add(1))
}
