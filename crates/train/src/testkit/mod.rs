//! Laws that every optimiser, every stepper and every sum over ranks obeys (feature `testkit`).
//!
//! ```
//! # #[cfg(feature = "testkit")]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use dartloom_train::{Sgd, SgdConfig, testkit};
//!
//! testkit::check_optimiser(|| Sgd::new(SgdConfig::default()), 0.05)?;
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "testkit"))]
//! # fn main() {}
//! ```

mod config;
mod optimiser;
mod reduce;
mod stepper;

use std::fmt;

use thiserror::Error;

pub use config::small_fit;
pub use optimiser::check_optimiser;
pub use reduce::check_reduce;
pub use stepper::check_stepper;

/// A law that every optimiser, every stepper or every sum over ranks obeys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Law {
    /// Optimisers: the loss of a quadratic falls below a hundredth of what it was.
    Converges,
    /// Optimisers: a variable without a gradient keeps its bits.
    Untouched,
    /// Optimisers: after `restore(state())` the steps equal those of the one that went on, bit for
    /// bit. Steppers: the same for `restore(snapshot())` at any position, through a file's bytes,
    /// into a stepper that has made other steps meanwhile; losses, reports and final states are
    /// equal.
    Resumes,
    /// Steppers: the end of an epoch that is stopped while it evaluates leaves the state as it was.
    Interrupted,
    /// Sums: ranks that learn from parts of a batch learn what one rank learns from all of it, to
    /// rounding.
    Shards,
    /// Sums: all ranks have the same bytes.
    Alike,
    /// Sums: when a rank leaves, all others get an error.
    Peers,
}

impl fmt::Display for Law {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Converges => "a quadratic's loss falls",
            Self::Untouched => "variables without gradient stay untouched",
            Self::Resumes => "a restored state goes on as if it had never stopped",
            Self::Interrupted => "the end of an epoch that is stopped changes nothing",
            Self::Shards => "parts of a batch teach what the whole batch teaches",
            Self::Alike => "all ranks have the same bytes",
            Self::Peers => "a rank that goes is an error on all others",
        })
    }
}

/// The reason why a check failed; `E` is the error of the thing that is checked.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CheckError<E: std::error::Error + 'static> {
    /// The law does not hold.
    #[error("law \"{law}\" is broken: {found}")]
    Broken {
        /// The law.
        law: Law,
        /// The observation that breaks the law.
        found: String,
    },
    /// The thing that is checked failed.
    #[error("what is checked failed: {0}")]
    Failed(#[source] E),
}

impl<E: std::error::Error + 'static> From<E> for CheckError<E> {
    fn from(error: E) -> Self {
        Self::Failed(error)
    }
}
