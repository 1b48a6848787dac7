//! The trait of all explorers.

use std::fmt::Debug;

use dartloom_space::Genotype;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Domain, ExploreError, Outcome};

/// An architecture to evaluate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proposal {
    /// Number of the task, ascending in the order of proposals; whatever is random in evaluating
    /// it draws from streams of this number.
    pub task: u64,
    /// The architecture.
    pub genotype: Genotype,
    /// Epochs to train it for, where that is not for its evaluator to say: [`Halving`](super::Halving) asks for few
    /// at first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epochs: Option<usize>,
}

impl Proposal {
    /// An architecture to evaluate as its evaluator does by itself.
    pub fn new(task: u64, genotype: Genotype) -> Self {
        Self { task, genotype, epochs: None }
    }
}

/// A rule that proposes architectures and learns from what became of them.
///
/// Several proposals may be open at once, and outcomes may be told in any order. Equal
/// configurations, seeds and calls give equal proposals. Task numbers ascend, and proposals are of
/// the domain; what breaks these two is refused. The laws of `testkit` hold for every explorer.
pub trait Explorer: Debug {
    /// Which architectures may be proposed.
    fn domain(&self) -> &Domain;

    /// The next proposal; `None` when the explorer waits for outcomes of open ones, or, with none
    /// open, has nothing left to propose.
    ///
    /// # Errors
    /// As the implementation says; never because of an outcome.
    fn ask(&mut self) -> Result<Option<Proposal>, ExploreError>;

    /// What became of an open proposal.
    ///
    /// # Errors
    /// [`ExploreError::NotOpen`] for a task that was not proposed or has been told; nothing has
    /// changed then.
    fn tell(&mut self, proposal: &Proposal, outcome: &Outcome) -> Result<(), ExploreError>;

    /// All that [`Explorer::restore`] needs to go on, open proposals included.
    ///
    /// # Errors
    /// [`ExploreError::State`] when it has no JSON form.
    fn state(&self) -> Result<Value, ExploreError>;

    /// Puts an explorer of equal configuration and seed where another one was.
    ///
    /// # Errors
    /// [`ExploreError::State`] when `state` is none of this explorer's; nothing has changed then.
    fn restore(&mut self, state: &Value) -> Result<(), ExploreError>;
}

/// [`Explorer::ask`], refused where it breaks the explorer's contract; `last` is the number of the
/// proposal before.
///
/// # Errors
/// [`ExploreError::Numbered`] for a task number that does not ascend, [`ExploreError::Outside`] for
/// an architecture that the domain does not have, and the explorer's.
pub(super) fn checked_ask(
    explorer: &mut dyn Explorer,
    last: Option<u64>,
) -> Result<Option<Proposal>, ExploreError> {
    let Some(proposal) = explorer.ask()? else { return Ok(None) };
    let task = proposal.task;
    if let Some(last) = last.filter(|last| task <= *last) {
        return Err(ExploreError::Numbered { task, last });
    }
    if explorer.domain().contains(&proposal.genotype) {
        return Ok(Some(proposal));
    }
    let genotype = proposal.genotype.to_json()?;
    Err(ExploreError::Outside { task, genotype })
}

impl<E: Explorer + ?Sized> Explorer for Box<E> {
    fn domain(&self) -> &Domain {
        (**self).domain()
    }

    fn ask(&mut self) -> Result<Option<Proposal>, ExploreError> {
        (**self).ask()
    }

    fn tell(&mut self, proposal: &Proposal, outcome: &Outcome) -> Result<(), ExploreError> {
        (**self).tell(proposal, outcome)
    }

    fn state(&self) -> Result<Value, ExploreError> {
        (**self).state()
    }

    fn restore(&mut self, state: &Value) -> Result<(), ExploreError> {
        (**self).restore(state)
    }
}
