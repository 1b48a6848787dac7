#![doc = include_str!("../README.md")]

mod architecture;
mod bilevel;
mod comparison;
mod error;
mod gap;
mod op_scores;
mod random;
mod split;
mod supernet_search;

pub use architecture::Architecture;
pub use bilevel::{Bilevel, BilevelConfig, Implicit, LogitOptimiser, LogitStep, Order, StepReport};
pub use comparison::{
    Baseline, Comparison, ComparisonConfig, ContenderReport, Contest, LegResult, PairedReport,
    Report, RetrainConfig, Stopwatch,
};
pub use error::SearchError;
pub use gap::{Gap, discretisation_gap};
pub use op_scores::{
    OpBenchmark, OpBenchmarkConfig, OpBenchmarkOutcome, OpRun, OpStatistics, Statistic,
    residual_proxy,
};
pub use random::{Candidate, RandomConfig, RandomOutcome, RandomSearch};
pub use split::{Parts, Split};
pub use supernet_search::{BestEpoch, SearchConfig, SearchParts, SupernetSearch};
