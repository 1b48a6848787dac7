#![doc = include_str!("../README.md")]

mod error;
mod event;
mod failure;
mod inline;
pub mod journal;
mod ledger;
mod local;
mod mebibytes;
mod pool;
mod rules;
mod task;
#[cfg(any(test, feature = "testkit"))]
pub mod testkit;
mod wire;
mod words;
pub mod worker;

pub use error::DistError;
pub use event::{TaskEvent, Usage};
pub use failure::Failure;
pub use inline::InlinePool;
pub use local::{Launch, LocalConfig, LocalPool};
pub use mebibytes::Mebibytes;
pub use pool::{Capacity, Events, Heard, TaskPool};
pub use rules::Rules;
pub use task::TaskSpec;
