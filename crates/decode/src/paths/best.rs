//! The most probable path.

use dartloom_space::{Space, WeightTable};
use serde::{Deserialize, Serialize};

use super::lattice::{Entry, Lattice, MeanOver, Reading, Transitions};
use super::{DecodedPaths, PathDecoder, PathNote};
use crate::{DagTie, DecodeError, TieBreak};

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
/// in the paper. Ports of the method scale rows at the border by 2/3 instead, as
/// [`LevelShares`](crate::LevelShares) does on request. The paper does not speak of ties; here
/// sources count in the order of the port, so [`TieBreak::LowestIndex`] prefers the finer level,
/// and the finest end.
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
        let Self { entry, transitions, ties } = *self;
        let reading = Reading { entry, transitions, mean: MeanOver::default() };
        let lattice = Lattice::new(space, weights, reading)?;
        let best = lattice.dag.best(ties).ok_or(DecodeError::NoPath)?;
        let note = |tie: &DagTie| PathNote::Tie {
            placement: tie.node.and_then(|node| lattice.placement(node)),
            ways: tie.ways,
            by: ties,
        };
        let notes = best.ties.iter().map(note).collect();
        let paths = vec![lattice.path(&best.path, best.path.log_likelihood)];
        let links = lattice.kept(&paths);
        Ok(DecodedPaths { paths, links, notes })
    }
}
