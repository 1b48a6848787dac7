//! Too many skip connections in a cell (DARTS+).

use dartloom_space::{OpSpec, Recipe, Space};
use serde::{Deserialize, Serialize};

use super::cells::count;
use super::{Cells, Observed, Reason, StopRule};
use crate::SearchError;

/// Holds when a cell of the decoded architecture has `skips` skip connections or more.
///
/// ```text
/// max over cells c of |{ gene in c : its operation is the identity }| >= skips
/// ```
///
/// A skip connection is an operation whose recipe at stride 1 returns its input.
///
/// Source: Liang et al., *DARTS+: Improved Differentiable Architecture Search with Early Stopping*
/// (2019, arXiv 1909.06035), criterion 1: stop when there are two or more skip connections in one
/// normal cell.
///
/// # Differences from the paper
/// The architecture comes from the search's own decoder, whichever it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SkipCount {
    /// The number of skip connections in one cell that is too many: at least 1.
    pub skips: usize,
    /// The cells to look at.
    pub cells: Cells,
}

impl Default for SkipCount {
    /// DARTS+: two in a normal cell.
    fn default() -> Self {
        Self { skips: 2, cells: Cells::Normal }
    }
}

impl StopRule for SkipCount {
    fn verdict(&self, space: &Space, history: &[Observed]) -> Result<Option<Reason>, SearchError> {
        let Some(now) = history.last() else { return Ok(None) };
        let is_skip = |op: &OpSpec| op.recipe.as_ref().is_some_and(Recipe::is_identity);
        let cells = self.cells.of(space, &now.genotype);
        let mut counts = cells.map(|cell| (count(space, cell, is_skip), &cell.name));
        Ok(counts.find(|&(skips, _)| skips >= self.skips).map(|(skips, cell)| {
            let seen = format!("{skips} skip connections in cell `{cell}`, {} stop", self.skips);
            Reason::new("skip count", seen)
        }))
    }

    fn identity(&self) -> Option<String> {
        super::identity("SkipCount", self)
    }
}
