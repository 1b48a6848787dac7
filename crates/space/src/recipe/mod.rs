//! Operations as data: a recipe is a list of stages.

mod lower;
mod stage;

use serde::{Deserialize, Serialize};

pub use lower::Lowering;
pub use stage::{Stage, Stride, When, Width};

/// The computation of an operation, as an ordered list of [`Stage`]s.
///
/// A recipe does not know channels, strides or whether it is searched or retrained; it becomes
/// concrete [`Layer`](crate::Layer)s by [`Recipe::lower`]. Execution, cost, text form and drawing
/// all derive from this one value.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Recipe(pub Vec<Stage>);

impl Recipe {
    /// `true` if the output is zero for every input ("none", "cut").
    pub fn is_zero(&self) -> bool {
        self.0.contains(&Stage::Zero)
    }

    /// `true` if the output equals the input.
    pub fn is_identity(&self) -> bool {
        self.0.iter().all(|stage| matches!(stage, Stage::Identity))
    }

    /// `true` if some stage has convolution weights.
    pub fn has_weights(&self) -> bool {
        self.0.iter().any(Stage::has_weights)
    }
}

impl FromIterator<Stage> for Recipe {
    fn from_iter<I: IntoIterator<Item = Stage>>(stages: I) -> Self {
        Self(stages.into_iter().collect())
    }
}
