//! The trait of all decoders.

use std::fmt::Debug;

use dartloom_space::{Genotype, Space, WeightTable};
use serde::{Deserialize, Serialize};

use crate::{DecodeError, Note};

/// A rule that turns relaxed weights into one discrete architecture.
///
/// Decoders are pure: equal arguments give equal results, notes included, and nothing else is read.
/// If a rule needs randomness, it comes from a seed in its configuration.
pub trait Decoder: Debug {
    /// The architecture that `weights` stand for in `space`.
    ///
    /// # Errors
    /// [`DecodeError::Table`] when the table does not have the cells, edges and operations of the
    /// space; otherwise as the implementation documents.
    fn decode(&self, space: &Space, weights: &WeightTable) -> Result<Decoded, DecodeError>;

    /// A text that changes whenever the results of this decoder change: its name, its
    /// configuration, and a version of its code.
    ///
    /// Work that is stored (checkpoints, finished legs of a comparison) is only used again for the
    /// same identity. With `None`, the default, identities cannot be compared, and stored work is
    /// done again. The debug form is not an identity: it may leave values out.
    fn identity(&self) -> Option<String> {
        None
    }
}

impl<T: Decoder + ?Sized> Decoder for &T {
    fn decode(&self, space: &Space, weights: &WeightTable) -> Result<Decoded, DecodeError> {
        (**self).decode(space, weights)
    }

    fn identity(&self) -> Option<String> {
        (**self).identity()
    }
}

impl<T: Decoder + ?Sized> Decoder for Box<T> {
    fn decode(&self, space: &Space, weights: &WeightTable) -> Result<Decoded, DecodeError> {
        (**self).decode(space, weights)
    }

    fn identity(&self) -> Option<String> {
        (**self).identity()
    }
}

/// An architecture, and how clearly the weights asked for it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decoded {
    /// The architecture.
    pub genotype: Genotype,
    /// Ties, margins and exclusions, cell by cell and node by node.
    pub notes: Vec<Note>,
}
