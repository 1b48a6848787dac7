//! When a search is over before its last epoch, and when somebody should look at it.
//!
//! A [`StopRule`] reads what is known of the epochs so far and says whether it holds. A rule that
//! holds ends the search or is only told, as [`StopConfig`] says. [`SearchConfig::stop`] lists a
//! search's rules; [`SupernetSearch::with_stop_rule`] takes rules of one's own.
//!
//! [`SearchConfig::stop`]: crate::SearchConfig::stop
//! [`SupernetSearch::with_stop_rule`]: crate::SupernetSearch::with_stop_rule

mod cells;
mod collapse;
mod combine;
mod config;
mod distance;
mod distance_plateau;
mod entropy_slope;
mod observed;
mod rank_stability;
mod skip_count;
mod watch;

use std::fmt::Debug;

use dartloom_space::Space;

pub use cells::Cells;
pub use collapse::Collapse;
pub use combine::{AllOf, AnyOf, Ever, NotBefore};
pub use config::{RuleConfig, StopConfig};
pub use distance::{ArchitectureDistance, Distance};
pub use distance_plateau::DistancePlateau;
pub use entropy_slope::EntropySlope;
pub use observed::{Observed, Reason, Stopped};
pub use rank_stability::RankStability;
pub use skip_count::SkipCount;
pub use watch::Effect;
pub(crate) use watch::{Findings, Watch};

use crate::SearchError;

/// Whether a search should go on.
///
/// # Contract
/// A rule is a pure function of its arguments: it holds configuration and no state. A search keeps
/// the history in its checkpoints, and so a search that was killed stops in the same epoch as one
/// that was not. It does not hold on an empty history.
pub trait StopRule: Debug {
    /// Why the rule holds at the end of the last epoch of `history`; `None` when it does not.
    ///
    /// `history` has one entry for each epoch, oldest first, from the first one in which the logits
    /// moved: epochs of warm-up say nothing about architectures.
    ///
    /// # Errors
    /// When the history cannot be judged, as when a distance is not defined.
    fn verdict(&self, space: &Space, history: &[Observed]) -> Result<Option<Reason>, SearchError>;

    /// A text that changes whenever what this rule says changes: its name, its numbers, and a version
    /// of its code.
    ///
    /// A checkpoint of a search is only gone on with when its rules have the same identities.
    /// `None`, the default, says nothing, and the search begins anew.
    fn identity(&self) -> Option<String> {
        None
    }
}

/// Name and numbers as JSON; `None` for numbers that have no such form.
fn identity(name: &str, numbers: &impl serde::Serialize) -> Option<String> {
    serde_json::to_string(&(name, numbers)).ok()
}

impl<R: StopRule + ?Sized> StopRule for &R {
    fn verdict(&self, space: &Space, history: &[Observed]) -> Result<Option<Reason>, SearchError> {
        (**self).verdict(space, history)
    }

    fn identity(&self) -> Option<String> {
        (**self).identity()
    }
}

impl<R: StopRule + ?Sized> StopRule for Box<R> {
    fn verdict(&self, space: &Space, history: &[Observed]) -> Result<Option<Reason>, SearchError> {
        (**self).verdict(space, history)
    }

    fn identity(&self) -> Option<String> {
        (**self).identity()
    }
}

/// The last epoch and the `before` epochs before it, if there are so many.
fn last(history: &[Observed], before: usize) -> Option<(&Observed, &[Observed])> {
    let start = history.len().checked_sub(before.checked_add(1)?)?;
    history[start..].split_last()
}

#[cfg(test)]
mod tests;
