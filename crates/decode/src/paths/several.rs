//! Several paths at once.

use dartloom_space::{Space, WeightTable};
use serde::{Deserialize, Serialize};

use super::lattice::{Entry, Lattice, MeanOver, Reading, Transitions};
use super::{DecodedPaths, Path, PathCount, PathDecoder, PathNote, Spread};
use crate::{DecodeError, SeveralPaths};

/// The best of all paths, ranked by their mean log-likelihood.
///
/// ```text
/// p(path) = mean of ln w over the weighted links of the path  (`mean`)
/// K       = |{path : p(path) >= mean(p) + 3 sigma(p)}|        (`count`)
/// ```
///
/// with `w` the link weights (`weights.links()`, softmaxed); the `K` paths of the largest `p` stay
/// together. The multi-path decoder of the Preligens study of differentiable search for nested
/// U-Nets (HAL-03343944), section 4.2 and equation 13. The study lists all paths, fewer than 100;
/// here their number, mean and deviation follow without a list
/// ([`Dag::statistics`](crate::Dag::statistics)) and only paths that stay are found, best first
/// ([`Dag::ranked`](crate::Dag::ranked)). More than [`MultiPath::MOST`] may exist, but not stay.
///
/// # Differences from the paper
/// Equation 13 keeps no path at all where there are fewer than ten, whatever their scores (see
/// [`Spread`]), and often above: the best one stays then, and a note says so. The study does not
/// say whether links of weight 1 count in the mean: [`MeanOver`]. Paths with a link of weight 0 are
/// left out of the statistics. Equal paths stand in the order of
/// [`RankedPaths`](crate::RankedPaths), which depends on the network alone: ends as the head reads
/// them, then fewer links that count, then from the end backwards the earlier port and link.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MultiPath {
    /// The ports by which paths enter a cell.
    pub entry: Entry,
    /// The links that scores are means over.
    pub mean: MeanOver,
    /// The rule for the number of paths that stay.
    pub count: PathCount,
}

impl Default for MultiPath {
    /// Equation 13: three population standard deviations above the mean, by any port, over weighted
    /// links.
    fn default() -> Self {
        let count = PathCount::Deviations { factor: 3.0, spread: Spread::Population };
        Self { entry: Entry::AnyPort, mean: MeanOver::WeightedLinks, count }
    }
}

impl MultiPath {
    /// The most paths that may stay.
    pub const MOST: usize = 1 << 18;
}

impl PathDecoder for MultiPath {
    /// # Errors
    /// [`DecodeError::Table`], [`DecodeError::NoLinkWeights`], [`DecodeError::LinkWeight`],
    /// [`DecodeError::PathCount`] for a count that makes no sense, [`DecodeError::TooManyPaths`]
    /// where more than [`MultiPath::MOST`] would stay, and [`DecodeError::NoPath`] when every path
    /// has a link of weight 0 or the head reads no cell.
    fn paths(&self, space: &Space, weights: &WeightTable) -> Result<DecodedPaths, DecodeError> {
        self.count.check()?;
        let transitions = Transitions::LinksIn;
        let reading = Reading { entry: self.entry, transitions, mean: self.mean };
        let lattice = Lattice::new(space, weights, reading)?;
        let found = lattice.dag.several(self.count, Self::MOST)?;
        let paths = found.paths.iter().map(|path| lattice.path(path, path.score));
        let paths: Vec<Path> = paths.collect();
        let links = lattice.kept(&paths);
        Ok(DecodedPaths { paths, links, notes: self.notes(&found) })
    }
}

impl MultiPath {
    fn notes(self, found: &SeveralPaths) -> Vec<PathNote> {
        let number = |count: u128| usize::try_from(count).unwrap_or(usize::MAX);
        let paths = number(found.possible);
        let mut notes = Vec::new();
        if found.impossible > 0 {
            notes.push(PathNote::Impossible { paths: number(found.impossible) });
        }
        if let (0, Some(bound), Some(best)) = (found.asked, found.bound, found.paths.first()) {
            notes.push(PathNote::NoneReached { bound, best: best.score, paths });
        }
        if let PathCount::Fixed(asked) = self.count
            && found.asked > found.possible
        {
            notes.push(PathNote::Fewer { asked, paths });
        }
        notes
    }
}
