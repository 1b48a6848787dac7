//! Evolution of the front between quality and cost.

mod front;

use dartloom_space::Genotype;
use rand::{Rng as _, RngCore};
use serde::{Deserialize, Serialize};

pub use front::{Point, front, hypervolume};

use self::front::{crowding, ranks};
use super::steady::{Breed, Steady};
use super::{Domain, ExploreError, Outcome, Proposal, Resource};

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
pub type ParetoEvolution = Steady<ParetoConfig>;

/// A member of a [`ParetoEvolution`]: a genotype whose objectives are known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Placed {
    /// The genotype.
    pub genotype: Genotype,
    /// Its quality and cost.
    pub point: Point,
}

impl Steady<ParetoConfig> {
    /// The members that no other dominates, cheapest first.
    pub fn front(&self) -> Vec<(&Genotype, Point)> {
        let member = |index: usize| &self.members()[index];
        let front = front(&points(self.members())).into_iter();
        front.map(|index| (&member(index).genotype, member(index).point)).collect()
    }
}

fn points(members: &[Placed]) -> Vec<Point> {
    members.iter().map(|member| member.point).collect()
}

impl Breed for ParetoConfig {
    type Member = Placed;

    fn name(&self) -> &'static str {
        "pareto evolution"
    }

    fn population(&self) -> usize {
        self.population
    }

    fn check(&self) -> Result<(), ExploreError> {
        Self::check(self)
    }

    /// A candidate that was not measured, or whose resource is unknown, has no place on a front.
    fn member(&self, proposal: &Proposal, outcome: &Outcome) -> Option<Placed> {
        let quality = outcome.quality()?;
        let cost = outcome.takes(self.resource)?;
        Some(Placed { genotype: proposal.genotype.clone(), point: Point { quality, cost } })
    }

    fn child(
        &self,
        domain: &Domain,
        members: &[Placed],
        rng: &mut dyn RngCore,
    ) -> Result<Genotype, ExploreError> {
        let order = Order::of(&points(members));
        let mut parent = || {
            let [first, second] = [(); 2].map(|()| rng.random_range(0..members.len()));
            &members[if order.before(second, first) { second } else { first }].genotype
        };
        let first = parent();
        let second = parent();
        let child = if rng.random_bool(self.mate) {
            domain.mate(first, second, rng)?
        } else {
            first.clone()
        };
        Ok(domain.mutate(&child, rng)?)
    }

    fn leaves(&self, members: &[Placed]) -> usize {
        Order::of(&points(members)).last()
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
    fn last(&self) -> usize {
        (0..self.ranks.len())
            .fold(0, |last, index| if self.before(index, last) { last } else { index })
    }
}

#[cfg(test)]
mod tests;
