//! The number of open proposals, the order in which outcomes are told, and the end of a search.

use dartloom_record::Refused;
use serde::{Deserialize, Serialize};

use crate::ExploreError;

/// The times at which an explorer is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Pace {
    /// Whenever fewer than this number of proposals are open: no worker waits for another.
    ///
    /// `None` stands for the number of workers of the pool.
    SteadyState(Option<usize>),
    /// This number of proposals at a time, and the next ones when the outcomes of all of these have
    /// been told: Algorithm 1 of the Preligens study, which has one proposal for each worker
    /// (`None`).
    Generational(Option<usize>),
    /// One at a time.
    #[default]
    Serial,
}

/// The order in which outcomes are told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Order {
    /// In the order of the proposals. With a fixed number of open proposals, the search is the same
    /// with any number of workers. An outcome waits for those of earlier proposals.
    #[default]
    Submission,
    /// In the order of arrival, without waiting. The journal stores this order, and a continued
    /// search keeps to it.
    Arrival,
}

/// The end of a search: whichever limit comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Budget {
    /// Number of outcomes told.
    pub evaluations: Option<usize>,
    /// Sum of the prices of all proposals, in the unit of
    /// [`Assignment::price`](super::Assignment::price). At least one proposal is evaluated.
    pub price: Option<u64>,
}

/// The way a search uses its pool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PooledConfig {
    /// The times at which the explorer is asked.
    pub pace: Pace,
    /// The order in which outcomes are told.
    pub order: Order,
    /// The end of the search.
    pub budget: Budget,
}

impl PooledConfig {
    /// Refuses invalid values.
    ///
    /// # Errors
    /// [`ExploreError::Config`] naming the field.
    pub fn check(&self) -> Result<(), ExploreError> {
        let refused =
            |field, expected, found: &str| Err(Refused::new(field, expected, found).into());
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
