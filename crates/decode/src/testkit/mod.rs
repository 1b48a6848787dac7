//! Laws that every decoder obeys (feature `testkit`).
//!
//! ```
//! # #[cfg(feature = "testkit")]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use dartloom_decode::{TopK, testkit};
//!
//! testkit::check_decoder(&TopK::darts(), &testkit::cases(7)?)?;
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "testkit"))]
//! # fn main() {}
//! ```

mod cases;
mod laws;

use std::fmt;

use dartloom_space::{Space, WeightTable};
use thiserror::Error;

pub use cases::cases;

use crate::Decoder;

/// A space and a weight table that fits it.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// The space.
    pub space: Space,
    /// Its weights.
    pub weights: WeightTable,
}

/// A property of every decoder, or of all decoders of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Law {
    /// Decoding twice gives equal results, notes and errors included.
    Deterministic,
    /// The architecture has the space's layout, cells, edges and operations, no gene twice and
    /// none that starts nowhere. At least one case decodes.
    Fits,
    /// Multiplying all weights of all operations by one positive number leaves the architecture
    /// unchanged. Rules that compare weights with a fixed threshold do not obey this one.
    Scale,
    /// A table of other operations, cells or edges is an error.
    Mismatch,
}

impl Law {
    /// All laws.
    pub const ALL: [Self; 4] = [Self::Deterministic, Self::Fits, Self::Scale, Self::Mismatch];
}

impl fmt::Display for Law {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Deterministic => "equal weights decode to equal results",
            Self::Fits => "the architecture is one of the space",
            Self::Scale => "scaled weights decode to the same architecture",
            Self::Mismatch => "a table of another space is an error",
        })
    }
}

/// A law that a decoder breaks.
#[derive(Clone, Debug, PartialEq, Error)]
#[error("law \"{law}\" is broken in case {case}: {found}")]
pub struct Broken {
    /// The law.
    pub law: Law,
    /// Index of the case.
    pub case: usize,
    /// The observation that contradicts the law.
    pub found: String,
}

/// Holds a decoder to all laws on the given cases; [`cases`] makes some.
///
/// # Errors
/// [`Broken`] for the first law that does not hold.
pub fn check_decoder(decoder: &dyn Decoder, cases: &[Case]) -> Result<(), Broken> {
    check_laws(decoder, cases, &Law::ALL)
}

/// Holds a decoder to some laws on the given cases.
///
/// # Errors
/// [`Broken`] for the first law that does not hold.
pub fn check_laws(decoder: &dyn Decoder, cases: &[Case], laws: &[Law]) -> Result<(), Broken> {
    for &law in laws {
        for (index, case) in cases.iter().enumerate() {
            laws::check(decoder, law, case).map_err(|found| Broken { law, case: index, found })?;
        }
        let idle = law == Law::Fits
            && cases.iter().all(|case| decoder.decode(&case.space, &case.weights).is_err());
        if idle {
            let found = "no case decodes".to_owned();
            return Err(Broken { law, case: cases.len(), found });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
