//! Architectures that compute hardly anything.

use dartloom_space::{OpSpec, Space};
use serde::{Deserialize, Serialize};

use super::cells::count;
use super::{Cells, Observed, Reason, StopRule};
use crate::SearchError;

/// Holds when more than `share` of the genes of the decoded architecture have no weights.
///
/// ```text
/// |{ gene : its operation has no weights at stride 1 }| / |{ gene }| > share
/// ```
///
/// over the genes of the chosen cells together: skip connections, pooling, "none".
///
/// Source: that DARTS, searched for too long, fills cells with such operations is told in Zela et
/// al., *Understanding and Robustifying Differentiable Architecture Search* (2020, arXiv
/// 1909.09656), and in Liang et al., *DARTS+* (2019, arXiv 1909.06035). The threshold is ours: the
/// published normal cells of DARTS (second order) and PC-DARTS have two such genes of eight.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Collapse {
    /// The largest share that is not a collapse, from 0 to below 1.
    pub share: f64,
    /// The cells to look at.
    pub cells: Cells,
}

impl Default for Collapse {
    /// More than half in normal cells.
    fn default() -> Self {
        Self { share: 0.5, cells: Cells::Normal }
    }
}

impl StopRule for Collapse {
    fn verdict(&self, space: &Space, history: &[Observed]) -> Result<Option<Reason>, SearchError> {
        let Some(now) = history.last() else { return Ok(None) };
        let cells = || self.cells.of(space, &now.genotype);
        let all: usize = cells().map(|cell| cell.genes.len()).sum();
        let free: usize = cells().map(|cell| count(space, cell, OpSpec::is_parameter_free)).sum();
        let holds = free as f64 > self.share * all as f64;
        Ok(holds.then(|| {
            let seen = format!("{free} of {all} operations have no weights");
            Reason::new("collapse", seen)
        }))
    }

    fn identity(&self) -> Option<String> {
        super::identity("Collapse", self)
    }
}
