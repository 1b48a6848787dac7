#![doc = include_str!("../README.md")]

mod domain;
mod error;
mod evaluator;
mod evolution;
mod explorer;
mod genetic;
mod halving;
mod key;
mod limits;
mod local;
mod outcome;
mod pareto;
mod pooled;
mod random;
mod random_logits;
mod reasons;
mod regret;
pub mod state;
mod steady;
mod table;
#[cfg(any(test, feature = "testkit"))]
pub mod testkit;
mod unique;
mod warm_start;

pub use domain::Domain;
pub use error::{Cause, ExploreError};
pub use evaluator::{Evaluator, Trial, best, explore};
pub use evolution::{EvolutionConfig, RegularisedEvolution};
pub use explorer::{Explorer, Proposal};
pub use genetic::{Genetic, GeneticConfig};
pub use halving::{Halving, HalvingConfig};
pub use key::Key;
pub use limits::{Limited, Limits};
pub use local::LocalSearch;
pub use outcome::{Outcome, Resource};
pub use pareto::{ParetoConfig, ParetoEvolution, Placed, Point, front, hypervolume};
pub use pooled::{
    Assignment, Budget, MemoryUse, Order, Pace, PooledConfig, PooledSearch, Record, Standing,
    assign, handler,
};
pub use random::RandomGenotypes;
pub use random_logits::RandomLogits;
pub use reasons::{FailureCount, by_reason, failures};
pub use regret::{RegretCurve, regrets};
pub use steady::{Breed, Steady};
pub use table::{Column, Measured, Row, Table, TableColumns};
pub use unique::Unique;
pub use warm_start::WarmStart;

#[cfg(test)]
mod tests;
