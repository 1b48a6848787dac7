//! Explorers that evaluate no architecture twice.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::state::{read, write};
use super::{Domain, ExploreError, Explorer, Key, Outcome, Proposal};

/// An explorer whose equal architectures ([`Key`]) are evaluated once.
///
/// If the outcome of a proposal's architecture is known, the wrapped explorer is told that outcome
/// at once and is asked again; if the architecture is open, the proposal waits for its outcome. So
/// the wrapped explorer sees the same as without this wrapper, and the budget is spent on different
/// architectures. Failures are remembered too.
///
/// An explorer that proposes nothing new `attempts` times in a row has nothing left to propose:
/// this is how a search of a small domain ends.
#[derive(Clone, Debug)]
pub struct Unique<E> {
    explorer: E,
    attempts: usize,
    memory: Memory,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Memory {
    told: BTreeMap<Key, Outcome>,
    open: BTreeMap<u64, Key>,
    /// Proposals that were not handed out because an equal one was open.
    waiting: Vec<(Key, Proposal)>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    memory: Memory,
    explorer: Value,
}

const NAME: &str = "unique proposals";

impl<E: Explorer> Unique<E> {
    /// Wraps an explorer, which may repeat itself 1000 times in a row.
    pub fn new(explorer: E) -> Self {
        Self { explorer, attempts: 1000, memory: Memory::default() }
    }

    /// The same with another number of attempts.
    #[must_use]
    pub fn with_attempts(self, attempts: usize) -> Self {
        Self { attempts, ..self }
    }

    /// The wrapped explorer.
    pub fn inner(&self) -> &E {
        &self.explorer
    }

    /// Number of architectures whose outcome is known.
    pub fn known(&self) -> usize {
        self.memory.told.len()
    }
}

impl<E: Explorer> Explorer for Unique<E> {
    fn domain(&self) -> &Domain {
        self.explorer.domain()
    }

    fn ask(&mut self) -> Result<Option<Proposal>, ExploreError> {
        for _ in 0..self.attempts {
            let Some(proposal) = self.explorer.ask()? else { return Ok(None) };
            let key = self.domain().key(&proposal.genotype);
            if let Some(outcome) = self.memory.told.get(&key) {
                self.explorer.tell(&proposal, outcome)?;
            } else if self.memory.open.values().any(|open| *open == key) {
                self.memory.waiting.push((key, proposal));
            } else {
                self.memory.open.insert(proposal.task, key);
                return Ok(Some(proposal));
            }
        }
        Ok(None)
    }

    fn tell(&mut self, proposal: &Proposal, outcome: &Outcome) -> Result<(), ExploreError> {
        let task = proposal.task;
        let Some(key) = self.memory.open.get(&task).cloned() else {
            return Err(ExploreError::NotOpen { task });
        };
        // A number that is not finite has no JSON form, and says nothing either.
        let outcome = outcome.clone().checked();
        self.explorer.tell(proposal, &outcome)?;
        self.memory.open.remove(&task);
        let (same, others) =
            std::mem::take(&mut self.memory.waiting).into_iter().partition(|(own, _)| *own == key);
        self.memory.waiting = others;
        for (_, proposal) in Vec::from_iter(same) {
            self.explorer.tell(&proposal, &outcome)?;
        }
        self.memory.told.insert(key, outcome);
        Ok(())
    }

    fn state(&self) -> Result<Value, ExploreError> {
        let memory = self.memory.clone();
        let explorer = self.explorer.state()?;
        write(NAME, &State { memory, explorer })
    }

    fn restore(&mut self, state: &Value) -> Result<(), ExploreError> {
        let state: State = read(NAME, state)?;
        self.explorer.restore(&state.explorer)?;
        self.memory = state.memory;
        Ok(())
    }
}
