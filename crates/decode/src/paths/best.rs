//! The most probable path.

use dartloom_space::{Source, Space, WeightTable};
use serde::{Deserialize, Serialize};

use super::lattice::{Entry, Lattice, Step, Transitions};
use super::{DecodedPaths, Path, PathDecoder, PathNote};
use crate::policy::Place;
use crate::rank::Ranking;
use crate::{DecodeError, TieBreak};

/// The path of the largest product of link weights, by the algorithm of Viterbi.
///
/// With `w(i, j)` the weight of the link from cell `i` into cell `j` (`weights.links()`, softmaxed)
/// and 1 for links that are no choice:
///
/// ```text
/// p(i, j) = w(i, j) / sum_j' w(i, j')                     (`transitions`; or w(i, j) itself)
/// s_j = max_i s_i + ln p(i, j)        s = 0 at the stem, j in the order of placement
/// end = argmax s_j over the cells that the head reads
/// ```
///
/// and back along the maxima. Liu et al., *Auto-DeepLab*, CVPR 2019, where a cell is
/// entered from the layer before at the finer, the same or the coarser level. Sums of logarithms
/// do not underflow. Cost: `O(L)` for `L` links.
///
/// # Differences from the paper
/// The paper's weights are softmaxed over the transitions that leave a cell, a table's rows are the
/// links into one: [`Transitions::LinksOut`] divides again, so that ways on from a cell share 1 as
/// in the paper. Released ports of the method scale rows at the border by 2/3 instead; no option
/// does that here. The paper does not speak of ties; here sources count in the order of the port,
/// so [`TieBreak::LowestIndex`] prefers the finer level, and the finest end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BestPath {
    /// The ports by which the path enters a cell.
    pub entry: Entry,
    /// The conversion of link weights to probabilities.
    pub transitions: Transitions,
    /// The rule that chooses among equal ways.
    pub ties: TieBreak,
}

impl Default for BestPath {
    /// Auto-DeepLab's rule: by the last port, shares of the ways on, the first of equal ways.
    fn default() -> Self {
        let entry = Entry::LastPort;
        let transitions = Transitions::LinksOut;
        Self { entry, transitions, ties: TieBreak::LowestIndex }
    }
}

impl PathDecoder for BestPath {
    /// # Errors
    /// [`DecodeError::Table`], [`DecodeError::NoLinkWeights`], [`DecodeError::LinkWeight`], and
    /// [`DecodeError::NoPath`] when every path has a link of weight 0 or the head reads no cell.
    fn paths(&self, space: &Space, weights: &WeightTable) -> Result<DecodedPaths, DecodeError> {
        let lattice = Lattice::new(space, weights, (self.entry, self.transitions))?;
        let mut notes = Vec::new();
        let mut best: Vec<(Option<Step>, f64)> = Vec::with_capacity(lattice.steps.len());
        for (index, into) in lattice.steps.iter().enumerate() {
            let score = |step: &Step| match step.source {
                Source::Stem(_) => step.log,
                Source::Cell(earlier) => best[earlier].1 + step.log,
            };
            let scores: Vec<f64> = into.iter().map(score).collect();
            let chosen = self.choose(&scores, Some(index), &mut notes);
            best.push(match chosen {
                Some(way) => (Some(into[way]), scores[way]),
                None => (None, f64::NEG_INFINITY),
            });
        }
        let ends: Vec<f64> = lattice.ends.iter().map(|&end| best[end].1).collect();
        let end = self.choose(&ends, None, &mut notes).ok_or(DecodeError::NoPath)?;
        let path = back(&best, lattice.ends[end]);
        // Ties elsewhere did not matter.
        notes.retain(|note| match note {
            PathNote::Tie { placement: Some(cell), .. } => path.placements.contains(cell),
            _ => true,
        });
        let links = lattice.kept(std::slice::from_ref(&path));
        Ok(DecodedPaths { paths: vec![path], links, notes })
    }
}

impl BestPath {
    /// Position of the best score; `None` when there is none above minus infinity.
    fn choose(
        &self,
        scores: &[f64],
        placement: Option<usize>,
        notes: &mut Vec<PathNote>,
    ) -> Option<usize> {
        let candidates = scores.iter().copied().enumerate();
        let candidates: Vec<(usize, f64)> =
            candidates.filter(|(_, score)| score.is_finite()).collect();
        let ranked = Ranking::new(&candidates, self.ties, Place::Path { placement });
        let ways = ranked.groups().next()?.len();
        if ways > 1 {
            notes.push(PathNote::Tie { placement, ways, by: self.ties });
        }
        ranked.best().map(|(way, _)| way)
    }
}

fn back(best: &[(Option<Step>, f64)], end: usize) -> Path {
    let mut placements = vec![end];
    let mut links = Vec::new();
    let mut at = end;
    while let Some(step) = best[at].0 {
        links.extend(step.link);
        match step.source {
            Source::Stem(_) => break,
            Source::Cell(earlier) => at = earlier,
        }
        placements.push(at);
    }
    placements.reverse();
    links.reverse();
    Path { placements, links, score: best[end].1 }
}
