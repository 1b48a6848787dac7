//! Laws that every relaxation and every regulariser obeys (feature `testkit`).
//!
//! ```
//! # #[cfg(feature = "testkit")]
//! # fn main() -> Result<(), dartloom_relax::testkit::CheckError> {
//! use dartloom_relax::{Softmax, testkit};
//!
//! testkit::check_relaxation(&Softmax::default(), 7)
//! # }
//! # #[cfg(not(feature = "testkit"))]
//! # fn main() {}
//! ```

mod laws;
mod sample;
mod terms;

use std::fmt;

use thiserror::Error;

pub use terms::check_regulariser;

use crate::{RelaxError, Relaxation};

/// A property of every relaxation, or of all relaxations of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Law {
    /// Weights have the shape and dtype of the logits, in `f32` and `f64`.
    Shape,
    /// Weights and initial logits belong to the sets of [`Relaxation::constraint`] and
    /// [`Relaxation::domain`].
    Constraint,
    /// Equal logits, progress and noise give equal weights and equal initial logits.
    Deterministic,
    /// The gradient of the weights, and of the penalty if there is one, equals the central
    /// difference in `f64`. Straight-through relaxations do not obey this one.
    Gradient,
    /// The penalty, if there is one, is a finite scalar.
    Penalty,
}

impl Law {
    /// All laws.
    pub const ALL: [Self; 5] =
        [Self::Shape, Self::Constraint, Self::Deterministic, Self::Gradient, Self::Penalty];
}

impl fmt::Display for Law {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Shape => "weights have the logits' shape and dtype",
            Self::Constraint => "weights and initial logits keep to their sets",
            Self::Deterministic => "equal noise gives equal numbers",
            Self::Gradient => "gradients equal central differences",
            Self::Penalty => "a penalty is a finite scalar",
        })
    }
}

/// The reason for which a check failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CheckError {
    /// The law does not hold.
    #[error("law \"{law}\" is broken: {found}")]
    Broken {
        /// The law.
        law: Law,
        /// The observation that contradicts the law.
        found: String,
    },
    /// The relaxation itself failed.
    #[error("the relaxation failed under law \"{law}\": {source}")]
    Relaxation {
        /// The law that was tried.
        law: Law,
        /// The failure.
        #[source]
        source: RelaxError,
    },
}

/// Holds a relaxation to all laws, on logits drawn from `seed`.
///
/// # Errors
/// [`CheckError`] for the first law that does not hold.
pub fn check_relaxation(relaxation: &dyn Relaxation, seed: u64) -> Result<(), CheckError> {
    check_laws(relaxation, seed, &Law::ALL)
}

/// Holds a relaxation to some laws, on logits drawn from `seed`.
///
/// # Errors
/// [`CheckError`] for the first law that does not hold.
pub fn check_laws(relaxation: &dyn Relaxation, seed: u64, laws: &[Law]) -> Result<(), CheckError> {
    for &law in laws {
        let verdict = laws::check(relaxation, law, seed);
        let verdict = verdict.map_err(|source| CheckError::Relaxation { law, source })?;
        verdict.map_err(|found| CheckError::Broken { law, found })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
