//! Evaluators that run in the workers of a pool.

use dartloom_dist::TaskSpec;
use dartloom_dist::worker::TaskError;
use serde_json::Value;

use super::Assignment;
use crate::{Evaluator, Outcome, Proposal};

/// The task of a proposal for workers that run [`handler`]: the proposal as JSON.
pub fn assign(proposal: &Proposal) -> Assignment {
    // A proposal is a number and a genotype, both of which have a JSON form.
    let payload = serde_json::to_value(proposal).unwrap_or_default();
    Assignment { task: TaskSpec::new(proposal.task, payload), price: 0 }
}

/// The work on a task made by [`assign`]: an evaluator judges its proposal.
///
/// # Errors
/// [`TaskError::Machine`] for an error of the evaluator, a payload that is not a proposal, or an
/// outcome that has no JSON form: none of these is caused by the candidate.
pub fn handler(evaluator: &mut dyn Evaluator, payload: &Value) -> Result<Value, TaskError> {
    let told = |error: serde_json::Error| TaskError::Machine(error.to_string());
    let proposal: Proposal = serde_json::from_value(payload.clone()).map_err(told)?;
    let outcome = evaluator.evaluate(&proposal);
    let outcome = outcome.map_err(|error| TaskError::Machine(error.to_string()))?;
    serde_json::to_value(outcome.checked()).map_err(told)
}

/// The outcome in a worker's result.
pub(super) fn outcome(value: Value) -> Outcome {
    serde_json::from_value(value).unwrap_or_else(|error| Outcome::Failed {
        reason: format!("expected an outcome from the worker: {error}"),
    })
}
