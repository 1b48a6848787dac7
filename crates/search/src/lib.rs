#![doc = include_str!("../README.md")]

mod architecture;
mod bilevel;
mod choices;
mod comparison;
mod entropies;
mod error;
pub mod explore;
mod gap;
mod identity;
mod kept_runs;
mod op_scores;
mod perturbation;
mod prune;
mod random;
mod rehearsal;
mod split;
pub mod stop;
mod supernet_search;
#[cfg(any(test, feature = "testkit"))]
pub mod testkit;
pub mod zero_cost;

pub use architecture::{Architecture, LogitGradients};
pub use bilevel::{
    Ablation, AblationConfig, AblationGradient, AblationSign, Batches, Bilevel, BilevelConfig,
    Bookkeeping, CellRule, Core, FirstOrder, Found, Implicit, Joint, LogitOptimiser, LogitStep,
    Order, PassLoss, PassObserver, PassSpec, PerCell, Places, Purpose, Removal, SecondOrder,
    Statistics, Step, StepReport, Strategy, Wanted, Whole, ablation_losses,
};
pub use choices::{Choices, Start};
pub use comparison::{
    Baseline, Comparison, ComparisonConfig, ContenderReport, Contest, ExplorerParts, ExplorerRules,
    LegResult, Majority, MethodParts, MethodReport, PairedReport, Report, RetrainConfig, Stopwatch,
    Tried, Workers,
};
pub use error::SearchError;
pub use gap::{Gap, discretisation_gap};
pub use op_scores::{
    OpBenchmark, OpBenchmarkConfig, OpBenchmarkOutcome, OpRun, OpStatistics, Statistic,
    residual_proxy,
};
pub use perturbation::{Criterion, PerturbationConfig, PerturbationDrop, Perturbed, perturb};
pub use prune::{CandidateId, Kept, PruneConfig};
pub use random::{Candidate, Judgement, RandomConfig, RandomOutcome, RandomSearch};
pub use split::{Parts, Split};
pub use supernet_search::{BestEpoch, SearchConfig, SearchParts, SupernetSearch};
