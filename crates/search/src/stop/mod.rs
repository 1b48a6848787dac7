//! Rules that end a search before its last epoch, or warn of something.
//!
//! A [`StopRule`] reads the history of the epochs so far and decides if it holds. A rule that holds
//! either ends the search or is only reported, depending on its [`StopConfig`].
//! [`SearchConfig::stop`] lists a search's rules; [`SupernetSearch::with_stop_rule`] takes custom
//! rules.
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

/// A rule that decides if a search should go on.
///
/// # Contract
/// A rule is a pure function of its arguments: it holds configuration and no state. A search keeps
/// the history in its checkpoints, so a search that was killed stops in the same epoch as one that
/// was not. A rule does not hold on an empty history.
pub trait StopRule: Debug {
    /// The reason why the rule holds at the end of the last epoch of `history`; `None` when it does
    /// not.
    ///
    /// `history` has one entry for each epoch, oldest first, from the first one in which the logits
    /// moved: architectures do not change in epochs of warm-up.
    ///
    /// # Errors
    /// When the history cannot be judged, for example because a distance is not defined.
    fn verdict(&self, space: &Space, history: &[Observed]) -> Result<Option<Reason>, SearchError>;

    /// A text that changes whenever the behaviour of this rule changes: its name, its numbers, and
    /// a version of its code.
    ///
    /// A checkpoint of a search is used only if its rules have the same identities. With `None`,
    /// the default, the search begins anew.
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

/// The last epoch and the `before` epochs before it, if there are that many.
fn last(history: &[Observed], before: usize) -> Option<(&Observed, &[Observed])> {
    let start = history.len().checked_sub(before.checked_add(1)?)?;
    history[start..].split_last()
}

#[cfg(test)]
mod tests;
