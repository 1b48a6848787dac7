#![doc = include_str!("../README.md")]

mod benchmark;
pub mod blocks;
mod catalog;
pub mod check;
pub mod crops;
pub mod draft;
mod error;
pub mod estimate;
pub mod evaluate;
pub mod experiment;
pub mod export;
pub mod genotype;
pub mod input;
pub mod machine;
pub mod output;
pub mod predict;
pub mod report;
pub mod room;
pub mod run;
pub mod spaces;
pub mod worker;

pub use benchmark::Benchmark;
pub use catalog::{Catalog, PartError};
pub use error::EngineError;
pub use experiment::{Experiment, Plan};
pub use run::Run;
