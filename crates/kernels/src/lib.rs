#![doc = include_str!("../README.md")]

mod activation;
mod bilinear;
mod check;
mod concat;
mod conv;
mod conv_norm;
mod conv_transpose;
mod error;
mod float;
pub mod fused;
mod halo;
mod host;
mod matrix;
mod momentum;
pub mod nn;
mod norm;
mod operation;
mod parallel;
mod pool;
#[cfg(test)]
mod probe;
pub mod reference;
mod resize;
mod simd;
pub mod tape;
#[cfg(any(test, feature = "testkit"))]
pub mod testkit;
mod upsample;
mod window;

pub use activation::relu;
pub use bilinear::upsample_bilinear2d;
pub use concat::concat_channels;
pub use conv::{ConvSpec, conv2d};
pub use conv_norm::{ConvNorm, conv2d_norm_relu};
pub use conv_transpose::{ConvTransposeSpec, conv_transpose2d};
pub use error::{KernelError, Result};
pub use momentum::MomentumStep;
pub use norm::{BatchNormSpec, Statistics, batch_norm};
pub use norm::{Shards, batch_norm_sharded};
pub use pool::{PoolSpec, avg_pool2d, max_pool2d};
pub use resize::{Interpolation, resize2d};
pub use simd::{InstructionSet, LANES_VARIABLE};
pub use upsample::upsample_nearest2d;
