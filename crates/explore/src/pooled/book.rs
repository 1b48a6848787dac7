//! The state that a journal holds: open tasks, finished tasks, told outcomes.

use std::collections::BTreeMap;
use std::path::Path;

use dartloom_dist::Usage;
use dartloom_dist::journal::Contents;
use dartloom_record::{Agreement, Identity, Refused};
use serde_json::Value;

use super::record::{Record, VERSION};
use super::{Order, Pace, PooledConfig};
use crate::{ExploreError, Explorer, Outcome, Proposal, Trial};

/// A proposal whose outcome has not been told.
#[derive(Clone, Debug)]
pub(super) struct Open {
    pub(super) proposal: Proposal,
    pub(super) outcome: Option<Outcome>,
}

/// Memory of a task's process, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MemoryUse {
    /// Predicted peak.
    pub predicted: Option<u64>,
    /// Measured peak.
    pub measured: Option<u64>,
}

/// The state of a search: a function of the records written so far. Reading them again gives the
/// state of the process that wrote them.
#[derive(Debug, Default)]
pub(super) struct Book {
    pub(super) open: BTreeMap<u64, Open>,
    pub(super) trials: Vec<Trial>,
    /// Memory of tasks, if it is known.
    pub(super) memory: BTreeMap<u64, MemoryUse>,
    /// Sum of the prices of all proposals.
    pub(super) spent: u64,
    /// Number of proposals in this generation.
    asked: usize,
}

impl Book {
    /// Takes over the content of a journal, and brings the explorer to the state of the writer's.
    pub(super) fn replay(
        path: &Path,
        contents: &Contents,
        identity: &Identity,
        explorer: &mut dyn Explorer,
    ) -> Result<Self, ExploreError> {
        let mut book = Self::default();
        let other = |number: usize, expected: String, found: String| ExploreError::Journal {
            path: path.to_owned(),
            record: number + 1,
            expected,
            found,
        };
        for (number, entry) in contents.entries.iter().enumerate() {
            let version = entry.record.pointer("/Search/version").and_then(Value::as_u64);
            if let Some(version) = version.filter(|&version| version != u64::from(VERSION)) {
                let expected = format!("records of version {VERSION}");
                return Err(other(number, expected, format!("version {version}")));
            }
            let record: Record = serde_json::from_value(entry.record.clone()).map_err(|error| {
                other(number, "a record of a discrete search".to_owned(), error.to_string())
            })?;
            match record {
                Record::Search { identity: stored, .. } => {
                    same(identity, &stored).map_err(|found| {
                        other(number, "the records of this search".to_owned(), found)
                    })?;
                }
                Record::Asked { proposal, price, memory } => {
                    let again = explorer.ask()?;
                    if again.as_ref() != Some(&proposal) {
                        let show = |proposal: &Proposal| format!("task {}", proposal.task);
                        let expected = again.as_ref().map_or("none".to_owned(), show);
                        let expected = format!("the explorer's proposal, {expected}");
                        return Err(other(
                            number,
                            expected,
                            format!("another {}", show(&proposal)),
                        ));
                    }
                    let task = proposal.task;
                    book.asked(proposal, price, memory).map_err(|error| {
                        other(
                            number,
                            "a price that can be added".to_owned(),
                            format!("task {task}: {error}"),
                        )
                    })?;
                }
                Record::Ended { task, outcome, usage, .. } => book.ended(task, outcome, usage),
                Record::Told { task } => {
                    let unknown = || {
                        let expected = "an outcome that is told after it was known".to_owned();
                        other(number, expected, format!("task {task}"))
                    };
                    let trial = book.told(task).ok_or_else(unknown)?;
                    explorer.tell(&trial.proposal, &trial.outcome)?;
                }
                Record::Started { .. } | Record::Progress { .. } | Record::Requeued { .. } => {}
            }
        }
        Ok(book)
    }

    /// Number of the last proposal.
    pub(super) fn last(&self) -> Option<u64> {
        self.memory.keys().next_back().copied()
    }

    /// Opens a task.
    ///
    /// # Errors
    /// [`ExploreError::Config`] when the sum of all prices is too large to count.
    pub(super) fn asked(
        &mut self,
        proposal: Proposal,
        price: u64,
        memory: Option<u64>,
    ) -> Result<(), ExploreError> {
        let spent = self.spent.checked_add(price).ok_or_else(|| {
            let found = format!("{} and {price}", self.spent);
            Refused::new("price", "prices whose sum is below 2^64", found)
        })?;
        if self.open.is_empty() {
            self.asked = 0;
        }
        self.asked += 1;
        self.spent = spent;
        self.memory.entry(proposal.task).or_default().predicted = memory;
        self.open.insert(proposal.task, Open { proposal, outcome: None });
        Ok(())
    }

    pub(super) fn ended(&mut self, task: u64, outcome: Outcome, usage: Option<Usage>) {
        self.memory.entry(task).or_default().measured = usage.and_then(|usage| usage.peak);
        if let Some(open) = self.open.get_mut(&task) {
            open.outcome.get_or_insert(outcome);
        }
    }

    /// Closes a task that has ended.
    pub(super) fn told(&mut self, task: u64) -> Option<Trial> {
        self.open.get(&task)?.outcome.as_ref()?;
        let Open { proposal, outcome } = self.open.remove(&task)?;
        let trial = Trial { proposal, outcome: outcome? };
        self.trials.push(trial.clone());
        Some(trial)
    }

    /// The task whose outcome must be told next.
    pub(super) fn due(&self, order: Order) -> Option<u64> {
        let ended = |(task, open): (&u64, &Open)| open.outcome.as_ref().map(|_| *task);
        match order {
            Order::Arrival => self.open.iter().find_map(ended),
            Order::Submission => self.open.first_key_value().and_then(ended),
        }
    }

    /// `true` if it is time to ask the explorer.
    pub(super) fn wants(&self, config: &PooledConfig, workers: usize) -> bool {
        let begun = self.trials.len() + self.open.len();
        if config.budget.evaluations.is_some_and(|most| begun >= most) {
            return false;
        }
        match config.pace {
            Pace::Serial => self.open.is_empty(),
            Pace::SteadyState(most) => self.open.len() < most.unwrap_or(workers).max(1),
            Pace::Generational(size) => {
                self.open.is_empty() || self.asked < size.unwrap_or(workers).max(1)
            }
        }
    }

    /// `true` if a proposal of this price is within the budget.
    pub(super) fn affords(&self, config: &PooledConfig, price: u64) -> bool {
        let first = self.trials.is_empty() && self.open.is_empty();
        let within = |most| self.spent.checked_add(price).is_some_and(|sum| sum <= most);
        first || config.budget.price.is_none_or(within)
    }
}

/// The reason why a journal belongs to another search than the one wanted.
fn same(wanted: &Identity, stored: &Identity) -> Result<(), String> {
    match wanted.agreement(stored) {
        Agreement::Same => Ok(()),
        Agreement::Unsaid => Err(wanted
            .complaint()
            .or_else(|| stored.complaint())
            .unwrap_or_else(|| "one without an identity".to_owned())),
        Agreement::Differs(differences) => {
            let all: Vec<String> = differences.iter().map(ToString::to_string).collect();
            Err(format!("those of other work: {}", all.join("; ")))
        }
    }
}
