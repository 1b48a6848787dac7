#![doc = include_str!("../README.md")]

mod checkpoint;
mod drive;
mod error;
mod evaluate;
mod fit;
mod gradients;
mod guard;
mod learner;
mod optimiser;
pub mod reduce;
mod schedule;
mod session;
#[cfg(feature = "testkit")]
pub mod testkit;

pub use checkpoint::{Position, Snapshot};
pub use drive::{EpochReport, Outcome, RuleReport, StepLoss, Stepper, drive};
pub use error::TrainError;
pub use evaluate::{Evaluation, Judged, Scored, evaluate, evaluate_scored, evaluate_while};
pub use fit::{Fit, FitConfig, HeldOut, MOST_EPOCHS, Problem, check_alike};
pub use gradients::{Gradients, gradients_of};
pub use guard::{Finite, first_not_finite};
pub use learner::{Learner, Learnt, MeanLoss};
pub use optimiser::{
    Adam, AdamConfig, Optimiser, Sgd, SgdConfig, Velocity, WeightOptimiser, WeightStep,
};
pub use schedule::Schedule;
pub use session::Session;
