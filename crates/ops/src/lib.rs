#![doc = include_str!("../README.md")]

mod dropout;
mod error;
mod factory;
mod layer;
mod mode;
mod model;
mod pass;
mod place;
mod registry;
mod sequence;
#[cfg(any(test, feature = "testkit"))]
pub mod testkit;
mod variables;
mod watch;

pub use dartloom_kernels::Statistics;
pub use dartloom_kernels::fused::{Recompute, Stage};
pub use dropout::dropout;
pub use error::OpError;
pub use factory::{OpCost, OpFactory, OpFn, Operation, op_fn};
pub use mode::Mode;
pub use model::{Model, Output};
pub use pass::{Execution, Pass, Watch};
pub use place::Place;
pub use registry::Registry;
pub use sequence::Sequence;
pub use variables::{Builder, Init, Variables, digest};
pub use watch::{LayerKind, LayerWatch};
