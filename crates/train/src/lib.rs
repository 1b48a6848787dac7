#![doc = include_str!("../README.md")]

mod checkpoint;
mod checksum;
mod drive;
mod error;
mod evaluate;
mod fit;
mod gradients;
mod guard;
mod identity;
mod loss;
mod optimiser;
mod recompute;
mod run_dir;
mod schedule;
mod session;
mod stored;
#[cfg(feature = "testkit")]
pub mod testkit;

pub use checkpoint::{Position, Snapshot};
pub use drive::{EpochReport, Outcome, RuleReport, StepLoss, Stepper, drive};
pub use error::TrainError;
pub use evaluate::{Evaluation, evaluate};
pub use fit::{Fit, FitConfig, HeldOut, MOST_EPOCHS, Problem, check_alike};
pub use gradients::{Gradients, gradients_of};
pub use guard::{Finite, first_not_finite};
pub use identity::{Agreement, Difference, Identity};
pub use loss::cross_entropy;
pub use optimiser::{Adam, AdamConfig, Optimiser, Sgd, SgdConfig};
pub use recompute::Recompute;
pub use run_dir::{RunDir, digest};
pub use schedule::Schedule;
pub use session::Session;
pub use stored::Stored;
