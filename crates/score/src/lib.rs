#![doc = include_str!("../README.md")]

mod error;
mod op_scores;
pub mod zero_cost;

pub use error::ScoreError;
pub use op_scores::{
    OpBenchmark, OpBenchmarkConfig, OpBenchmarkOutcome, OpRun, OpStatistics, Statistic,
    residual_proxy,
};
