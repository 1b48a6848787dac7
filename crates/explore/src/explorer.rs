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
    /// Number of the task, ascending in the order of proposals. Randomness in its evaluation draws
    /// from streams of this number.
    pub task: u64,
    /// The architecture.
    pub genotype: Genotype,
    /// Epochs to train it for; `None` if the evaluator chooses. [`Halving`](super::Halving) asks
    /// for few at first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epochs: Option<usize>,
}

impl Proposal {
    /// An architecture whose epochs the evaluator chooses.
    pub fn new(task: u64, genotype: Genotype) -> Self {
        Self { task, genotype, epochs: None }
    }
}

/// A rule that proposes architectures and learns from their outcomes.
///
/// Several proposals may be open at once, and outcomes may be told in any order. Equal
/// configurations, seeds and calls give equal proposals. Task numbers ascend, and proposals belong
/// to the domain; a proposal that breaks one of these two rules is refused. The laws of `testkit`
/// hold for every explorer.
pub trait Explorer: Debug {
    /// The architectures that may be proposed.
    fn domain(&self) -> &Domain;

    /// The next proposal; `None` if the explorer waits for outcomes of open ones, or, with none
    /// open, has nothing left to propose.
    ///
    /// # Errors
    /// Those of the implementation; an outcome is never the cause.
    fn ask(&mut self) -> Result<Option<Proposal>, ExploreError>;

    /// Tells the outcome of an open proposal.
    ///
    /// # Errors
    /// [`ExploreError::NotOpen`] for a task that was not proposed or whose outcome has been told;
    /// nothing has changed then.
    fn tell(&mut self, proposal: &Proposal, outcome: &Outcome) -> Result<(), ExploreError>;

    /// Everything that [`Explorer::restore`] needs to go on, open proposals included.
    ///
    /// # Errors
    /// [`ExploreError::State`] when it has no JSON form.
    fn state(&self) -> Result<Value, ExploreError>;

    /// Continues from the state of an explorer of equal configuration and seed.
    ///
    /// # Errors
    /// [`ExploreError::State`] when `state` does not belong to this explorer; nothing has changed
    /// then.
    fn restore(&mut self, state: &Value) -> Result<(), ExploreError>;
}

/// [`Explorer::ask`], with an error if the explorer breaks its contract; `last` is the number of
/// the proposal before.
///
/// # Errors
/// [`ExploreError::Numbered`] for a task number that does not ascend, [`ExploreError::Outside`] for
/// an architecture that is not in the domain, and the explorer's errors.
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
