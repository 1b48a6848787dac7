//! The tasks that a pool is given.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::DistError;

/// A task. It consists of data alone, so that it can be written down and sent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskSpec {
    /// Its number, chosen by its submitter; one pool runs a number once. Randomness in the task is
    /// seeded by this number, never by the worker that happens to run it.
    pub id: u64,
    /// The value that the worker's handler gets.
    pub payload: Value,
    /// Predicted peak of memory in bytes; `None` fits everywhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<u64>,
    /// Seconds that one attempt may take after a process has taken it; `None` for no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<f64>,
}

impl TaskSpec {
    /// A task without a prediction or a deadline.
    pub fn new(id: u64, payload: Value) -> Self {
        Self { id, payload, ..Self::default() }
    }

    /// A task whose payload is the JSON form of a value.
    ///
    /// # Errors
    /// [`DistError::Record`] for a value that has none.
    pub fn of(id: u64, payload: &impl Serialize) -> Result<Self, DistError> {
        let payload = serde_json::to_value(payload);
        Ok(Self::new(id, payload.map_err(|source| DistError::Record { source })?))
    }

    /// Refuses values that make no sense.
    pub(crate) fn check(&self) -> Result<(), DistError> {
        match self.deadline.filter(|&seconds| !(seconds > 0.0 && seconds < 1e9)) {
            Some(found) => Err(DistError::Rules {
                field: "deadline",
                expected: "seconds above 0 and below 1e9",
                found: found.to_string(),
            }),
            None => Ok(()),
        }
    }
}
