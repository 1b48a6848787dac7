//! Laws that every stop rule obeys (feature `testkit`).
//!
//! ```
//! # #[cfg(feature = "testkit")]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use dartloom_search::{stop::SkipCount, testkit};
//!
//! testkit::check_stop_rule(&SkipCount::default(), &testkit::histories(7)?)?;
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "testkit"))]
//! # fn main() {}
//! ```

mod config;
mod histories;
mod laws;

use std::fmt;

use dartloom_space::Space;
use thiserror::Error;

pub use config::small_search;
pub use histories::histories;

use crate::stop::{Observed, StopRule};

/// A space and a search in it, made up.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// The space.
    pub space: Space,
    /// The observations, epoch by epoch.
    pub history: Vec<Observed>,
}

/// A law that every stop rule obeys, or every rule of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Law {
    /// Before the first epoch the rule does not hold.
    Silent,
    /// The answer for a history does not depend on earlier questions: longer histories, shorter
    /// ones, the same again.
    Pure,
    /// The answer is the same for a history that was written to a checkpoint and read back.
    Stored,
    /// Once it holds it holds for every longer history. Most rules rightly break this one; those
    /// in [`Ever`](crate::stop::Ever) obey.
    Lasting,
}

impl Law {
    /// The laws that every rule obeys.
    pub const EVERY: [Self; 3] = [Self::Silent, Self::Pure, Self::Stored];
}

impl fmt::Display for Law {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Silent => "an empty history holds no reason",
            Self::Pure => "equal histories get equal verdicts",
            Self::Stored => "a stored history gets the same verdict",
            Self::Lasting => "a rule that holds goes on holding",
        })
    }
}

/// A law that a rule breaks.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("law \"{law}\" is broken in case {case}: {found}")]
pub struct Broken {
    /// The law.
    pub law: Law,
    /// Index of the case.
    pub case: usize,
    /// The observation that breaks the law.
    pub found: String,
}

/// Checks the laws of all rules on the given cases; [`histories`] makes some.
///
/// # Errors
/// [`Broken`] for the first law that does not hold; a rule that fails on a case breaks the law that
/// was being checked.
pub fn check_stop_rule(rule: &dyn StopRule, cases: &[Case]) -> Result<(), Broken> {
    check_laws(rule, cases, &Law::EVERY)
}

/// Checks some laws of a rule on the given cases.
///
/// # Errors
/// [`Broken`] for the first law that does not hold.
pub fn check_laws(rule: &dyn StopRule, cases: &[Case], laws: &[Law]) -> Result<(), Broken> {
    for &law in laws {
        for (index, case) in cases.iter().enumerate() {
            laws::check(rule, law, case).map_err(|found| Broken { law, case: index, found })?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
