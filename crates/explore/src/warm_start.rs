//! Explorers that begin with chosen architectures.

use dartloom_space::Genotype;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::state::{read, write};
use super::{Domain, ExploreError, Explorer, Outcome, Proposal};

/// Any explorer, with chosen architectures in place of its first proposals: those that a score or an
/// earlier search likes ([`best_by_score`](crate::zero_cost::best_by_score)).
///
/// The explorer is asked as always, and the architecture of its proposal is exchanged; it is told
/// what became of the chosen one under the same task number. Explorers learn from what they are
/// told: populations start with the chosen architectures, local search from the first of them with
/// the others in place of neighbours, and [`Reinforce`](super::Reinforce) is taught by them though
/// it did not draw them.
///
/// [`Unique`](super::Unique) goes around this, not inside: it remembers what it handed out.
#[derive(Clone, Debug)]
pub struct WarmStart<E> {
    explorer: E,
    chosen: Vec<Genotype>,
    begun: usize,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    begun: usize,
    explorer: Value,
}

const NAME: &str = "warm start";

impl<E: Explorer> WarmStart<E> {
    /// The explorer, beginning with `chosen`.
    ///
    /// # Errors
    /// [`ExploreError::Outside`] for an architecture that the explorer's domain does not have, with
    /// its position as task.
    pub fn new(explorer: E, chosen: Vec<Genotype>) -> Result<Self, ExploreError> {
        for (task, genotype) in (0..).zip(&chosen) {
            if !explorer.domain().contains(genotype) {
                return Err(ExploreError::Outside { task, genotype: genotype.to_json()? });
            }
        }
        Ok(Self { explorer, chosen, begun: 0 })
    }

    /// The explorer inside.
    pub fn inner(&self) -> &E {
        &self.explorer
    }
}

impl<E: Explorer> Explorer for WarmStart<E> {
    fn domain(&self) -> &Domain {
        self.explorer.domain()
    }

    fn ask(&mut self) -> Result<Option<Proposal>, ExploreError> {
        let Some(mut proposal) = self.explorer.ask()? else { return Ok(None) };
        if let Some(genotype) = self.chosen.get(self.begun) {
            proposal.genotype = genotype.clone();
            self.begun += 1;
        }
        Ok(Some(proposal))
    }

    fn tell(&mut self, proposal: &Proposal, outcome: &Outcome) -> Result<(), ExploreError> {
        self.explorer.tell(proposal, outcome)
    }

    fn state(&self) -> Result<Value, ExploreError> {
        write(NAME, &State { begun: self.begun, explorer: self.explorer.state()? })
    }

    fn restore(&mut self, state: &Value) -> Result<(), ExploreError> {
        let State { begun, explorer } = read(NAME, state)?;
        self.explorer.restore(&explorer)?;
        self.begun = begun;
        Ok(())
    }
}
