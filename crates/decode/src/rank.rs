//! Order among weighted candidates.

use std::cmp::Ordering;

use crate::TieBreak;
use crate::policy::Place;

/// Candidates from the heaviest to the lightest.
#[derive(Debug)]
pub(crate) struct Ranking {
    order: Vec<(usize, f64)>,
}

impl Ranking {
    /// Ranks `(candidate, weight)` pairs; keys of ties count over the pairs' positions.
    pub(crate) fn new(candidates: &[(usize, f64)], ties: TieBreak, place: Place) -> Self {
        let keys = ties.keys(candidates.len(), place);
        let mut positions: Vec<usize> = (0..candidates.len()).collect();
        positions.sort_by(|&a, &b| {
            compare(candidates[b].1, candidates[a].1).then(keys[a].cmp(&keys[b]))
        });
        Self { order: positions.into_iter().map(|position| candidates[position]).collect() }
    }

    /// The heaviest candidate and its weight.
    pub(crate) fn best(&self) -> Option<(usize, f64)> {
        self.order.first().copied()
    }

    /// Candidates with their weights, heaviest first.
    pub(crate) fn order(&self) -> &[(usize, f64)] {
        &self.order
    }

    /// The margin by which the last of the first `kept` is heavier than the first of the others;
    /// `None` if there are no others.
    pub(crate) fn margin(&self, kept: usize) -> Option<f64> {
        let last = self.order.get(kept.checked_sub(1)?)?;
        self.order.get(kept).map(|next| last.1 - next.1)
    }

    /// Groups of equal candidates, heaviest first.
    pub(crate) fn groups(&self) -> impl Iterator<Item = &[(usize, f64)]> {
        self.order.chunk_by(|a, b| compare(a.1, b.1).is_eq())
    }
}

/// Weights are finite, so every pair is ordered; unlike `total_cmp`, -0 equals 0.
fn compare(a: f64, b: f64) -> Ordering {
    a.partial_cmp(&b).unwrap_or(Ordering::Equal)
}
