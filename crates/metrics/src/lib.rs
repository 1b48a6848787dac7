#![doc = include_str!("../README.md")]

mod accuracy;
mod auc;
mod confusion;
mod error;
mod multi_label;
mod read;
mod regression;
mod scorer;
#[cfg(any(test, feature = "testkit"))]
pub mod testkit;

pub use accuracy::Accuracy;
pub use auc::{Auc, DEFAULT_BINS};
pub use confusion::Confusion;
pub use error::MetricsError;
pub use multi_label::MultiLabel;
pub use regression::Regression;
pub use scorer::Scorer;
