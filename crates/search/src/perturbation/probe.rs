//! What selection asks of a supernet.

use crate::{CandidateId, Kept, SearchError};

/// What is taken away for one evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Removed {
    /// An operation of an edge.
    Candidate(CandidateId),
    /// An edge with all it has.
    Edge { cell: usize, row: usize },
}

/// A supernet that can be judged and trained.
pub(super) trait Probe {
    /// How good it is with what is left and without what is removed; more is better.
    fn score(&mut self, kept: &Kept, removed: Option<Removed>) -> Result<f64, SearchError>;

    /// Trains what is left.
    fn tune(&mut self, kept: &Kept) -> Result<(), SearchError>;
}
