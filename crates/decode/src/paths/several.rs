//! Several paths at once.

use dartloom_space::{Source, Space, WeightTable};
use serde::{Deserialize, Serialize};

use super::lattice::{Entry, Lattice, Transitions};
use super::{DecodedPaths, Path, PathCount, PathDecoder, PathNote, Spread};
use crate::DecodeError;

/// The best of all paths, ranked by their mean log-likelihood.
///
/// ```text
/// p(path) = mean of ln w over the weighted links of the path
/// K       = |{path : p(path) >= mean(p) + 3 sigma(p)}|        (`count`)
/// ```
///
/// with `w` the link weights (`weights.links()`, softmaxed); the `K` paths of the largest `p` stay
/// together. The multi-path decoder of the Preligens study of differentiable search for nested
/// U-Nets (HAL-03343944), section 4.2 and equation 13. All paths are enumerated, which the study
/// does for fewer than 100; here more than [`MultiPath::MOST`] are refused before they are.
///
/// # Differences from the paper
/// Equation 13 keeps no path at all where there are fewer than ten, whatever their scores (see
/// [`Spread`]), and often above: the best one stays then, and a note says so. A path without
/// weighted links has score 0, certainty. Paths with a link of weight 0 are left out of the
/// statistics. Equal paths stand in an order that
/// depends on the network alone.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MultiPath {
    /// The ports by which paths enter a cell.
    pub entry: Entry,
    /// The rule for the number of paths that stay.
    pub count: PathCount,
}

impl Default for MultiPath {
    /// Equation 13: three population standard deviations above the mean, by any port.
    fn default() -> Self {
        let count = PathCount::Deviations { factor: 3.0, spread: Spread::Population };
        Self { entry: Entry::AnyPort, count }
    }
}

impl MultiPath {
    /// The most paths that are enumerated.
    pub const MOST: u64 = 1 << 18;
}

impl PathDecoder for MultiPath {
    /// # Errors
    /// [`DecodeError::Table`], [`DecodeError::NoLinkWeights`], [`DecodeError::LinkWeight`],
    /// [`DecodeError::PathCount`] for a count that makes no sense, [`DecodeError::TooManyPaths`],
    /// and [`DecodeError::NoPath`] when every path has a link of weight 0 or the head reads no
    /// cell.
    fn paths(&self, space: &Space, weights: &WeightTable) -> Result<DecodedPaths, DecodeError> {
        self.count.check()?;
        let lattice = Lattice::new(space, weights, (self.entry, Transitions::LinksIn))?;
        let counts = lattice.counts();
        let found = lattice.ends.iter().map(|&end| counts[end]).fold(0, u64::saturating_add);
        if found > Self::MOST {
            return Err(DecodeError::TooManyPaths { found, most: Self::MOST });
        }
        let mut paths = enumerate(&lattice);
        let all = paths.len();
        paths.retain(|path| path.score.is_finite());
        if paths.is_empty() {
            return Err(DecodeError::NoPath);
        }
        let mut notes = Vec::new();
        if paths.len() < all {
            notes.push(PathNote::Impossible { paths: all - paths.len() });
        }
        // Stable: equal paths keep the order in which they were found.
        paths.sort_by(|a, b| b.score.total_cmp(&a.score));
        let scores: Vec<f64> = paths.iter().map(|path| path.score).collect();
        let (count, bound) = self.count.of(&scores);
        if let (0, Some(bound)) = (count, bound) {
            notes.push(PathNote::NoneReached { bound, best: scores[0], paths: scores.len() });
        }
        if let PathCount::Fixed(asked) = self.count
            && asked > paths.len()
        {
            notes.push(PathNote::Fewer { asked, paths: paths.len() });
        }
        paths.truncate(count.max(1));
        let links = lattice.kept(&paths);
        Ok(DecodedPaths { paths, links, notes })
    }
}

/// Every path, from its end backwards; each is finished when it reaches the stem.
fn enumerate(lattice: &Lattice) -> Vec<Path> {
    let mut finished = Vec::new();
    for &end in &lattice.ends {
        let start = Path { placements: vec![end], links: Vec::new(), score: 0.0 };
        let mut open = vec![(end, start)];
        while let Some((at, path)) = open.pop() {
            for step in &lattice.steps[at] {
                let mut longer = path.clone();
                if let Some(link) = step.link {
                    longer.links.push(link);
                    longer.score += step.log;
                }
                match step.source {
                    Source::Stem(_) => finished.push(forward(longer)),
                    Source::Cell(earlier) => {
                        longer.placements.push(earlier);
                        open.push((earlier, longer));
                    }
                }
            }
        }
    }
    finished
}

/// A path that was walked backwards, with the mean of its logarithms.
fn forward(mut path: Path) -> Path {
    path.placements.reverse();
    path.links.reverse();
    path.score /= path.links.len().max(1) as f64;
    path
}
