//! The choice of links between cells.

mod line;
mod penalty;

use std::sync::Arc;

use dartloom_relax::Relaxation;
use serde::{Deserialize, Serialize};

pub use self::line::LinkLine;
pub use self::penalty::{Distance, LinkPenalties};

/// The links that are relaxed together, as candidates of one choice.
///
/// A link into a sum of a lattice leads from the node that its cell reads: from `h(l-1, t)` to
/// `h(l, s)` ([`Lattice`](dartloom_space::Lattice)). Any other leads from its source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Among {
    /// Those that leave the same node: shares of the ways on (Auto-DeepLab; the
    /// DARTS-UNet++ of the Preligens study).
    #[default]
    Source,
    /// Those into the same port.
    Port,
    /// Those into the same cell, by whichever port.
    Cell,
    /// All of a layer of the lattice: those whose targets are equally many weighed links away from
    /// the stem (DiNTS).
    Layer,
}

/// A factor on the weights of links, beside their relaxation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Incomplete {
    /// 1.
    #[default]
    Whole,
    /// A third for each link of a choice of three at most: choices at the border of a lattice,
    /// which have two, weigh two thirds in all. An unofficial port of Auto-DeepLab computes that.
    Thirds,
}

/// Everything that stands between the logits of links and their weights.
#[derive(Clone, Debug)]
pub struct LinkChoices {
    /// The relaxation of a choice.
    pub relaxation: Arc<dyn Relaxation>,
    /// The links that make a choice.
    pub among: Among,
    /// The factor of choices at the border of a lattice.
    pub incomplete: Incomplete,
    /// Terms of the loss.
    pub penalties: LinkPenalties,
}

impl LinkChoices {
    /// Links relaxed among those that leave the same node.
    pub fn new(relaxation: Arc<dyn Relaxation>) -> Self {
        let among = Among::default();
        let incomplete = Incomplete::default();
        Self { relaxation, among, incomplete, penalties: LinkPenalties::default() }
    }

    /// The same for a relaxation of this type.
    pub fn of(relaxation: impl Relaxation + 'static) -> Self {
        Self::new(Arc::new(relaxation))
    }

    /// The same with other choices.
    #[must_use]
    pub fn among(self, among: Among) -> Self {
        Self { among, ..self }
    }

    /// The same with these terms in the loss.
    #[must_use]
    pub fn with_penalties(self, penalties: LinkPenalties) -> Self {
        Self { penalties, ..self }
    }
}
