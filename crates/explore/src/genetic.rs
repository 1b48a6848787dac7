//! Generations bred from mated and mutated parents.

use dartloom_noise::Noise;
use dartloom_record::Refused;
use dartloom_space::{Genotype, SpaceError};
use rand::{Rng as _, RngCore};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::state::{self, Member, Tasks, read, write};
use super::{Domain, ExploreError, Explorer, Outcome, Proposal};

/// The sizes and rates of a genetic algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GeneticConfig {
    /// Candidates per generation.
    pub population: usize,
    /// Number of parents: the best candidates, earlier parents included, from which the next
    /// generation comes.
    pub parents: usize,
    /// Probability that a child has two parents.
    pub mate: f64,
    /// Probability that an operation of a child is replaced.
    pub mutate_op: f64,
    /// Probability that an edge of a child is replaced.
    pub mutate_edge: f64,
}

impl Default for GeneticConfig {
    /// Generations of 20 with 5 parents; half of the children mated, each kind of mutation in half
    /// of them. These values are ours: the source names none.
    fn default() -> Self {
        Self { population: 20, parents: 5, mate: 0.5, mutate_op: 0.5, mutate_edge: 0.5 }
    }
}

impl GeneticConfig {
    /// Refuses invalid values.
    ///
    /// # Errors
    /// [`ExploreError::Config`] naming the field.
    pub fn check(&self) -> Result<(), ExploreError> {
        for (field, value) in [("population", self.population), ("parents", self.parents)] {
            if value == 0 {
                let found = value.to_string();
                return Err(Refused::new(field, "at least 1", found).into());
            }
        }
        let rates =
            [("mate", self.mate), ("mutate_op", self.mutate_op), ("mutate_edge", self.mutate_edge)];
        match rates.into_iter().find(|(_, rate)| !(0.0..=1.0).contains(rate)) {
            Some((field, rate)) => {
                let found = rate.to_string();
                Err(Refused::new(field, "a probability, 0 to 1", found).into())
            }
            None => Ok(()),
        }
    }
}

/// A genetic algorithm in generations, as the Preligens study describes evolution: select the best,
/// mate them, mutate operations and topology.
///
/// The first generation is drawn at random. When all outcomes of a generation have been told, the
/// best `parents` of it and of its own parents are selected. A child is a parent drawn uniformly,
/// with probability `mate` mated with another one ([`Domain::mate`]), then mutated
/// ([`Domain::mutate_op`], [`Domain::mutate_edge`]). Nothing is proposed while outcomes of a
/// generation are open, and the selection does not depend on their order.
///
/// Parents stay until better ones are found, so that a search converges; in small domains
/// [`Unique`](super::Unique) then ends it.
///
/// Source: A. Cazasnoves, P.-A. Ganaye, K. Sanchis and T. Ceillier, *Neural Architecture Search in
/// operational context: a remote sensing case-study*, 2021 (the Preligens study), section 2.2; J.
/// H. Holland, *Adaptation in Natural and Artificial Systems*, 1975.
///
/// # Differences from the paper
/// The study gives the steps but no numbers: sizes, rates and the crossover by nodes are ours. If a
/// whole generation failed and there are no parents yet, another random one follows.
#[derive(Clone, Debug)]
pub struct Genetic {
    domain: Domain,
    config: GeneticConfig,
    noise: Noise,
    state: State,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    tasks: Tasks,
    /// Number of finished generations.
    #[serde(deserialize_with = "state::count")]
    generation: u64,
    /// Candidates of this generation that have been proposed.
    #[serde(deserialize_with = "state::count")]
    proposed: usize,
    /// Best first.
    parents: Vec<Member>,
    /// The candidates of this generation that were measured.
    children: Vec<Member>,
}

const NAME: &str = "genetic algorithm";

impl Genetic {
    /// An algorithm that has not begun.
    ///
    /// # Errors
    /// As [`GeneticConfig::check`].
    pub fn new(domain: Domain, config: GeneticConfig, noise: Noise) -> Result<Self, ExploreError> {
        config.check()?;
        Ok(Self { domain, config, noise, state: State::default() })
    }

    /// Number of finished generations.
    pub fn generation(&self) -> u64 {
        self.state.generation
    }

    fn select(&mut self) {
        let state = &mut self.state;
        state.parents.append(&mut state.children);
        let better =
            |a: &Member, b: &Member| b.quality.total_cmp(&a.quality).then(a.task.cmp(&b.task));
        state.parents.sort_by(better);
        state.parents.truncate(self.config.parents);
        state.generation += 1;
        state.proposed = 0;
    }

    fn child(&self, rng: &mut dyn RngCore) -> Result<Genotype, SpaceError> {
        let parents = &self.state.parents;
        if parents.is_empty() {
            return self.domain.sample(rng);
        }
        let first = rng.random_range(0..parents.len());
        let mut child = parents[first].genotype.clone();
        if parents.len() > 1 && rng.random_bool(self.config.mate) {
            let other = (first + rng.random_range(1..parents.len())) % parents.len();
            child = self.domain.mate(&child, &parents[other].genotype, rng)?;
        }
        if rng.random_bool(self.config.mutate_op) {
            child = self.domain.mutate_op(&child, rng)?.unwrap_or(child);
        }
        if rng.random_bool(self.config.mutate_edge) {
            child = self.domain.mutate_edge(&child, rng)?.unwrap_or(child);
        }
        Ok(child)
    }
}

impl Explorer for Genetic {
    fn domain(&self) -> &Domain {
        &self.domain
    }

    fn ask(&mut self) -> Result<Option<Proposal>, ExploreError> {
        if self.state.proposed >= self.config.population {
            if self.state.tasks.waits() {
                return Ok(None);
            }
            self.select();
        }
        let genotype = self.child(&mut self.noise.stream(NAME, self.state.tasks.next()))?;
        self.state.proposed += 1;
        Ok(Some(self.state.tasks.propose(genotype)))
    }

    fn tell(&mut self, proposal: &Proposal, outcome: &Outcome) -> Result<(), ExploreError> {
        self.state.tasks.close(proposal.task)?;
        self.state.children.extend(Member::of(proposal, outcome));
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
