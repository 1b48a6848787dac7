//! Which links between cells stay: paths through a network that leaves choices.

mod best;
mod count;
mod lattice;
mod several;

use std::fmt::{self, Debug};

use dartloom_space::{Head, Network, Source, Space, WeightTable};
use serde::{Deserialize, Serialize};

pub use best::BestPath;
pub use count::{PathCount, Spread};
pub use lattice::{Entry, Transitions};
pub use several::MultiPath;

use crate::{DecodeError, Decoded, Decoder, TieBreak};

/// A rule that turns link weights into the links that stay.
///
/// Path decoders are pure, as [`Decoder`]s are: equal arguments give equal results.
pub trait PathDecoder: Debug {
    /// The paths that the link weights of `weights` stand for in the network of `space`.
    ///
    /// # Errors
    /// [`DecodeError::Table`] when the table does not fit the space, [`DecodeError::NoLinkWeights`]
    /// and [`DecodeError::LinkWeight`] for link weights that are missing or negative; otherwise as
    /// the implementation says.
    fn paths(&self, space: &Space, weights: &WeightTable) -> Result<DecodedPaths, DecodeError>;
}

impl<T: PathDecoder + ?Sized> PathDecoder for &T {
    fn paths(&self, space: &Space, weights: &WeightTable) -> Result<DecodedPaths, DecodeError> {
        (**self).paths(space, weights)
    }
}

impl<T: PathDecoder + ?Sized> PathDecoder for Box<T> {
    fn paths(&self, space: &Space, weights: &WeightTable) -> Result<DecodedPaths, DecodeError> {
        (**self).paths(space, weights)
    }
}

/// A way from the stem to the head.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Path {
    /// Indices of the placements it passes, in order.
    pub placements: Vec<usize>,
    /// The weighted links it takes, as (row of the choice, link), in order.
    pub links: Vec<(usize, usize)>,
    /// What the rule ranks it by.
    pub score: f64,
}

/// Paths that stay, and what follows for every choice of the network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DecodedPaths {
    /// The paths, best first.
    pub paths: Vec<Path>,
    /// Links that stay, one ascending row per choice ([`Network::choices`]): those on a path; where
    /// no path passes, the heaviest.
    pub links: Vec<Vec<usize>>,
    /// What was close or had to be made up.
    pub notes: Vec<PathNote>,
}

/// A remark on paths.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum PathNote {
    /// Equal ways into a placement, or to the head.
    Tie {
        /// The placement; `None` for the head.
        placement: Option<usize>,
        /// How many are equal.
        ways: usize,
        /// How the tie was broken.
        by: TieBreak,
    },
    /// The statistical rule kept no path; the best one stays.
    NoneReached {
        /// The bound that no score reached.
        bound: f64,
        /// The best score.
        best: f64,
        /// Paths in all.
        paths: usize,
    },
    /// Fewer paths than were to stay: all of them do.
    Fewer {
        /// How many were to stay.
        asked: usize,
        /// Paths in all.
        paths: usize,
    },
    /// Paths that a link of weight 0 rules out.
    Impossible {
        /// How many.
        paths: usize,
    },
}

impl fmt::Display for PathNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tie { placement: Some(cell), ways, by } => {
                write!(f, "cell {cell}: {ways} equal ways in ({by:?})")
            }
            Self::Tie { placement: None, ways, by } => {
                write!(f, "head: {ways} equal ends ({by:?})")
            }
            Self::NoneReached { bound, best, paths } => write!(
                f,
                "none of {paths} paths reaches {bound:.3e}; the best, at {best:.3e}, is kept"
            ),
            Self::Fewer { asked, paths } => {
                write!(f, "{asked} paths were to stay, but there are {paths}")
            }
            Self::Impossible { paths } => write!(f, "{paths} paths have a link of weight 0"),
        }
    }
}

impl DecodedPaths {
    /// The network of the paths: other links and ends of the head are gone, and with them the
    /// placements that nothing needs any more. Links that are no choice stay, and with them what
    /// they read: the cells two layers before in Auto-DeepLab's lattice.
    ///
    /// # Errors
    /// [`DecodeError::Genotype`] when the links are not those of this network.
    pub fn network(&self, network: &Network) -> Result<Network, DecodeError> {
        let kept = network.with_links(&self.links).map_err(DecodeError::Genotype)?;
        let head = match network.head() {
            Head::Pooled { source } => Head::Pooled { source: *source },
            Head::PerPixel { sources, resize } => {
                let ends = |source: &Source| match source {
                    Source::Cell(cell) => {
                        self.paths.iter().any(|path| path.placements.last() == Some(cell))
                    }
                    Source::Stem(_) => false,
                };
                let ends: Vec<Source> = sources.iter().copied().filter(ends).collect();
                let sources = if ends.is_empty() { sources.clone() } else { ends };
                Head::PerPixel { sources, resize: *resize }
            }
        };
        Ok(kept.with_head(head).map_err(DecodeError::Genotype)?.pruned())
    }
}

/// Decodes links, then cells: the space whose network has only the links that stay, and the
/// architecture of its cells.
///
/// # Errors
/// The two decoders' errors.
pub fn decode_network(
    space: &Space,
    weights: &WeightTable,
    links: &dyn PathDecoder,
    cells: &dyn Decoder,
) -> Result<(Space, Decoded), DecodeError> {
    let network = links.paths(space, weights)?.network(space.network())?;
    let space = space.with_network(network).map_err(DecodeError::Genotype)?;
    let table = WeightTable::new(weights.ops().to_vec(), weights.cells().to_vec());
    let decoded = cells.decode(&space, &table.map_err(DecodeError::Table)?)?;
    Ok((space, decoded))
}

#[cfg(test)]
mod tests;
