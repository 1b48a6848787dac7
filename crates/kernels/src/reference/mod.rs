//! The same operations from candle's own differentiable ones, on any device.
//!
//! These are what the kernels are tested against, and what runs where the kernels cannot. They
//! are slow. They avoid the candle operations whose gradients are missing or wrong: pooling,
//! nearest upsampling, the rectifier at zero, and convolution with strides.

mod activation;
mod conv;
mod conv_transpose;
mod norm;
mod pool;
mod resize;
mod slide;
mod upsample;

pub use activation::relu;
pub use conv::conv2d;
pub use conv_transpose::conv_transpose2d;
pub use norm::batch_norm;
pub use pool::{avg_pool2d, max_pool2d};
pub use resize::resize2d;
pub use upsample::upsample_nearest2d;
