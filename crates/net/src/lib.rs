#![doc = include_str!("../README.md")]

pub mod baseline;
mod body;
mod cell;
mod derived;
mod drop_path;
mod error;
mod identity;
pub mod memory;
mod model;
mod partial;
mod supernet;
mod transform;

pub use cell::Cell;
pub use dartloom_kernels::fused::Recompute;
pub use derived::DerivedNetwork;
pub use drop_path::drop_path;
pub use error::NetError;
pub use model::{Execution, Model, Output, Pass, Replaced, Watch};
pub use partial::{Mask, channel_shuffle};
pub use supernet::Supernet;
