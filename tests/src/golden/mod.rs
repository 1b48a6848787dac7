//! The golden runner: every case of a folder with a manifest, run against the workspace.
//!
//! A case is understood by what its manifest entry and its tensors hold, not by its file name, so
//! other cases of the same form run too. What is not understood fails.

mod bundle;
mod check;
mod dispatch;
mod error;
mod family;
mod fields;
mod formula;
mod genotypes;
mod loss;
mod manifest;
mod names;
mod numbers;
mod outcome;
mod parameters;
mod run;
mod tolerance;

pub use error::GoldenError;
pub use outcome::{Outcome, Tally, Verdict};
pub use run::{FOLDER_VARIABLE, fixtures, run};
pub use tolerance::Tolerance;
