//! What a pooled search writes into its journal.

use dartloom_dist::{Failure, Usage};
use dartloom_record::Identity;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Outcome, Proposal};

/// A record of a search's journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub enum Record {
    /// The first one: which search this is.
    Search {
        /// Version of these records.
        version: u32,
        /// Everything that its outcomes depend on.
        identity: Identity,
    },
    /// The explorer has proposed an architecture.
    Asked {
        /// The proposal.
        proposal: Proposal,
        /// What it takes off the budget.
        price: u64,
        /// Predicted peak of memory in bytes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        memory: Option<u64>,
    },
    /// A worker has begun with it.
    Started {
        /// The task.
        task: u64,
        /// The worker's number.
        worker: usize,
        /// How often it has been started, from 1.
        attempt: u32,
    },
    /// How far it is.
    Progress {
        /// The task.
        task: u64,
        /// What its evaluator says.
        value: Value,
    },
    /// An attempt failed, and another one is made.
    Requeued {
        /// The task.
        task: u64,
        /// The attempt that failed.
        attempt: u32,
        /// Why.
        failure: Failure,
    },
    /// What became of it.
    Ended {
        /// The task.
        task: u64,
        /// Its outcome.
        outcome: Outcome,
        /// What the evaluation took, where there was one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        usage: Option<Usage>,
        /// Why there is no measurement, where the pool knows.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        failure: Option<Failure>,
    },
    /// The explorer has been told.
    Told {
        /// The task.
        task: u64,
    },
}

/// The version of these records. Those of version 1 may hold failures of the machine as failures of candidates.
pub(super) const VERSION: u32 = 2;
