//! The values that cells keep, as typed and printed.

use clap::ValueEnum;
use dartloom::ops::Recompute;
use serde::Serialize;

/// The values that cells keep between the forward and the backward pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Choice {
    /// Everything the backward pass reads.
    Never,
    /// Nodes alone; edges are computed once more. Slower, in a fraction of the memory.
    Edge,
}

impl Default for Choice {
    fn default() -> Self {
        match Recompute::default() {
            Recompute::Never => Self::Never,
            Recompute::Edge => Self::Edge,
        }
    }
}

impl From<Choice> for Recompute {
    fn from(choice: Choice) -> Self {
        match choice {
            Choice::Never => Self::Never,
            Choice::Edge => Self::Edge,
        }
    }
}
