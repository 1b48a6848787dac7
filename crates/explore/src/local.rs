//! Hill climbing, neighbour by neighbour.

use dartloom_noise::Noise;
use dartloom_space::{Genotype, SpaceError};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::state::{self, Member, Tasks, read, write};
use super::{Domain, ExploreError, Explorer, Outcome, Proposal};

/// Local search: from a random genotype `x`, all of its [neighbours](Domain::neighbours) `N(x)` are
/// evaluated, and `x <- argmax_(y in N(x)) quality(y)` as long as that is better. Otherwise the
/// search begins again at another random genotype.
///
/// Nothing is proposed while it waits for the last outcomes of a neighbourhood; the choice of the
/// next neighbour does not depend on their order.
///
/// Source: C. White, S. Nolen and Y. Savani, *Exploring the Loss Landscape in Neural Architecture
/// Search*, UAI 2021, arXiv 2005.02960, Algorithm 1.
///
/// # Differences from the paper
/// The paper stops at the first local optimum or begins again without giving details; here it
/// always begins again, so that every budget can be spent. A neighbour may have been evaluated
/// before: [`Unique`](super::Unique) remembers.
#[derive(Clone, Debug)]
pub struct LocalSearch {
    domain: Domain,
    noise: Noise,
    state: State,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    tasks: Tasks,
    /// The genotype whose neighbours are evaluated; `None` before the first one and after a local
    /// optimum.
    centre: Option<Member>,
    /// Neighbours that have been proposed.
    #[serde(deserialize_with = "state::count")]
    proposed: usize,
    /// The best of the measured neighbours, or the random genotype itself.
    best: Option<Member>,
    /// Number of local optima so far.
    #[serde(deserialize_with = "state::count")]
    optima: u64,
}

const NAME: &str = "local search";

impl LocalSearch {
    /// A search that has not begun.
    pub fn new(domain: Domain, noise: Noise) -> Self {
        Self { domain, noise, state: State::default() }
    }

    /// Number of local optima so far.
    pub fn optima(&self) -> u64 {
        self.state.optima
    }

    /// The next neighbour that has not been proposed.
    fn neighbour(&self) -> Result<Option<Genotype>, SpaceError> {
        let Some(centre) = &self.state.centre else { return Ok(None) };
        Ok(self.domain.neighbours(&centre.genotype)?.into_iter().nth(self.state.proposed))
    }

    /// Called when all outcomes of a neighbourhood have been told: moves to the best neighbour, or
    /// away from an optimum.
    fn move_on(&mut self) {
        let state = &mut self.state;
        let better = match (state.best.take(), &state.centre) {
            (Some(best), Some(centre)) => Some(best).filter(|best| best.quality > centre.quality),
            (best, None) => best,
            (None, Some(_)) => None,
        };
        state.optima += u64::from(better.is_none() && state.centre.is_some());
        state.centre = better;
        state.proposed = 0;
    }
}

impl Explorer for LocalSearch {
    fn domain(&self) -> &Domain {
        &self.domain
    }

    fn ask(&mut self) -> Result<Option<Proposal>, ExploreError> {
        let mut next = self.neighbour()?;
        if next.is_none() {
            if self.state.tasks.waits() {
                return Ok(None);
            }
            self.move_on();
            next = self.neighbour()?;
        }
        let genotype = match next {
            Some(neighbour) => {
                self.state.proposed += 1;
                neighbour
            }
            None => {
                // A genotype without neighbours is an optimum.
                self.state.optima += u64::from(self.state.centre.take().is_some());
                self.domain.sample(&mut self.noise.stream(NAME, self.state.tasks.next()))?
            }
        };
        Ok(Some(self.state.tasks.propose(genotype)))
    }

    fn tell(&mut self, proposal: &Proposal, outcome: &Outcome) -> Result<(), ExploreError> {
        self.state.tasks.close(proposal.task)?;
        if let Some(member) = Member::of(proposal, outcome)
            && self.state.best.as_ref().is_none_or(|best| member.beats(best))
        {
            self.state.best = Some(member);
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
