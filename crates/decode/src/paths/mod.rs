//! The choice of links between cells: paths through a network that leaves choices.

mod best;
mod budget;
mod count;
mod feasible;
mod lattice;
mod linked;
mod several;

use std::fmt::{self, Debug};

use dartloom_space::{Head, Links, Network, PortLinks, Source, Space, WeightTable};
use serde::{Deserialize, Serialize};

pub use best::BestPath;
pub use budget::{BudgetSize, LinkBudget};
pub(crate) use count::Kept;
pub use count::{PathCount, Spread};
pub use feasible::FeasibleTopology;
pub use lattice::{Entry, MeanOver, Transitions};
pub use linked::Linked;
pub use several::MultiPath;

use crate::{DecodeError, Decoded, Decoder, TieBreak};

/// A rule that turns link weights into the links that stay.
///
/// Path decoders are pure, as [`Decoder`]s are: equal arguments give equal results.
pub trait PathDecoder: Debug {
    /// The paths that the link weights of `weights` select in the network of `space`.
    ///
    /// # Errors
    /// [`DecodeError::Table`] when the table does not fit the space, [`DecodeError::NoLinkWeights`]
    /// and [`DecodeError::LinkWeight`] for link weights that are missing or negative; otherwise as
    /// the implementation says.
    fn paths(&self, space: &Space, weights: &WeightTable) -> Result<DecodedPaths, DecodeError>;

    /// The same where `cells` chooses the operations, which a [budget](LinkBudget) counts. Rules
    /// without one give [`PathDecoder::paths`].
    ///
    /// # Errors
    /// As [`PathDecoder::paths`], and those of `cells`.
    fn paths_beside(
        &self,
        space: &Space,
        weights: &WeightTable,
        cells: &dyn Decoder,
    ) -> Result<DecodedPaths, DecodeError> {
        let _ = cells;
        self.paths(space, weights)
    }

    /// A text that changes whenever the results of this decoder change, as
    /// [`Decoder::identity`].
    fn identity(&self) -> Option<String> {
        None
    }
}

impl<T: PathDecoder + ?Sized> PathDecoder for &T {
    fn paths(&self, space: &Space, weights: &WeightTable) -> Result<DecodedPaths, DecodeError> {
        (**self).paths(space, weights)
    }

    fn paths_beside(
        &self,
        space: &Space,
        weights: &WeightTable,
        cells: &dyn Decoder,
    ) -> Result<DecodedPaths, DecodeError> {
        (**self).paths_beside(space, weights, cells)
    }

    fn identity(&self) -> Option<String> {
        (**self).identity()
    }
}

impl<T: PathDecoder + ?Sized> PathDecoder for Box<T> {
    fn paths(&self, space: &Space, weights: &WeightTable) -> Result<DecodedPaths, DecodeError> {
        (**self).paths(space, weights)
    }

    fn paths_beside(
        &self,
        space: &Space,
        weights: &WeightTable,
        cells: &dyn Decoder,
    ) -> Result<DecodedPaths, DecodeError> {
        (**self).paths_beside(space, weights, cells)
    }

    fn identity(&self) -> Option<String> {
        (**self).identity()
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
    /// The score by which the rule ranks it.
    pub score: f64,
}

/// Paths that stay, and the consequences for every choice of the network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DecodedPaths {
    /// The paths, best first.
    pub paths: Vec<Path>,
    /// Links that stay, one ascending row per choice ([`Network::choices`]): those on a path or, if
    /// no path passes, the heaviest.
    pub links: Vec<Vec<usize>>,
    /// Remarks on decisions that were close or had to be made up.
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
        /// The number of equal ways.
        ways: usize,
        /// The rule that broke the tie.
        by: TieBreak,
    },
    /// The statistical rule kept no path; the best one stays.
    NoneReached {
        /// The bound that no score reached.
        bound: f64,
        /// The best score.
        best: f64,
        /// Possible paths in all; the largest number where there are more.
        paths: usize,
    },
    /// Fewer paths than were to stay: all of them do.
    Fewer {
        /// The number that were to stay.
        asked: usize,
        /// Possible paths in all.
        paths: usize,
    },
    /// Paths that a link of weight 0 rules out.
    Impossible {
        /// The number of such paths; the largest number where there are more.
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
    /// The links that stay in `network`, and the ends that its head reads.
    ///
    /// # Errors
    /// [`DecodeError::Genotype`] when the links are not those of this network.
    pub fn links_in(&self, network: &Network) -> Result<Links, DecodeError> {
        let choices = network.choices();
        let ports = choices.zip(&self.links).map(|(choice, kept)| PortLinks {
            placement: choice.port.placement,
            port: choice.port.port,
            kept: kept.clone(),
        });
        let links = Links { ports: ports.collect(), head: self.ends(network) };
        network.chosen(&links).map_err(DecodeError::Genotype)?;
        Ok(links)
    }

    /// Positions of the head's sources at which paths end; empty for all of them.
    fn ends(&self, network: &Network) -> Vec<usize> {
        let sources = match network.head() {
            Head::Pooled { .. } => return Vec::new(),
            Head::PerPixel { sources, .. } => sources,
        };
        let ends = |source: &Source| match source {
            Source::Cell(cell) => {
                self.paths.iter().any(|path| path.placements.last() == Some(cell))
            }
            Source::Stem(_) => false,
        };
        let ends: Vec<usize> = (0..sources.len()).filter(|&at| ends(&sources[at])).collect();
        if ends.len() == sources.len() { Vec::new() } else { ends }
    }

    /// The network of the paths. Other links and ends of the head are gone, and with them the
    /// placements that nothing needs any more. Links that are not a choice stay, and with them the
    /// cells they read, such as the cells two layers before in Auto-DeepLab's lattice.
    ///
    /// # Errors
    /// [`DecodeError::Genotype`] when the links are not those of this network.
    pub fn network(&self, network: &Network) -> Result<Network, DecodeError> {
        network.chosen(&self.links_in(network)?).map_err(DecodeError::Genotype)
    }
}

/// Decodes links, then cells: one architecture of `space` that names the links it keeps
/// ([`Genotype::links`](dartloom_space::Genotype::links)).
///
/// # Errors
/// The two decoders' errors.
pub fn decode_network(
    space: &Space,
    weights: &WeightTable,
    links: &dyn PathDecoder,
    cells: &dyn Decoder,
) -> Result<Decoded, DecodeError> {
    let kept = links.paths_beside(space, weights, cells)?.links_in(space.network())?;
    let network = space.network().chosen(&kept).map_err(DecodeError::Genotype)?;
    // What a network costs depends on its links, and limits on cells count them.
    let inside = space.with_network(network).map_err(DecodeError::Genotype)?;
    let table = WeightTable::new(weights.ops().to_vec(), weights.cells().to_vec());
    let decoded = cells.decode(&inside, &table.map_err(DecodeError::Table)?)?;
    if kept.is_empty() {
        return Ok(decoded);
    }
    let genotype = space.genotype(decoded.genotype.cells().to_vec());
    let genotype = genotype.and_then(|genotype| genotype.with_links(kept));
    Ok(Decoded { genotype: genotype.map_err(DecodeError::Genotype)?, ..decoded })
}

#[cfg(test)]
mod tests;
