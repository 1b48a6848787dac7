//! The trait of all evaluators, and the loop that joins one with an explorer.

use std::fmt::Debug;

use dartloom_space::Genotype;
use serde::{Deserialize, Serialize};

use super::explorer::checked_ask;
use super::{ExploreError, Explorer, Outcome, Proposal};

/// What judges architectures.
///
/// An evaluation that fails by the candidate's doing is an [`Outcome::Failed`], so that no candidate ends a search.
/// What is no candidate's doing, such as data that cannot be read, is an error, and the search ends with it. What is random in it draws from streams of the proposal's task number. Closures from a genotype
/// to an outcome are evaluators.
pub trait Evaluator {
    /// Judges a proposal.
    ///
    /// # Errors
    /// When no proposal could be judged, whatever it is.
    fn evaluate(&mut self, proposal: &Proposal) -> Result<Outcome, ExploreError>;

    /// Refuses to begin where every candidate would fail for the same reason, such as an operation
    /// that nobody registered. [`explore`] asks before its first proposal.
    ///
    /// # Errors
    /// As the implementation says; none by default.
    fn check(&self) -> Result<(), ExploreError> {
        Ok(())
    }
}

impl<F: FnMut(&Genotype) -> Outcome> Evaluator for F {
    fn evaluate(&mut self, proposal: &Proposal) -> Result<Outcome, ExploreError> {
        Ok(self(&proposal.genotype))
    }
}

/// A proposal and what became of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trial {
    /// The proposal.
    pub proposal: Proposal,
    /// Its outcome.
    pub outcome: Outcome,
}

/// Evaluates up to `budget` proposals, one after the other; fewer when the explorer has nothing
/// left to propose.
///
/// Outcomes that are infeasible or failed count: evaluating them took a turn.
///
/// # Errors
/// The explorer's, [`ExploreError::Outside`] and [`ExploreError::Numbered`] when it breaks its
/// contract, and those of the evaluator and its [`check`](Evaluator::check).
pub fn explore(
    explorer: &mut dyn Explorer,
    evaluator: &mut dyn Evaluator,
    budget: usize,
) -> Result<Vec<Trial>, ExploreError> {
    evaluator.check()?;
    let mut trials: Vec<Trial> = Vec::new();
    while trials.len() < budget {
        let last = trials.last().map(|trial| trial.proposal.task);
        let Some(proposal) = checked_ask(explorer, last)? else { break };
        let outcome = evaluator.evaluate(&proposal)?.checked();
        explorer.tell(&proposal, &outcome)?;
        trials.push(Trial { proposal, outcome });
    }
    Ok(trials)
}

/// The trial of the highest quality among those that were trained longest, the first among equals;
/// `None` when nothing was measured.
pub fn best(trials: &[Trial]) -> Option<&Trial> {
    let whole = |trial: &Trial| trial.proposal.epochs.unwrap_or(usize::MAX);
    let measured = trials.iter().filter_map(|trial| Some((trial, trial.outcome.quality()?)));
    measured
        .reduce(|best, next| {
            let order = whole(next.0).cmp(&whole(best.0)).then(next.1.total_cmp(&best.1));
            if order.is_gt() { next } else { best }
        })
        .map(|(trial, _)| trial)
}
