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
//! let fresh = || LocalSearch::new(domain.clone(), Noise::new(7));
//! let make = || Ok(Box::new(fresh()) as Box<dyn Explorer>);
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

/// A law that every explorer obeys, or every explorer of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Law {
    /// Explorers made alike and told the same outcomes make the same proposals.
    Deterministic,
    /// At every step, with open proposals or without, a new explorer that is given the state, as
    /// JSON text, continues like the old one.
    Resumable,
    /// Every proposal belongs to its domain.
    Inside,
    /// Task numbers ascend.
    Numbered,
    /// It goes on proposing when candidates fail, are infeasible or have a quality that is not a
    /// number, be it all of them or some. It may wait only while proposals are open, unless it
    /// promises
    /// [`Law::Distinct`]: then it may end.
    Survives,
    /// An outcome of a task that is not open is refused and changes nothing; so is a foreign state.
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
    /// The observation that breaks the law.
    pub found: String,
}

/// Makes explorers of equal configuration and seed that have not begun.
pub type Make<'a> = &'a dyn Fn() -> Result<Box<dyn Explorer>, ExploreError>;

/// Checks some laws of an explorer over `steps` proposals, with outcomes told in several orders.
///
/// # Errors
/// [`Broken`] for the first law that does not hold; an explorer that fails breaks the law that was
/// being checked.
pub fn check(make: Make<'_>, steps: usize, laws: &[Law]) -> Result<(), Broken> {
    let distinct = laws.contains(&Law::Distinct);
    for &law in laws {
        laws::check(make, steps, law, distinct).map_err(|found| Broken { law, found })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
