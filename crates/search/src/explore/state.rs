//! What explorers have in common: task numbers, judged genotypes, states as values.

use std::collections::BTreeSet;

use dartloom_space::Genotype;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{ExploreError, Outcome, Proposal};

/// Task numbers, and which of them are open.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tasks {
    next: u64,
    open: BTreeSet<u64>,
}

impl Tasks {
    /// The number of the next proposal.
    pub(super) fn next(&self) -> u64 {
        self.next
    }

    /// Opens the next task.
    pub(super) fn propose(&mut self, genotype: Genotype) -> Proposal {
        let task = self.next;
        self.next += 1;
        self.open.insert(task);
        Proposal::new(task, genotype)
    }

    /// Closes a task.
    pub(super) fn close(&mut self, task: u64) -> Result<(), ExploreError> {
        if self.open.remove(&task) { Ok(()) } else { Err(ExploreError::NotOpen { task }) }
    }

    /// Whether outcomes are still to come.
    pub(super) fn waits(&self) -> bool {
        !self.open.is_empty()
    }
}

/// A genotype whose quality is known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Member {
    pub(super) task: u64,
    pub(super) genotype: Genotype,
    pub(super) quality: f64,
}

impl Member {
    pub(super) fn of(proposal: &Proposal, outcome: &Outcome) -> Option<Self> {
        let (task, genotype) = (proposal.task, proposal.genotype.clone());
        outcome.quality().map(|quality| Self { task, genotype, quality })
    }

    /// Better, or as good and proposed earlier: a total order that does not depend on arrival.
    pub(super) fn beats(&self, other: &Self) -> bool {
        let order = self.quality.total_cmp(&other.quality).then(other.task.cmp(&self.task));
        order.is_gt()
    }
}

pub(super) fn write(explorer: &'static str, state: &impl Serialize) -> Result<Value, ExploreError> {
    serde_json::to_value(state).map_err(|source| ExploreError::State { explorer, source })
}

pub(super) fn read<S: DeserializeOwned>(
    explorer: &'static str,
    state: &Value,
) -> Result<S, ExploreError> {
    S::deserialize(state).map_err(|source| ExploreError::State { explorer, source })
}
