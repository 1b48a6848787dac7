//! The trait of all evaluators, and the loop that connects one with an explorer.

use std::fmt::Debug;

use dartloom_space::Genotype;
use serde::{Deserialize, Serialize};

use super::explorer::checked_ask;
use super::{ExploreError, Explorer, Outcome, Proposal};

/// A judge of architectures.
///
/// A failure caused by the candidate is an [`Outcome::Failed`], so that no candidate ends a search.
/// Any other failure, such as data that cannot be read, is an error and ends the search. Randomness
/// draws from streams of the proposal's task number. Closures from a genotype to an outcome are
/// evaluators.
pub trait Evaluator {
    /// Judges a proposal.
    ///
    /// # Errors
    /// When no proposal at all could be judged.
    fn evaluate(&mut self, proposal: &Proposal) -> Result<Outcome, ExploreError>;

    /// Refuses to begin if every candidate would fail for the same reason, such as an operation
    /// that nobody registered. [`explore`] calls this before its first proposal.
    ///
    /// # Errors
    /// Those of the implementation; none by default.
    fn check(&self) -> Result<(), ExploreError> {
        Ok(())
    }
}

impl<F: FnMut(&Genotype) -> Outcome> Evaluator for F {
    fn evaluate(&mut self, proposal: &Proposal) -> Result<Outcome, ExploreError> {
        Ok(self(&proposal.genotype))
    }
}

/// A proposal and its outcome.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trial {
    /// The proposal.
    pub proposal: Proposal,
    /// Its outcome.
    pub outcome: Outcome,
}

/// Evaluates up to `budget` proposals, one after the other; fewer if the explorer has nothing left
/// to propose.
///
/// Infeasible and failed outcomes count as well, because evaluating them took a turn.
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
/// `None` if nothing was measured.
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
