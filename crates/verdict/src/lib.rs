#![doc = include_str!("../README.md")]

mod comparison;
mod configured;
mod error;
mod fault;
mod fit_workload;
mod random;
mod shared;
mod trained;
mod training;

pub use comparison::{
    Baseline, Comparison, ComparisonConfig, ContenderReport, Contest, ExplorerParts, ExplorerRules,
    HandMade, LegResult, MakeExplorer, MethodParts, MethodReport, OwnRule, PairedReport, Report,
    RetrainConfig, Stopwatch, Tried, Workers,
};
pub use configured::ConfiguredExplorer;
pub use error::VerdictError;
pub use fit_workload::fit_workload;
pub use random::{Candidate, Judgement, RandomConfig, RandomOutcome, RandomSearch};
pub use shared::SharedWeights;
pub use trained::{Answer, OnnxConfig, Prediction, Reading, Trained, TrainedError};
pub use training::{EpochTrained, Training, TrainingConfig};
