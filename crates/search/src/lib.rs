#![doc = include_str!("../README.md")]

mod architecture;
mod bilevel;
mod choices;
mod entropies;
mod error;
mod gap;
mod hand_made;
mod links;
mod perturbation;
mod prune;
mod rehearsal;
mod reinforce;
mod start;
pub mod stop;
mod supernet_search;
#[cfg(any(test, feature = "testkit"))]
pub mod testkit;

pub use architecture::{Architecture, LogitGradients};
pub use bilevel::{
    Ablation, AblationConfig, AblationGradient, AblationSign, Batches, Bilevel, BilevelConfig,
    Bookkeeping, CellRule, Core, FirstOrder, Found, Implicit, Joint, LogitOptimiser, LogitStep,
    Order, PassLoss, PassObserver, PassSpec, PerCell, Places, Purpose, Removal, SecondOrder,
    Statistics, Step, StepReport, Strategy, Wanted, Whole, ablation_losses,
};
pub use choices::Choices;
pub use error::SearchError;
pub use gap::{Gap, Judge, discretisation_gap, hard_weights};
pub use hand_made::{BlockRank, SHARE};
pub use links::{Among, Distance, Incomplete, LinkChoices, LinkLine, LinkPenalties};
pub use perturbation::{Criterion, PerturbationConfig, PerturbationDrop, Perturbed, perturb};
pub use prune::{CandidateId, Kept, PruneConfig};
pub use rehearsal::{check_build, rehearse};
pub use reinforce::{Reinforce, ReinforceConfig};
pub use start::{CellLogits, StartLogits};
pub use supernet_search::{BestEpoch, SearchConfig, SearchParts, SupernetSearch};
