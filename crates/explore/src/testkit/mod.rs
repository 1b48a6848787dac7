//! Laws that every explorer obeys (feature `testkit`).
//!
//! ```
//! # #[cfg(feature = "testkit")]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use dartloom_explore::{Domain, Explorer, LocalSearch};
//! use dartloom_explore::testkit::{Law, check};
//! use dartloom_space::nasbench201;
//! use dartloom_noise::Noise;
//!
//! let domain = Domain::every_edge(nasbench201::space()?);
//! let make = || Ok(Box::new(LocalSearch::new(domain.clone(), Noise::new(7))) as Box<dyn Explorer>);
//! check(&make, 60, &Law::EVERY)?;
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "testkit"))]
//! # fn main() {}
//! ```

mod laws;
mod script;

use std::fmt;

use thiserror::Error;

use crate::{ExploreError, Explorer};

/// Something that holds for every explorer, or for all of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Law {
    /// Explorers made alike and told the same propose the same.
    Deterministic,
    /// At every step, with open proposals or without, a new explorer that is given the state, as
    /// JSON text, goes on as the old one.
    Resumable,
    /// Every proposal is of its domain.
    Inside,
    /// Task numbers ascend.
    Numbered,
    /// It goes on proposing when candidates fail, are infeasible or are no numbers: all of them,
    /// or some. It may wait only while proposals are open, unless it promises
    /// [`Law::Distinct`]: then it may end.
    Survives,
    /// An outcome of what is not open is refused and changes nothing; so is a foreign state.
    Strict,
    /// No architecture is proposed twice. Only [`Unique`](crate::Unique) promises it.
    Distinct,
}

impl Law {
    /// The laws that every explorer obeys.
    pub const EVERY: [Self; 6] = [
        Self::Deterministic,
        Self::Resumable,
        Self::Inside,
        Self::Numbered,
        Self::Survives,
        Self::Strict,
    ];
}

impl fmt::Display for Law {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Deterministic => "equal explorers propose the same",
            Self::Resumable => "a restored explorer goes on as the one that was stored",
            Self::Inside => "proposals are of the domain",
            Self::Numbered => "task numbers ascend",
            Self::Survives => "failures and infeasible candidates do not end a search",
            Self::Strict => "what does not belong to it changes nothing",
            Self::Distinct => "no architecture is proposed twice",
        })
    }
}

/// A law that an explorer breaks.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("law \"{law}\" is broken: {found}")]
pub struct Broken {
    /// The law.
    pub law: Law,
    /// What happened instead.
    pub found: String,
}

/// Makes explorers of equal configuration and seed that have not begun.
pub type Make<'a> = &'a dyn Fn() -> Result<Box<dyn Explorer>, ExploreError>;

/// Holds an explorer to some laws over `steps` proposals, told in several orders.
///
/// # Errors
/// [`Broken`] for the first law that does not hold; an explorer that fails breaks the law it was
/// asked for.
pub fn check(make: Make<'_>, steps: usize, laws: &[Law]) -> Result<(), Broken> {
    let distinct = laws.contains(&Law::Distinct);
    for &law in laws {
        laws::check(make, steps, law, distinct).map_err(|found| Broken { law, found })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
