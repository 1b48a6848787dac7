//! The questions that selection asks a supernet.

use crate::{CandidateId, Kept, SearchError};

/// The part that is removed for one evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Removed {
    /// An operation of an edge.
    Candidate(CandidateId),
    /// An edge with everything on it.
    Edge { cell: usize, row: usize },
}

/// A supernet that can be judged and trained.
pub(super) trait Probe {
    /// The score of the remaining candidates without the removed one; more is better.
    fn score(&mut self, kept: &Kept, removed: Option<Removed>) -> Result<f64, SearchError>;

    /// Trains the weights of the remaining candidates.
    fn tune(&mut self, kept: &Kept) -> Result<(), SearchError>;
}
