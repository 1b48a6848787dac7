//! Training many candidates for a few epochs and the best of them for more.

use std::collections::{BTreeMap, BTreeSet};

use dartloom_record::Refused;
use dartloom_space::Genotype;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::state::{Tasks, read, write};
use super::{Domain, ExploreError, Explorer, Outcome, Proposal};

/// The rungs of successive halving: `first * factor^k` epochs on rung k, up to `most`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HalvingConfig {
    /// Epochs of the first rung (`r`).
    pub first: usize,
    /// One in `factor` candidates goes on to the next rung, for `factor` times the epochs (eta).
    pub factor: usize,
    /// Epochs of the last rung (`R`).
    pub most: usize,
}

impl Default for HalvingConfig {
    /// One, three and nine epochs (eta = 3; the paper's experiments use 4).
    fn default() -> Self {
        Self { first: 1, factor: 3, most: 9 }
    }
}

impl HalvingConfig {
    /// Refuses invalid values.
    ///
    /// # Errors
    /// [`ExploreError::Config`] naming the field.
    pub fn check(&self) -> Result<(), ExploreError> {
        let refused =
            |field, expected, found: usize| Err(Refused::new(field, expected, found).into());
        match self {
            _ if self.first == 0 => refused("first", "at least 1 epoch", self.first),
            _ if self.factor < 2 => refused("factor", "at least 2", self.factor),
            _ if self.most < self.first => {
                refused("most", "at least the epochs of the first rung", self.most)
            }
            _ => Ok(()),
        }
    }

    /// Epochs of every rung.
    pub fn rungs(&self) -> Vec<usize> {
        let next = |epochs: &usize| epochs.checked_mul(self.factor);
        std::iter::successors(Some(self.first), next).take_while(|&e| e <= self.most).collect()
    }
}

/// An explorer whose candidates are trained for few epochs first, and the best of them for more:
/// asynchronous successive halving.
///
/// ```text
/// for each rung, from the last but one to the first:
///     the best of its top floor(n / factor) that has not gone on, if there is one, goes on
/// else a new candidate on the first rung
/// ```
///
/// where n is the number of candidates judged on the rung. The wrapped explorer is told the outcome
/// of the first rung, where all candidates have the same epochs. A candidate that goes on is
/// trained from the beginning, since its rates depend on its number of epochs.
/// [`best`](super::best) of the trials is the best of those trained longest.
///
/// Source: L. Li et al., *A System for Massively Parallel Hyperparameter Tuning* (ASHA), MLSys
/// 2020, arXiv 1810.05934, Algorithm 2.
///
/// # Differences from the paper
/// In the paper, candidates are drawn at random and go on from their checkpoints.
#[derive(Clone, Debug)]
pub struct Halving<E> {
    explorer: E,
    config: HalvingConfig,
    rungs: Vec<usize>,
    state: State,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    tasks: Tasks,
    /// Open proposals by task: the rung, and on the first rung the explorer's own task.
    open: BTreeMap<u64, (usize, Option<u64>)>,
    judged: Vec<Rung>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rung {
    /// Qualities and genotypes by task.
    members: BTreeMap<u64, (f64, Genotype)>,
    /// Tasks whose candidates have gone on to the next rung.
    gone: BTreeSet<u64>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    halving: State,
    explorer: Value,
}

const NAME: &str = "successive halving";

impl<E: Explorer> Halving<E> {
    /// Halving of an explorer's proposals. The explorer should not repeat itself
    /// ([`Unique`](super::Unique)); do not wrap this one into a [`Unique`](super::Unique).
    ///
    /// # Errors
    /// [`ExploreError::Config`] for invalid rungs.
    pub fn new(explorer: E, config: HalvingConfig) -> Result<Self, ExploreError> {
        config.check()?;
        let rungs = config.rungs();
        let state = State { judged: vec![Rung::default(); rungs.len()], ..State::default() };
        Ok(Self { explorer, config, rungs, state })
    }

    /// The wrapped explorer.
    pub fn inner(&self) -> &E {
        &self.explorer
    }

    /// The candidate that goes on next, and the rung it goes to.
    fn promotable(&self) -> Option<(usize, u64)> {
        let below = self.rungs.len().saturating_sub(1);
        (0..below).rev().find_map(|rung| {
            let Rung { members, gone } = &self.state.judged[rung];
            let mut best: Vec<(u64, f64)> =
                members.iter().map(|(&task, &(quality, _))| (task, quality)).collect();
            best.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
            best.truncate(members.len() / self.config.factor);
            best.iter().find(|(task, _)| !gone.contains(task)).map(|&(task, _)| (rung, task))
        })
    }

    fn promote(&mut self, rung: usize, task: u64) -> Option<Proposal> {
        let Rung { members, gone } = &mut self.state.judged[rung];
        let genotype = members.get(&task)?.1.clone();
        gone.insert(task);
        let mut proposal = self.state.tasks.propose(genotype);
        proposal.epochs = Some(self.rungs[rung + 1]);
        self.state.open.insert(proposal.task, (rung + 1, None));
        Some(proposal)
    }
}

impl<E: Explorer> Explorer for Halving<E> {
    fn domain(&self) -> &Domain {
        self.explorer.domain()
    }

    fn ask(&mut self) -> Result<Option<Proposal>, ExploreError> {
        if let Some((rung, task)) = self.promotable() {
            return Ok(self.promote(rung, task));
        }
        let Some(inner) = self.explorer.ask()? else { return Ok(None) };
        let mut proposal = self.state.tasks.propose(inner.genotype);
        proposal.epochs = Some(self.config.first);
        self.state.open.insert(proposal.task, (0, Some(inner.task)));
        Ok(Some(proposal))
    }

    fn tell(&mut self, proposal: &Proposal, outcome: &Outcome) -> Result<(), ExploreError> {
        let task = proposal.task;
        let Some(&(rung, inner)) = self.state.open.get(&task) else {
            return Err(ExploreError::NotOpen { task });
        };
        if let Some(inner) = inner {
            let own = Proposal::new(inner, proposal.genotype.clone());
            self.explorer.tell(&own, outcome)?;
        }
        self.state.tasks.close(task)?;
        self.state.open.remove(&task);
        if let Some(quality) = outcome.quality() {
            let member = (quality, proposal.genotype.clone());
            self.state.judged[rung].members.insert(task, member);
        }
        Ok(())
    }

    fn state(&self) -> Result<Value, ExploreError> {
        let halving = self.state.clone();
        let explorer = self.explorer.state()?;
        write(NAME, &Stored { halving, explorer })
    }

    fn restore(&mut self, state: &Value) -> Result<(), ExploreError> {
        let stored: Stored = read(NAME, state)?;
        self.explorer.restore(&stored.explorer)?;
        self.state = stored.halving;
        self.state.judged.resize(self.rungs.len(), Rung::default());
        Ok(())
    }
}

#[cfg(test)]
mod tests;
