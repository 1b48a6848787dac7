//! The checked sizes of a transposed convolution.

use candle_core::Tensor;

use crate::check::Check;
use crate::conv::Geometry;
use crate::error::{KernelError, Result};
use crate::window::Sizes;

pub(super) const OP: &str = "conv_transpose2d";

/// The steps of a transposed convolution. All pairs are (height, width).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConvTransposeSpec {
    /// Step between the outputs of neighbouring inputs.
    pub stride: (usize, usize),
    /// Step between neighbouring kernel taps, in output pixels.
    pub dilation: (usize, usize),
    /// Outputs that are left out on each side.
    pub padding: (usize, usize),
    /// Rows and columns more at the end; smaller than the stride or the dilation.
    pub output_padding: (usize, usize),
    /// Number of independent groups the channels are split into.
    pub groups: usize,
}

impl Default for ConvTransposeSpec {
    fn default() -> Self {
        Self {
            stride: (1, 1),
            dilation: (1, 1),
            padding: (0, 0),
            output_padding: (0, 0),
            groups: 1,
        }
    }
}

impl ConvTransposeSpec {
    /// Equal stride and padding on both axes, without dilation, output padding or groups.
    pub fn square(stride: usize, padding: usize) -> Self {
        let stride = (stride, stride);
        Self { stride, padding: (padding, padding), ..Self::default() }
    }

    /// The output size
    /// `(input - 1) stride - 2 padding + dilation (kernel - 1) + output_padding + 1` per axis.
    ///
    /// # Errors
    ///
    /// [`KernelError::ZeroParameter`] when the input, a stride, a dilation, a kernel size or
    /// `groups` is zero, [`KernelError::OutputPadding`] when the output padding reaches both stride
    /// and dilation, [`KernelError::SizeOverflow`] when the size cannot be counted, and
    /// [`KernelError::NothingLeft`] when the padding takes all of it.
    pub fn output_size(
        &self,
        input: (usize, usize),
        kernel: (usize, usize),
    ) -> Result<(usize, usize)> {
        let check = Check(OP);
        check.positive("input", input)?;
        self.sizes(kernel).check(OP)?;
        check.groups(self.groups)?;
        let most = (self.stride.0.max(self.dilation.0), self.stride.1.max(self.dilation.1));
        if self.output_padding.0 >= most.0 || self.output_padding.1 >= most.1 {
            let found = self.output_padding;
            return Err(KernelError::OutputPadding { op: OP, most, found });
        }
        let whole = |input: usize, stride: usize, kernel: usize, dilation: usize, more: usize| {
            let reach = (kernel - 1).checked_mul(dilation)?;
            (input - 1).checked_mul(stride)?.checked_add(reach)?.checked_add(more)?.checked_add(1)
        };
        let rows = whole(input.0, self.stride.0, kernel.0, self.dilation.0, self.output_padding.0);
        let columns =
            whole(input.1, self.stride.1, kernel.1, self.dilation.1, self.output_padding.1);
        let (Some(rows), Some(columns)) = (rows, columns) else {
            let found = self.stride;
            return Err(KernelError::SizeOverflow { op: OP, parameter: "stride", found });
        };
        let left = |whole: usize, padding: usize| {
            whole.checked_sub(padding.checked_mul(2)?).filter(|left| *left > 0)
        };
        match (left(rows, self.padding.0), left(columns, self.padding.1)) {
            (Some(rows), Some(columns)) => Ok((rows, columns)),
            _ => {
                let whole = (rows, columns);
                Err(KernelError::NothingLeft { op: OP, padding: self.padding, whole })
            }
        }
    }

    /// The window of a kernel in the convolution whose input gradient it is.
    fn sizes(&self, kernel: (usize, usize)) -> Sizes {
        let Self { stride, dilation, padding, .. } = *self;
        Sizes { kernel, stride, dilation, padding }
    }
}

/// A transposed convolution as the convolution whose input gradient it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Transposed {
    /// Its input is our output.
    pub(super) convolution: Geometry,
}

impl Transposed {
    pub(crate) fn new(
        x: &Tensor,
        weight: &Tensor,
        bias: Option<&Tensor>,
        spec: ConvTransposeSpec,
    ) -> Result<Self> {
        let check = Check(OP);
        let (batch, inputs, height, width) = check.image(x)?;
        let (expected, per_group, kernel_height, kernel_width) =
            check.four_axes(weight, "weight")?;
        check.same_kind(x, weight, "weight")?;
        let size = spec.output_size((height, width), (kernel_height, kernel_width))?;
        if inputs != expected {
            let argument = "input";
            return Err(KernelError::Channels { op: OP, argument, expected, found: inputs });
        }
        let groups = spec.groups;
        check.shared("input", inputs, groups)?;
        let overflow = KernelError::SizeOverflow { op: OP, parameter: "output", found: size };
        let outputs = per_group.checked_mul(groups);
        let total = outputs.and_then(|n| n.checked_mul(size.0)?.checked_mul(size.1));
        let (Some(outputs), Some(_)) = (outputs, total.and_then(|n| n.checked_mul(batch))) else {
            return Err(overflow);
        };
        if let Some(bias) = bias {
            check.channel_vector(x, bias, "bias", outputs)?;
        }
        let sizes = spec.sizes((kernel_height, kernel_width));
        let (vertical, horizontal) = sizes.axes(size, (height, width));
        let convolution = Geometry {
            batch,
            channels_in: outputs,
            channels_out: inputs,
            groups,
            vertical,
            horizontal,
        };
        Ok(Self { convolution })
    }

    /// Shape of the result.
    pub(super) fn shape(&self) -> (usize, usize, usize, usize) {
        let Geometry { batch, channels_in, vertical, horizontal, .. } = self.convolution;
        (batch, channels_in, vertical.input, horizontal.input)
    }

    /// Windows lie side by side and cover the result.
    pub(super) fn is_tiled(&self) -> bool {
        let Geometry { vertical, horizontal, .. } = self.convolution;
        [vertical, horizontal].iter().all(|axis| {
            axis.kernel == axis.stride
                && axis.dilation == 1
                && axis.padding == 0
                && axis.output * axis.stride == axis.input
        })
    }
}
