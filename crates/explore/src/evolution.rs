//! Evolution in which the oldest members die.

use dartloom_space::Genotype;
use rand::{Rng as _, RngCore};
use serde::{Deserialize, Serialize};

use super::state::Member;
use super::steady::{Breed, Steady};
use super::{Domain, ExploreError, Outcome, Proposal};

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
pub type RegularisedEvolution = Steady<EvolutionConfig>;

impl Breed for EvolutionConfig {
    type Member = Member;

    fn name(&self) -> &'static str {
        "regularised evolution"
    }

    fn population(&self) -> usize {
        self.population
    }

    fn check(&self) -> Result<(), ExploreError> {
        Self::check(self)
    }

    fn member(&self, proposal: &Proposal, outcome: &Outcome) -> Option<Member> {
        Member::of(proposal, outcome)
    }

    /// The mutant of a tournament's winner.
    fn child(
        &self,
        domain: &Domain,
        members: &[Member],
        rng: &mut dyn RngCore,
    ) -> Result<Genotype, ExploreError> {
        let mut winner = &members[rng.random_range(0..members.len())];
        for _ in 1..self.sample {
            let rival = &members[rng.random_range(0..members.len())];
            if rival.beats(winner) {
                winner = rival;
            }
        }
        Ok(domain.mutate(&winner.genotype, rng)?)
    }

    /// The oldest.
    fn leaves(&self, _: &[Member]) -> usize {
        0
    }
}
