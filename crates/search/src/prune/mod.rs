//! Candidates that are removed during the search.

mod check;
mod kept;

use dartloom_record::Refused;
use dartloom_space::{Space, WeightTable};
use serde::{Deserialize, Serialize};

pub(crate) use check::check;
pub use kept::{CandidateId, Kept};

use crate::SearchError;

/// The rule by which candidates are removed, so that the search ends in a network.
///
/// After every epoch behind the warm-up, with `w` the weights of a cell (`WeightTable`):
///
/// - a candidate `o` on an edge with `w_o <= threshold` for the last `patience` epochs is removed,
///   the lightest first; where the relaxation lives on the simplex, the others share its weight
///   from then on;
/// - unless the node would be left with fewer than `edges` live in-edges (or fewer than it has);
///   an edge is alive while an operation other than "none" is left on it;
/// - after `finish_at` epochs every node keeps the `edges` in-edges whose strongest operation is
///   heaviest, with that operation alone, each at weight 1. Logits no longer move.
///
/// A removed candidate has exactly the weight 0. In steps of the weights and in evaluations, fused
/// cells neither compute nor train it, nor anything that only it reads. Steps of the logits still
/// compute it once, because they compute all weights' gradients; there are none after `finish_at`.
/// Staged cells compute everything. After `finish_at` the remaining candidates are a network, and
/// the remaining epochs train it: [`SupernetSearch::network`](crate::SupernetSearch::network)
/// returns it with its variables, not to be trained from the beginning.
///
/// # Differences from the paper
/// "Dynamic pruning" that makes retraining unnecessary is future work in the Harvard capstone
/// report on DARTS, without an algorithm. The rule is ours, the last part of it DARTS' decoder.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PruneConfig {
    /// Largest weight of a candidate that may be removed.
    pub threshold: f64,
    /// Number of epochs in a row in which its weight must not have been larger.
    pub patience: usize,
    /// In-edges that every node keeps, if it has as many.
    pub edges: usize,
    /// Epochs after which one operation remains on each of these edges.
    pub finish_at: usize,
}

impl PruneConfig {
    /// Refuses values that are invalid in a search of `epochs` epochs.
    pub(crate) fn check(&self, epochs: usize, warm_up: usize) -> Result<(), SearchError> {
        let refuse =
            |field, expected, found: String| Err(Refused::new(field, expected, found).into());
        match self {
            _ if !(0.0..1.0).contains(&self.threshold) => {
                refuse("threshold", "a weight of 0 or more, below 1", self.threshold.to_string())
            }
            _ if self.patience == 0 => refuse("patience", "at least 1 epoch", "0".to_owned()),
            _ if self.edges == 0 => refuse("edges", "at least 1 in-edge", "0".to_owned()),
            _ if self.finish_at <= warm_up || self.finish_at > epochs => refuse(
                "finish_at",
                "more epochs than the warm-up, at most those of the search",
                self.finish_at.to_string(),
            ),
            _ => Ok(()),
        }
    }
}

/// The remaining candidates, and those that are about to be removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pruning {
    pub(crate) kept: Kept,
    /// Epochs in a row with a low weight, by cell, edge and operation.
    low: Vec<Vec<Vec<usize>>>,
}

impl Pruning {
    /// With all candidates.
    pub(crate) fn new(space: &Space) -> Self {
        Self::of(Kept::all(space))
    }

    /// With these candidates, none of them about to be removed.
    pub(crate) fn of(kept: Kept) -> Self {
        let low = kept.cells().iter().map(|rows| rows.iter().map(|row| vec![0; row.len()]));
        let low = low.map(Iterator::collect).collect();
        Self { kept, low }
    }

    /// The state after `epochs` epochs, with these weights at the end of the last.
    pub(crate) fn after(
        &mut self,
        epochs: usize,
        (space, table): (&Space, &WeightTable),
        config: &PruneConfig,
    ) {
        if self.kept.is_decided() {
            return;
        }
        for cell in 0..self.low.len() {
            self.remove(cell, (space, table), config);
        }
        if epochs >= config.finish_at {
            self.kept.decide(space, table, config.edges);
        }
    }

    fn remove(
        &mut self,
        cell: usize,
        (space, table): (&Space, &WeightTable),
        config: &PruneConfig,
    ) {
        let weights = &table.cells()[cell].edges;
        let mut ready = Vec::new();
        for (row, low) in self.low[cell].iter_mut().enumerate() {
            for (op, low) in low.iter_mut().enumerate() {
                let weight = weights[row][op];
                *low = if weight <= config.threshold { *low + 1 } else { 0 };
                let candidate = CandidateId { cell, row, op };
                if *low >= config.patience && self.kept.has(candidate) {
                    ready.push((weight, candidate));
                }
            }
        }
        // Stable: of equals the first goes first.
        ready.sort_by(|a, b| a.0.total_cmp(&b.0));
        for (_, candidate) in ready {
            if self.kept.may_lose(space, candidate, config.edges) {
                self.kept.remove(space, candidate);
            }
        }
    }
}

#[cfg(test)]
mod tests;
