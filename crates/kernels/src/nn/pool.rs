//! Pooling layers, which have no variables.

use candle_core::{Module, Result, Tensor};

use super::to_candle;
use crate::{PoolSpec, avg_pool2d, max_pool2d};

/// Max pooling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaxPool2d {
    /// Its windows.
    pub spec: PoolSpec,
}

impl Module for MaxPool2d {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        max_pool2d(x, self.spec).map_err(to_candle)
    }
}

/// Average pooling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AvgPool2d {
    /// Its windows.
    pub spec: PoolSpec,
    /// `true` if padding counts among the values that are averaged.
    pub count_padding: bool,
}

impl Module for AvgPool2d {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        avg_pool2d(x, self.spec, self.count_padding).map_err(to_candle)
    }
}
