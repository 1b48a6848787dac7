//! Resizing, which has no variables.

use candle_core::{Module, Result, Tensor};

use super::to_candle;
use crate::{Interpolation, resize2d};

/// Planes of a given size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resize {
    /// The size, (height, width).
    pub size: (usize, usize),
    /// The rule that fills it.
    pub rule: Interpolation,
}

impl Module for Resize {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        resize2d(x, self.size, self.rule).map_err(to_candle)
    }
}
