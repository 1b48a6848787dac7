//! Discrete search: explorers propose architectures, evaluators judge them.
//!
//! An [`Explorer`] is asked for proposals and told what became of them; who evaluates, where, and
//! how many at once is not its business. An [`Evaluator`] gives the [`Outcome`] of a proposal: a
//! measurement, the limit it breaks, or a failure. Only the first says anything about quality, and
//! neither of the others ends a search. What is no candidate's doing, a full disk or unreadable data, is an
//! error, and nothing that an explorer is told of. [`explore`] joins the two, one proposal after the other.
//!
//! | explorer | proposes | source |
//! | --- | --- | --- |
//! | [`RandomGenotypes`] | uniformly drawn genotypes | Li and Talwalkar 2019 |
//! | [`RandomLogits`] | what a decoder makes of random logits | released DARTS code |
//! | [`RegularisedEvolution`] | mutants of tournament winners; the oldest die | Real et al. 2019 |
//! | [`Genetic`] | generations of mated and mutated parents | Holland 1975 |
//! | [`LocalSearch`] | all neighbours of the best so far | White et al. 2021 |
//! | [`ParetoEvolution`] | offspring of the front of quality and cost | Deb et al. 2002 |
//! | [`Halving`] | what another one proposes, the better for more epochs | Li et al. 2020 |
//! | [`Reinforce`] | what a recurrent controller learned to draw | Zoph and Le 2017 |
//!
//! All work on a [`Domain`]: a space, and which of its genotypes may be proposed. [`Unique`] around
//! an explorer keeps it from having equal architectures evaluated twice, [`WarmStart`] has it begin
//! with chosen ones, and [`Limited`] around an evaluator keeps what is too large from being evaluated
//! at all.
//!
//! [`Training`] judges by training, [`SharedWeights`] with a supernet's weights, [`Table`] by what a
//! benchmark has measured. [`PooledSearch`] has candidates judged by a pool of workers, such as child
//! processes that may die, and keeps a journal from which it goes on after it was killed itself.
//!
//! Equal seeds and equal outcomes give equal proposals, whoever evaluates: a proposal draws from a
//! stream of its own, addressed by its task number. The state of an explorer is a value
//! ([`Explorer::state`]), and one that was restored goes on as if it had never stopped.
//!
//! ```
//! use dartloom_search::explore::{
//!     Domain, EvolutionConfig, Outcome, RegularisedEvolution, Unique, best, explore,
//! };
//! use dartloom_space::{Cost, Genotype, nasbench201};
//! use dartloom_noise::Noise;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let domain = Domain::every_edge(nasbench201::space()?);
//! let config = EvolutionConfig { population: 20, sample: 5 };
//! let mut evolution =
//!     Unique::new(RegularisedEvolution::new(domain, config, Noise::new(7))?);
//!
//! // As many 3x3 convolutions as possible.
//! let mut count = |genotype: &Genotype| {
//!     let genes = &genotype.cells()[0].genes;
//!     let quality = genes.iter().filter(|gene| gene.op == "simple_conv_3x3").count();
//!     Outcome::measured(quality as f64, Cost::default())
//! };
//! let trials = explore(&mut evolution, &mut count, 200)?;
//! assert_eq!(best(&trials).and_then(|trial| trial.outcome.quality()), Some(6.0));
//! # Ok(())
//! # }
//! ```

mod configured;
mod domain;
mod error;
mod evaluator;
mod evolution;
mod explorer;
mod fault;
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
mod reinforce;
mod shared;
mod state;
mod table;
mod training;
mod unique;
mod warm_start;

pub use configured::ConfiguredExplorer;
pub use domain::Domain;
pub use error::ExploreError;
pub use evaluator::{Evaluator, Trial, best, explore};
pub use evolution::{EvolutionConfig, RegularisedEvolution};
pub use explorer::{Explorer, Proposal};
pub use genetic::{Genetic, GeneticConfig};
pub use halving::{Halving, HalvingConfig};
pub use key::Key;
pub use limits::{Limited, Limits};
pub use local::LocalSearch;
pub use outcome::{Outcome, Resource};
pub use pareto::{ParetoConfig, ParetoEvolution, Point, front, hypervolume};
pub use pooled::{
    Assignment, Budget, MemoryUse, Order, Pace, PooledConfig, PooledSearch, Record, Standing,
    assign, handler,
};
pub use random::RandomGenotypes;
pub use random_logits::RandomLogits;
pub(crate) use reasons::by_reason;
pub use reasons::{FailureCount, failures};
pub use regret::{RegretCurve, regrets};
pub use reinforce::{Reinforce, ReinforceConfig};
pub use shared::SharedWeights;
pub use table::{Column, Measured, Row, Table, TableColumns};
pub(crate) use training::{Trained, candidate_file};
pub use training::{Training, TrainingConfig};
pub use unique::Unique;
pub use warm_start::WarmStart;

#[cfg(test)]
mod tests;
