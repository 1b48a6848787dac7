//! Window, stride and padding of a pooling.

use candle_core::Tensor;

use crate::check::Check;
use crate::error::{KernelError, Result};
use crate::halo::Halo;
use crate::window::{Axis, Sizes};

/// The steps of a pooling window. All pairs are (height, width).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolSpec {
    /// Size of the window.
    pub kernel: (usize, usize),
    /// Step between neighbouring windows, in input pixels.
    pub stride: (usize, usize),
    /// Positions added on each side; at most half of the window.
    pub padding: (usize, usize),
}

impl PoolSpec {
    /// Equal sizes on both axes.
    pub fn square(kernel: usize, stride: usize, padding: usize) -> Self {
        Self { kernel: (kernel, kernel), stride: (stride, stride), padding: (padding, padding) }
    }

    /// The output size `floor((input + 2 padding - kernel) / stride) + 1` per axis.
    ///
    /// # Errors
    ///
    /// [`KernelError::ZeroParameter`] for an empty window or zero stride,
    /// [`KernelError::PaddingTooLarge`] when a window could lie wholly in the padding,
    /// [`KernelError::KernelTooLarge`] when the window does not fit the padded input.
    pub fn output_size(&self, input: (usize, usize)) -> Result<(usize, usize)> {
        self.output_size_of("pool2d", input)
    }

    fn output_size_of(&self, op: &'static str, input: (usize, usize)) -> Result<(usize, usize)> {
        let sizes = self.sizes();
        sizes.check(op)?;
        let padding = self.padding;
        let kernel = self.kernel;
        if padding.0 > kernel.0 / 2 || padding.1 > kernel.1 / 2 {
            return Err(KernelError::PaddingTooLarge { op, padding, kernel });
        }
        sizes.output(op, input)
    }

    /// The window, without dilation.
    pub(crate) fn sizes(&self) -> Sizes {
        let Self { kernel, stride, padding } = *self;
        Sizes { kernel, stride, dilation: (1, 1), padding }
    }
}

/// The checked sizes of one pooling call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Geometry {
    pub(crate) batch: usize,
    pub(crate) channels: usize,
    pub(crate) vertical: Axis,
    pub(crate) horizontal: Axis,
}

impl Geometry {
    pub(crate) fn new(op: &'static str, x: &Tensor, spec: PoolSpec) -> Result<Self> {
        let (batch, channels, height, width) = Check(op).image(x)?;
        let output = spec.output_size_of(op, (height, width))?;
        let (vertical, horizontal) = spec.sizes().axes((height, width), output);
        Ok(Self { batch, channels, vertical, horizontal })
    }

    pub(crate) fn halo(&self) -> Halo {
        Halo::new(self.vertical, self.horizontal)
    }

    pub(crate) fn planes(&self) -> usize {
        self.batch * self.channels
    }

    /// Windows of a plane.
    pub(crate) fn windows(&self) -> usize {
        self.vertical.output * self.horizontal.output
    }

    pub(crate) fn output_shape(&self) -> (usize, usize, usize, usize) {
        (self.batch, self.channels, self.vertical.output, self.horizontal.output)
    }
}
