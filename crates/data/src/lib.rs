#![doc = include_str!("../README.md")]

mod augment;
pub mod cifar;
mod dataset;
mod digest;
mod digits;
mod error;
mod files;
pub mod idx;
mod loader;
mod memory;
mod normalization;
mod parts;
mod random;
mod subset;
#[cfg(any(test, feature = "testkit"))]
pub mod testkit;

pub use augment::Augment;
pub use dataset::{Dataset, ImageShape, Task, check_repeats};
pub use digest::Digested;
pub use digits::digits;
pub use error::DataError;
pub use loader::{Batch, BatchOrder, Loader};
pub use memory::{InMemory, Splits};
pub use normalization::Normalization;
pub use parts::{Parts, Split};
pub use random::{Shuffle, permutation, split};
pub use subset::Subset;
