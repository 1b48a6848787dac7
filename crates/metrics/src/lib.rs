#![doc = include_str!("../README.md")]

mod error;
mod meter;
#[cfg(any(test, feature = "testkit"))]
pub mod testkit;

pub use error::MetricsError;
pub use meter::{Accuracy, Mean, Meter};
