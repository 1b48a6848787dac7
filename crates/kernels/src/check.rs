//! Argument checks shared by the kernels.

use candle_core::{DType, Tensor};

use crate::error::{KernelError, Result};

/// Names a kernel in its errors.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Check(pub(crate) &'static str);

impl Check {
    /// The shape `[batch, channels, height, width]` of a non-empty feature map.
    pub(crate) fn image(self, x: &Tensor) -> Result<(usize, usize, usize, usize)> {
        self.four_axes(x, "input")
    }

    /// The four axes of `tensor`, none of them empty.
    pub(crate) fn four_axes(
        self,
        tensor: &Tensor,
        argument: &'static str,
    ) -> Result<(usize, usize, usize, usize)> {
        let shape = tensor.dims();
        let &[a, b, c, d] = shape else {
            return Err(self.rank(tensor, argument, 4));
        };
        if shape.contains(&0) {
            return Err(KernelError::EmptyAxis { op: self.0, argument, shape: shape.to_vec() });
        }
        Ok((a, b, c, d))
    }

    /// A per-channel vector of `channels` elements, of the same type and device as `x`.
    pub(crate) fn channel_vector(
        self,
        x: &Tensor,
        vector: &Tensor,
        argument: &'static str,
        channels: usize,
    ) -> Result<()> {
        let &[found] = vector.dims() else {
            return Err(self.rank(vector, argument, 1));
        };
        if found != channels {
            return Err(KernelError::Channels { op: self.0, argument, expected: channels, found });
        }
        self.same_kind(x, vector, argument)
    }

    /// Element type and device of `other` are those of `x`.
    pub(crate) fn same_kind(
        self,
        x: &Tensor,
        other: &Tensor,
        argument: &'static str,
    ) -> Result<()> {
        let expected = x.dtype();
        let found = other.dtype();
        if expected != found {
            return Err(KernelError::ElementType { op: self.0, argument, expected, found });
        }
        let expected = x.device().location();
        let found = other.device().location();
        if expected != found {
            return Err(KernelError::Device { op: self.0, argument, expected, found });
        }
        Ok(())
    }

    /// On the CPU the kernels know `f32` and `f64`.
    pub(crate) fn element_type(self, x: &Tensor) -> Result<()> {
        match x.dtype() {
            DType::F32 | DType::F64 => Ok(()),
            found => Err(KernelError::UnsupportedElementType { op: self.0, found }),
        }
    }

    /// Both numbers of a pair are at least one.
    pub(crate) fn positive(self, parameter: &'static str, found: (usize, usize)) -> Result<()> {
        if found.0 == 0 || found.1 == 0 {
            return Err(KernelError::ZeroParameter { op: self.0, parameter, found });
        }
        Ok(())
    }

    /// There is at least one group.
    pub(crate) fn groups(self, groups: usize) -> Result<()> {
        self.positive("groups", (groups, groups))
    }

    /// `groups` share the channels of `argument` equally.
    pub(crate) fn shared(
        self,
        argument: &'static str,
        channels: usize,
        groups: usize,
    ) -> Result<()> {
        if channels.is_multiple_of(groups) {
            return Ok(());
        }
        Err(KernelError::Groups { op: self.0, argument, channels, groups })
    }

    fn rank(self, tensor: &Tensor, argument: &'static str, expected: usize) -> KernelError {
        KernelError::Rank { op: self.0, argument, expected, shape: tensor.dims().to_vec() }
    }
}
