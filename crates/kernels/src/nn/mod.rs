//! The kernels as layers: [`Module`](candle_core::Module) and [`ModuleT`](candle_core::ModuleT)
//! of candle, built from its [`VarBuilder`](candle_nn::VarBuilder).
//!
//! Names and shapes of variables are those of `candle_nn` and PyTorch (`weight`, `bias`,
//! `running_mean`, `running_var`), so that files of weights fit. The backend behind the builder
//! draws first values; that of a [`VarMap`](candle_nn::VarMap) cannot be seeded.
//!
//! | layer | function |
//! | --- | --- |
//! | [`Conv2d`] | [`conv2d`](crate::conv2d), with or without bias |
//! | [`ConvTranspose2d`] | [`conv_transpose2d`](crate::conv_transpose2d), with or without bias |
//! | [`BatchNorm`] | [`batch_norm`](crate::batch_norm), with or without scale and shift |
//! | [`MaxPool2d`] | [`max_pool2d`](crate::max_pool2d) |
//! | [`AvgPool2d`] | [`avg_pool2d`](crate::avg_pool2d) |
//! | [`Resize`] | [`resize2d`](crate::resize2d) |

mod conv;
mod conv_transpose;
mod filter;
mod norm;
mod pool;
mod resize;

#[cfg(test)]
mod tests;

pub use conv::Conv2d;
pub use conv_transpose::ConvTranspose2d;
pub use norm::BatchNorm;
pub use pool::{AvgPool2d, MaxPool2d};
pub use resize::Resize;

use crate::KernelError;

/// An error as candle's traits carry it; candle's own come out as they went in.
fn to_candle(error: KernelError) -> candle_core::Error {
    match error {
        KernelError::Candle(error) => error,
        error => candle_core::Error::wrap(error),
    }
}
