#![doc = include_str!("../README.md")]

mod error;
mod factory;
mod layer;
mod mode;
mod registry;
mod sequence;
#[cfg(any(test, feature = "testkit"))]
pub mod testkit;
mod variables;
mod watch;

pub use dartloom_kernels::Statistics;
pub use dartloom_kernels::fused::Stage;
pub use error::OpError;
pub use factory::{OpCost, OpFactory, OpFn, Operation, op_fn};
pub use mode::Mode;
pub use registry::Registry;
pub use sequence::Sequence;
pub use variables::{Builder, Init, Variables};
pub use watch::{LayerKind, LayerWatch};
