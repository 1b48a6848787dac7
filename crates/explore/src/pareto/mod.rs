//! Evolution of the front between quality and cost.

mod front;

use std::collections::BTreeSet;

use dartloom_noise::Noise;
use dartloom_space::{Genotype, SpaceError};
use rand::{Rng as _, RngCore};
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use front::{Point, front, hypervolume};

use self::front::{crowding, ranks};
use super::state::{Tasks, read, write};
use super::{Domain, ExploreError, Explorer, Outcome, Proposal, Resource};

/// The size of a Pareto evolution, and the resource that counts as cost.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ParetoConfig {
    /// Number of living members.
    pub population: usize,
    /// Probability that a child has two parents.
    pub mate: f64,
    /// The resource to save.
    pub resource: Resource,
}

impl Default for ParetoConfig {
    /// 100 members and crossovers with probability 0.9 (Deb et al. 2002, section IV), parameters.
    fn default() -> Self {
        Self { population: 100, mate: 0.9, resource: Resource::Parameters }
    }
}

impl ParetoConfig {
    /// Refuses invalid values.
    ///
    /// # Errors
    /// [`ExploreError::Config`] naming the field.
    pub fn check(&self) -> Result<(), ExploreError> {
        if self.population < 2 {
            let field = "population";
            let found = self.population.to_string();
            return Err(ExploreError::Config { field, expected: "at least 2", found });
        }
        if !(0.0..=1.0).contains(&self.mate) {
            let field = "mate";
            let found = self.mate.to_string();
            return Err(ExploreError::Config { field, expected: "a probability, 0 to 1", found });
        }
        Ok(())
    }
}

/// Evolution towards the front of two objectives, quality (more) and a resource (less): NSGA-II,
/// one child at a time.
///
/// It begins with `population` random members. Then every proposal has two parents, each the winner
/// of a tournament of two members drawn with replacement: the lower rank wins, within a rank the
/// larger crowding distance. The child is a crossover of both with probability `mate`
/// ([`Domain::mate`]), otherwise a copy of the first, and always mutated ([`Domain::mutate`]). It
/// joins the population; if there is one member too many, the last by rank and crowding distance
/// leaves.
///
/// Source: K. Deb, A. Pratap, S. Agarwal and T. Meyarivan, *A Fast and Elitist Multiobjective
/// Genetic Algorithm: NSGA-II*, IEEE TEC 2002.
///
/// # Differences from the paper
/// The paper replaces half of a merged population per generation. Here a member is replaced per
/// outcome, so that no worker waits for a generation. Candidates that failed or are too large do
/// not join, and random ones take their place as long as the population is not full.
#[derive(Clone, Debug)]
pub struct ParetoEvolution {
    domain: Domain,
    config: ParetoConfig,
    noise: Noise,
    state: State,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    tasks: Tasks,
    /// Open tasks that were drawn at random.
    random: BTreeSet<u64>,
    /// Members in the order of arrival.
    population: Vec<Placed>,
}

/// A genotype whose objectives are known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Placed {
    genotype: Genotype,
    point: Point,
}

const NAME: &str = "pareto evolution";

impl ParetoEvolution {
    /// An evolution that has not begun.
    ///
    /// # Errors
    /// As [`ParetoConfig::check`].
    pub fn new(domain: Domain, config: ParetoConfig, noise: Noise) -> Result<Self, ExploreError> {
        config.check()?;
        Ok(Self { domain, config, noise, state: State::default() })
    }

    /// The members that no other dominates, cheapest first.
    pub fn front(&self) -> Vec<(&Genotype, Point)> {
        let member = |index: usize| &self.state.population[index];
        let front = front(&self.points()).into_iter();
        front.map(|index| (&member(index).genotype, member(index).point)).collect()
    }

    fn points(&self) -> Vec<Point> {
        self.state.population.iter().map(|member| member.point).collect()
    }

    fn child(&self, rng: &mut dyn RngCore) -> Result<Option<Genotype>, SpaceError> {
        let members = &self.state.population;
        if members.is_empty() {
            return Ok(None);
        }
        let order = Order::of(&self.points());
        let mut parent = || {
            let [first, second] = [(); 2].map(|()| rng.random_range(0..members.len()));
            &members[if order.before(second, first) { second } else { first }].genotype
        };
        let first = parent();
        let second = parent();
        let child = if rng.random_bool(self.config.mate) {
            self.domain.mate(first, second, rng)?
        } else {
            first.clone()
        };
        self.domain.mutate(&child, rng).map(Some)
    }
}

/// Ranks and crowding distances.
struct Order {
    ranks: Vec<usize>,
    distances: Vec<f64>,
}

impl Order {
    fn of(points: &[Point]) -> Self {
        let ranks = ranks(points);
        let distances = crowding(points, &ranks);
        Self { ranks, distances }
    }

    /// `true` if one member goes before another: Deb's crowded comparison.
    fn before(&self, first: usize, second: usize) -> bool {
        let far = self.distances[first].total_cmp(&self.distances[second]);
        self.ranks[first].cmp(&self.ranks[second]).then(far.reverse()).is_lt()
    }

    /// The member that comes after all others; the newest of equals.
    fn last(&self) -> Option<usize> {
        (0..self.ranks.len()).reduce(
            |last, index| {
                if self.before(index, last) { last } else { index }
            },
        )
    }
}

impl Explorer for ParetoEvolution {
    fn domain(&self) -> &Domain {
        &self.domain
    }

    fn ask(&mut self) -> Result<Option<Proposal>, ExploreError> {
        let task = self.state.tasks.next();
        let mut rng = self.noise.stream(NAME, task);
        let full = self.state.population.len() + self.state.random.len() >= self.config.population;
        let child = if full { self.child(&mut rng)? } else { None };
        let genotype = match child {
            Some(child) => child,
            None => {
                self.state.random.insert(task);
                self.domain.sample(&mut rng)?
            }
        };
        Ok(Some(self.state.tasks.propose(genotype)))
    }

    fn tell(&mut self, proposal: &Proposal, outcome: &Outcome) -> Result<(), ExploreError> {
        self.state.tasks.close(proposal.task)?;
        self.state.random.remove(&proposal.task);
        // What was not measured, or without the resource, has no place on a front.
        let resource = outcome.takes(self.config.resource);
        let (Some(quality), Some(cost)) = (outcome.quality(), resource) else { return Ok(()) };
        let point = Point { quality, cost };
        self.state.population.push(Placed { genotype: proposal.genotype.clone(), point });
        if self.state.population.len() > self.config.population
            && let Some(last) = Order::of(&self.points()).last()
        {
            self.state.population.remove(last);
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

#[cfg(test)]
mod tests;
