//! The checked sizes of one convolution call.

use candle_core::Tensor;

use super::spec::{ConvSpec, OP};
use crate::check::Check;
use crate::error::{KernelError, Result};
use crate::window::Axis;

/// Sizes of one call. Constructed only from arguments that fit together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Geometry {
    pub(crate) batch: usize,
    pub(crate) channels_in: usize,
    pub(crate) channels_out: usize,
    pub(crate) groups: usize,
    pub(crate) vertical: Axis,
    pub(crate) horizontal: Axis,
}

impl Geometry {
    pub(crate) fn new(x: &Tensor, weight: &Tensor, spec: ConvSpec) -> Result<Self> {
        let check = Check(OP);
        let (batch, channels_in, height, width) = check.image(x)?;
        let (channels_out, per_group, kernel_height, kernel_width) =
            check.four_axes(weight, "weight")?;
        check.same_kind(x, weight, "weight")?;
        let output = spec.output_size((height, width), (kernel_height, kernel_width))?;
        check_groups(channels_in, channels_out, per_group, spec.groups)?;
        let sizes = spec.sizes((kernel_height, kernel_width));
        let (vertical, horizontal) = sizes.axes((height, width), output);
        Ok(Self { batch, channels_in, channels_out, groups: spec.groups, vertical, horizontal })
    }

    pub(crate) fn output_shape(&self) -> (usize, usize, usize, usize) {
        (self.batch, self.channels_out, self.vertical.output, self.horizontal.output)
    }

    /// Every channel is convolved on its own.
    pub(crate) fn is_depthwise(&self) -> bool {
        self.groups == self.channels_in && self.groups == self.channels_out
    }

    /// A matrix product at every pixel, with no window at all.
    pub(crate) fn is_pointwise(&self) -> bool {
        [self.vertical, self.horizontal]
            .iter()
            .all(|axis| axis.kernel == 1 && axis.stride == 1 && axis.padding == 0)
    }

    /// Elements of an input plane.
    pub(crate) fn input_plane(&self) -> usize {
        self.vertical.input * self.horizontal.input
    }

    /// Elements of an output plane.
    pub(crate) fn output_plane(&self) -> usize {
        self.vertical.output * self.horizontal.output
    }

    /// Taps per channel.
    pub(crate) fn taps(&self) -> usize {
        self.vertical.kernel * self.horizontal.kernel
    }

    /// Input channels of one group.
    pub(crate) fn group_in(&self) -> usize {
        self.channels_in / self.groups
    }

    /// Output channels of one group.
    pub(crate) fn group_out(&self) -> usize {
        self.channels_out / self.groups
    }
}

fn check_groups(
    channels_in: usize,
    channels_out: usize,
    per_group: usize,
    groups: usize,
) -> Result<()> {
    Check(OP).shared("input", channels_in, groups)?;
    Check(OP).shared("output", channels_out, groups)?;
    let expected = channels_in / groups;
    if per_group != expected {
        return Err(KernelError::Channels {
            op: OP,
            argument: "weight",
            expected,
            found: per_group,
        });
    }
    Ok(())
}
