//! Evolution in which the oldest members die.

use std::collections::{BTreeSet, VecDeque};

use dartloom_noise::Noise;
use dartloom_space::{Genotype, SpaceError};
use rand::{Rng as _, RngCore};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::state::{Member, Tasks, read, write};
use super::{Domain, ExploreError, Explorer, Outcome, Proposal};

/// The sizes of a regularised evolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EvolutionConfig {
    /// P: number of living members.
    pub population: usize,
    /// S: number of members in a tournament.
    pub sample: usize,
}

impl Default for EvolutionConfig {
    /// The 100 and 25 of the paper.
    fn default() -> Self {
        Self { population: 100, sample: 25 }
    }
}

impl EvolutionConfig {
    /// Refuses invalid values.
    ///
    /// # Errors
    /// [`ExploreError::Config`] naming the field.
    pub fn check(&self) -> Result<(), ExploreError> {
        for (field, value) in [("population", self.population), ("sample", self.sample)] {
            if value == 0 {
                let found = value.to_string();
                return Err(ExploreError::Config { field, expected: "at least 1", found });
            }
        }
        Ok(())
    }
}

/// Regularised (ageing) evolution. It begins with `population` random members. Then a tournament is
/// held for every proposal: `sample` members are drawn with replacement, and a mutant
/// ([`Domain::mutate`]) of the best of them is proposed. Every measured mutant joins, and the
/// oldest member dies, however good it is.
///
/// Source: E. Real, A. Aggarwal, Y. Huang and Q. V. Le, *Regularized Evolution for Image Classifier
/// Architecture Search*, AAAI 2019, arXiv 1802.01548, Algorithm 1.
///
/// # Differences from the paper
/// - Mutations of an operation and of an edge are equally likely; the paper has a third kind, with
///   probability 0.05, that changes nothing.
/// - Age is counted from the time an outcome was told; with one proposal at a time this is the
///   paper's order. Candidates that failed or are too large do not join, and random ones take their
///   place as long as the population is not full.
#[derive(Clone, Debug)]
pub struct RegularisedEvolution {
    domain: Domain,
    config: EvolutionConfig,
    noise: Noise,
    state: State,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    tasks: Tasks,
    /// Open tasks that were drawn at random.
    random: BTreeSet<u64>,
    /// Members, oldest first.
    population: VecDeque<Member>,
}

const NAME: &str = "regularised evolution";

impl RegularisedEvolution {
    /// An evolution that has not begun.
    ///
    /// # Errors
    /// As [`EvolutionConfig::check`].
    pub fn new(
        domain: Domain,
        config: EvolutionConfig,
        noise: Noise,
    ) -> Result<Self, ExploreError> {
        config.check()?;
        Ok(Self { domain, config, noise, state: State::default() })
    }

    /// The mutant of a tournament's winner.
    fn mutant(&self, rng: &mut dyn RngCore) -> Result<Option<Genotype>, SpaceError> {
        let members = &self.state.population;
        if members.is_empty() {
            return Ok(None);
        }
        let mut winner = &members[rng.random_range(0..members.len())];
        for _ in 1..self.config.sample {
            let rival = &members[rng.random_range(0..members.len())];
            if rival.beats(winner) {
                winner = rival;
            }
        }
        self.domain.mutate(&winner.genotype, rng).map(Some)
    }
}

impl Explorer for RegularisedEvolution {
    fn domain(&self) -> &Domain {
        &self.domain
    }

    fn ask(&mut self) -> Result<Option<Proposal>, ExploreError> {
        let task = self.state.tasks.next();
        let mut rng = self.noise.stream(NAME, task);
        let full = self.state.population.len() + self.state.random.len() >= self.config.population;
        let mutant = if full { self.mutant(&mut rng)? } else { None };
        let genotype = match mutant {
            Some(mutant) => mutant,
            None => {
                self.state.random.insert(task);
                self.domain.sample(&mut rng)?
            }
        };
        Ok(Some(self.state.tasks.propose(genotype)))
    }

    fn tell(&mut self, proposal: &Proposal, outcome: &Outcome) -> Result<(), ExploreError> {
        let state = &mut self.state;
        state.tasks.close(proposal.task)?;
        state.random.remove(&proposal.task);
        state.population.extend(Member::of(proposal, outcome));
        if state.population.len() > self.config.population {
            state.population.pop_front();
        }
        Ok(())
    }

    fn state(&self) -> Result<Value, ExploreError> {
        write(NAME, &self.state)
    }

    fn restore(&mut self, state: &Value) -> Result<(), ExploreError> {
        self.state = read(NAME, state)?;
        Ok(())
    }
}
