//! What a pool is given to do.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A task: data alone, so that it can be written down and sent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskSpec {
    /// Its number, chosen by who submits it; one pool runs a number once. What is random in the
    /// task is seeded by this number, never by the worker that happens to run it.
    pub id: u64,
    /// What the worker's handler is given.
    pub payload: Value,
    /// Predicted peak of memory in bytes; `None` fits everywhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<u64>,
    /// Seconds that one attempt may take; `None` for as long as it wants.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<f64>,
}

impl TaskSpec {
    /// A task without a prediction or a deadline.
    pub fn new(id: u64, payload: Value) -> Self {
        Self { id, payload, ..Self::default() }
    }
}
