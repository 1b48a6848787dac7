//! Operations whose order no longer changes (DARTS+).

use dartloom_space::Space;
use serde::{Deserialize, Serialize};

use super::{Observed, Reason, StopRule, last};
use crate::SearchError;

/// Holds when on every edge the operations that learn stand in the same order, by weight, as in
/// each of the `epochs` epochs before.
///
/// ```text
/// rank_e(t) = rank_e(t - k)    for all edges e and k = 1, ..., epochs
/// ```
///
/// where `rank_e(t)` lists the operations with weights of their own on edge `e`, heaviest first, at
/// the end of epoch `t`; equally heavy ones stand in the order of the set.
///
/// Source: Liang et al., *DARTS+: Improved Differentiable Architecture Search with Early Stopping*
/// (2019, arXiv 1909.06035), criterion 1\*: stop when the ranking of the learnable operations has
/// been stable for a number of epochs, for example 10.
///
/// # Differences from the paper
/// In a space with fewer than two operations that learn there is nothing to rank, and the rule
/// never holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RankStability {
    /// Epochs without a change: at least 1.
    pub epochs: usize,
}

impl Default for RankStability {
    /// DARTS+: ten epochs.
    fn default() -> Self {
        Self { epochs: 10 }
    }
}

impl StopRule for RankStability {
    fn verdict(&self, space: &Space, history: &[Observed]) -> Result<Option<Reason>, SearchError> {
        let ops = space.op_set().ops().iter().enumerate();
        let learning: Vec<usize> =
            ops.filter(|(_, op)| !op.is_parameter_free()).map(|(column, _)| column).collect();
        let Some((now, before)) = last(history, self.epochs) else { return Ok(None) };
        let order = ranking(now, &learning);
        let stable = before.iter().all(|then| ranking(then, &learning) == order);
        let holds = learning.len() > 1 && stable;
        Ok(holds.then(|| {
            let count = learning.len();
            let epochs = self.epochs;
            let seen = format!("{count} operations in the same order for {epochs} epochs");
            Reason::new("rank stability", seen)
        }))
    }

    fn identity(&self) -> Option<String> {
        super::identity("RankStability", self)
    }
}

/// For every edge of every cell the given columns, heaviest first.
fn ranking(at: &Observed, columns: &[usize]) -> Vec<Vec<usize>> {
    let rows = at.weights.cells().iter().flat_map(|cell| &cell.edges);
    rows.map(|row| {
        let mut order = columns.to_vec();
        // Stable: equally heavy operations stay in the order of the set.
        order.sort_by(|&a, &b| row[b].total_cmp(&row[a]));
        order
    })
    .collect()
}
