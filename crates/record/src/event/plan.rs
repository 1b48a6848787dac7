//! The parts of a run that are to come.

use serde::{Deserialize, Serialize};

use crate::{Leg, Objective};

/// The work of a run: every leg for every seed, in order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunPlan {
    /// The seeds.
    pub seeds: Vec<u64>,
    /// The legs of each seed.
    pub legs: Vec<Leg>,
    /// The score that selects.
    pub objective: Objective,
}
