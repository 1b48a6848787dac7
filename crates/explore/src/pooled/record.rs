//! The records in the journal of a pooled search.

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
    /// The first record: the search that the journal belongs to.
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
        /// The price that it takes off the budget.
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
        /// Number of the attempt, from 1.
        attempt: u32,
    },
    /// Progress of an evaluation.
    Progress {
        /// The task.
        task: u64,
        /// The report of its evaluator.
        value: Value,
    },
    /// An attempt failed, and another one is made.
    Requeued {
        /// The task.
        task: u64,
        /// The attempt that failed.
        attempt: u32,
        /// The reason.
        failure: Failure,
    },
    /// A task has ended.
    Ended {
        /// The task.
        task: u64,
        /// Its outcome.
        outcome: Outcome,
        /// The resources that the evaluation used; `None` if there was no evaluation.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        usage: Option<Usage>,
        /// The reason why there is no measurement; `None` if the pool does not know one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        failure: Option<Failure>,
    },
    /// The explorer has been told the outcome.
    Told {
        /// The task.
        task: u64,
    },
}

/// The version of these records. Those of version 1 may hold failures of the machine as failures of
/// candidates.
pub(super) const VERSION: u32 = 2;
