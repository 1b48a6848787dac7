//! Parts for custom explorers: task numbers, judged genotypes, and states as values.

use std::collections::BTreeSet;

use dartloom_space::Genotype;
use serde::de::{DeserializeOwned, Error as _, Unexpected};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::{ExploreError, Outcome, Proposal};

/// Task numbers, and the set of open ones.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tasks {
    #[serde(deserialize_with = "count")]
    next: u64,
    open: BTreeSet<u64>,
}

impl Tasks {
    /// The number of the next proposal.
    pub fn next(&self) -> u64 {
        self.next
    }

    /// Opens the next task.
    pub fn propose(&mut self, genotype: Genotype) -> Proposal {
        let task = self.next;
        self.next += 1;
        self.open.insert(task);
        Proposal::new(task, genotype)
    }

    /// Closes a task.
    ///
    /// # Errors
    /// [`ExploreError::NotOpen`].
    pub fn close(&mut self, task: u64) -> Result<(), ExploreError> {
        if self.open.remove(&task) { Ok(()) } else { Err(ExploreError::NotOpen { task }) }
    }

    /// `true` if outcomes are still to come.
    pub fn waits(&self) -> bool {
        !self.open.is_empty()
    }
}

/// An upper bound on every counter; numbers below it can be counted up further.
const MOST: u64 = 1 << 48;

/// Reads a number that will be counted up further.
pub(crate) fn count<'de, D, N>(from: D) -> Result<N, D::Error>
where
    D: Deserializer<'de>,
    N: TryFrom<u64>,
{
    let found = u64::deserialize(from)?;
    let counted = N::try_from(found).ok().filter(|_| found < MOST);
    let refused = || {
        let found = Unexpected::Unsigned(found);
        D::Error::invalid_value(found, &format!("a count below {MOST}").as_str())
    };
    counted.ok_or_else(refused)
}

/// A genotype whose quality is known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// Number of the task in which it was proposed.
    pub task: u64,
    /// The genotype.
    pub genotype: Genotype,
    /// Its quality; more is better.
    pub quality: f64,
}

impl Member {
    /// The genotype of a proposal with its quality; `None` if the outcome has no finite one.
    pub fn of(proposal: &Proposal, outcome: &Outcome) -> Option<Self> {
        let task = proposal.task;
        let genotype = proposal.genotype.clone();
        outcome.quality().map(|quality| Self { task, genotype, quality })
    }

    /// `true` if its quality is higher, or equal and it was proposed earlier: a total order that
    /// does not depend on arrival.
    pub fn beats(&self, other: &Self) -> bool {
        let order = self.quality.total_cmp(&other.quality).then(other.task.cmp(&self.task));
        order.is_gt()
    }
}

/// The state of an explorer as JSON.
///
/// # Errors
/// [`ExploreError::State`] when it has no JSON form.
pub fn write(explorer: &'static str, state: &impl Serialize) -> Result<Value, ExploreError> {
    serde_json::to_value(state).map_err(|source| ExploreError::State { explorer, source })
}

/// The state written by [`write()`].
///
/// # Errors
/// [`ExploreError::State`] when it does not belong to this explorer.
pub fn read<S: DeserializeOwned>(explorer: &'static str, state: &Value) -> Result<S, ExploreError> {
    S::deserialize(state).map_err(|source| ExploreError::State { explorer, source })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_count_that_nothing_can_follow_is_refused() {
        let tasks = |next: u64| read::<Tasks>("explorer", &json!({ "next": next, "open": [] }));
        assert_eq!(tasks(MOST - 1).unwrap().next(), MOST - 1);
        for next in [MOST, u64::MAX] {
            let error = tasks(next).unwrap_err().to_string();
            let expected = format!("`{next}`, expected a count below {MOST}");
            assert!(error.contains(&expected), "{error}");
        }
    }
}
