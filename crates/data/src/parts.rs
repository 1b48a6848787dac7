//! The division of training images between weights and logits.

use serde::{Deserialize, Serialize};

use crate::{DataError, Dataset, Subset, split};

/// The division of training images between weights and logits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Split {
    /// One random half each (DARTS).
    #[default]
    Halves,
    /// All images for both, shuffled independently (GAEA's single level, Preligens).
    Full,
}

/// The two parts of a training set.
#[derive(Debug)]
pub struct Parts<'a> {
    /// Moves the weights.
    pub train: Subset<&'a dyn Dataset>,
    /// Moves the logits.
    pub valid: Subset<&'a dyn Dataset>,
}

impl Split {
    /// The parts of `data`, drawn from `seed`.
    ///
    /// # Errors
    /// [`DataError::TooFewToSplit`] when a part would be empty.
    pub fn parts(self, data: &dyn Dataset, seed: u64) -> Result<Parts<'_>, DataError> {
        let all = || (0..data.len()).collect::<Vec<_>>();
        let (train, valid) = match self {
            Self::Halves => split(data.len(), 0.5, seed),
            Self::Full => (all(), all()),
        };
        if train.is_empty() || valid.is_empty() {
            return Err(DataError::TooFewToSplit { found: data.len() });
        }
        Ok(Parts { train: Subset::new(data, train)?, valid: Subset::new(data, valid)? })
    }
}
