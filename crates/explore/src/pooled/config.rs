//! How many proposals are open at once, in which order outcomes are told, and when it ends.

use serde::{Deserialize, Serialize};

use crate::ExploreError;

/// When an explorer is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Pace {
    /// Whenever fewer than so many proposals are open: no worker waits for another.
    ///
    /// `None` stands for as many as the pool has workers.
    SteadyState(Option<usize>),
    /// So many proposals at a time, and the next ones when all of these are told: Algorithm 1 of the
    /// Preligens study, which has one for each worker (`None`).
    Generational(Option<usize>),
    /// One at a time.
    #[default]
    Serial,
}

/// In which order outcomes are told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Order {
    /// In the order of the proposals: with a stated number of open ones, the same search with any
    /// number of workers. An outcome waits for those of earlier proposals.
    #[default]
    Submission,
    /// As they come: nobody waits. The order is in the journal, and going on keeps to it.
    Arrival,
}

/// When a search is over; whichever comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Budget {
    /// Outcomes told.
    pub evaluations: Option<usize>,
    /// Sum of the prices of all proposals, in the unit of
    /// [`Assignment::price`](super::Assignment::price). At least one proposal is evaluated.
    pub price: Option<u64>,
}

/// How a search uses its pool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PooledConfig {
    /// When the explorer is asked.
    pub pace: Pace,
    /// In which order outcomes are told.
    pub order: Order,
    /// When the search is over.
    pub budget: Budget,
}

impl PooledConfig {
    /// Refuses values that make no sense.
    ///
    /// # Errors
    /// [`ExploreError::Config`] naming the field.
    pub fn check(&self) -> Result<(), ExploreError> {
        let refused = |field, expected, found: &str| {
            Err(ExploreError::Config { field, expected, found: found.to_owned() })
        };
        match self.pace {
            Pace::SteadyState(Some(0)) | Pace::Generational(Some(0)) => {
                refused("pace", "at least one open proposal", "0")
            }
            _ if self.budget == Budget::default() => {
                refused("budget", "a number of evaluations or a price", "neither")
            }
            _ if self.budget.evaluations == Some(0) => {
                refused("budget.evaluations", "at least 1", "0")
            }
            _ => Ok(()),
        }
    }
}
