//! Steady-state evolution: a population is filled, then bred one child at a time.

use std::collections::BTreeSet;
use std::fmt::Debug;

use dartloom_noise::Noise;
use dartloom_space::Genotype;
use rand::RngCore;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::state::{Tasks, read, write};
use super::{Domain, ExploreError, Explorer, Outcome, Proposal};

/// The rules of a steady-state evolution: which candidates join the population, how a child is
/// bred, and which member leaves. [`Steady`] makes an explorer of them.
///
/// The rules are configuration and hold no state. Equal arguments give equal results, and every
/// random number is drawn from the `rng` given.
pub trait Breed: Debug {
    /// A member of the population. It is stored with the state of the explorer.
    type Member: Clone + Debug + Serialize + DeserializeOwned;

    /// The name of the evolution. It addresses the stream of its random numbers and is part of its
    /// errors.
    fn name(&self) -> &'static str;

    /// The number of members at most.
    fn population(&self) -> usize;

    /// Refuses invalid values.
    ///
    /// # Errors
    /// [`ExploreError::Config`] naming the field.
    fn check(&self) -> Result<(), ExploreError>;

    /// The member made of a candidate; `None` if its outcome gives it no place in the population.
    fn member(&self, proposal: &Proposal, outcome: &Outcome) -> Option<Self::Member>;

    /// A child of the members, of which there is at least one, in the order in which their outcomes
    /// were told.
    ///
    /// # Errors
    /// Those of the domain, or of the implementation.
    fn child(
        &self,
        domain: &Domain,
        members: &[Self::Member],
        rng: &mut dyn RngCore,
    ) -> Result<Genotype, ExploreError>;

    /// The position of the member that leaves when there is one too many.
    fn leaves(&self, members: &[Self::Member]) -> usize;
}

/// An evolution that replaces one member per outcome, so that no worker waits for a generation.
///
/// ```text
/// ask:   a genotype drawn uniformly, until members and open random proposals fill the population;
///        then a child
/// tell:  a measured candidate joins; if there is one member too many, one leaves
/// ```
///
/// Candidates that failed or are too large do not join, and random ones take their place as long as
/// the population is not full. [`RegularisedEvolution`](super::RegularisedEvolution) and
/// [`ParetoEvolution`](super::ParetoEvolution) are two sets of rules.
///
/// Source: G. Syswerda, *A Study of Reproduction in Generational and Steady-State Genetic
/// Algorithms*, FOGA 1991.
///
/// # Differences from the paper
/// The paper compares several ways, by fitness, to choose parents and the member that leaves; here
/// the rules choose both.
#[derive(Clone, Debug)]
pub struct Steady<B: Breed> {
    domain: Domain,
    rules: B,
    noise: Noise,
    state: State<B::Member>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct State<M> {
    tasks: Tasks,
    /// Open tasks that were drawn at random.
    random: BTreeSet<u64>,
    /// Members in the order of arrival.
    population: Vec<M>,
}

impl<B: Breed> Steady<B> {
    /// An evolution that has not begun.
    ///
    /// # Errors
    /// As [`Breed::check`].
    pub fn new(domain: Domain, rules: B, noise: Noise) -> Result<Self, ExploreError> {
        rules.check()?;
        let state =
            State { tasks: Tasks::default(), random: BTreeSet::new(), population: Vec::new() };
        Ok(Self { domain, rules, noise, state })
    }

    /// The living members, oldest first.
    pub fn members(&self) -> &[B::Member] {
        &self.state.population
    }

    /// `true` if the members and the open random proposals fill the population.
    fn full(&self) -> bool {
        self.state.population.len() + self.state.random.len() >= self.rules.population()
    }
}

impl<B: Breed> Explorer for Steady<B> {
    fn domain(&self) -> &Domain {
        &self.domain
    }

    fn ask(&mut self) -> Result<Option<Proposal>, ExploreError> {
        let task = self.state.tasks.next();
        let mut rng = self.noise.stream(self.rules.name(), task);
        let genotype = if self.full() && !self.state.population.is_empty() {
            self.rules.child(&self.domain, &self.state.population, &mut rng)?
        } else {
            let drawn = self.domain.sample(&mut rng)?;
            self.state.random.insert(task);
            drawn
        };
        Ok(Some(self.state.tasks.propose(genotype)))
    }

    fn tell(&mut self, proposal: &Proposal, outcome: &Outcome) -> Result<(), ExploreError> {
        let state = &mut self.state;
        state.tasks.close(proposal.task)?;
        state.random.remove(&proposal.task);
        let Some(member) = self.rules.member(proposal, outcome) else { return Ok(()) };
        state.population.push(member);
        if state.population.len() > self.rules.population() {
            let leaving = self.rules.leaves(&state.population).min(state.population.len() - 1);
            state.population.remove(leaving);
        }
        Ok(())
    }

    fn state(&self) -> Result<Value, ExploreError> {
        write(self.rules.name(), &self.state)
    }

    fn restore(&mut self, state: &Value) -> Result<(), ExploreError> {
        self.state = read(self.rules.name(), state)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
