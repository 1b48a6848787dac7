//! The lattice of Auto-DeepLab by itself: levels, layers and the transitions between them.

use serde::{Deserialize, Serialize};

use crate::{Dag, DagEdge, DecodeError, TieBreak};

/// The scale of transitions that leave a border of the lattice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Border {
    /// The ways on from every level share 1, as in the paper.
    #[default]
    Shared,
    /// Those from the finest and from the coarsest level share 2/3, as in the released ports:
    /// three equal transitions are then worth as much each as two, and paths along the border are
    /// worth less.
    TwoThirds,
}

/// Shares of the transitions between levels, layer by layer.
///
/// A path starts at level 0, the finest, before layer 0 and takes one transition per layer, to the
/// next finer, the same or the next coarser level; so layer `l` reads the levels
/// `0..=min(l, S - 1)` of `S`. With `b` the logits (`betas[l][s]`, for the transitions to the
/// finer, the same and the coarser level):
///
/// ```text
/// w(l, s, t) = f exp b(l, s, t) / sum_t' exp b(l, s, t')      t, t' over the levels there are
/// f          = 1, or 2/3 at the finest and the coarsest level (`Border`)
/// path       = argmax of the product of w over its transitions
/// ```
///
/// Liu et al., *Auto-DeepLab*, CVPR 2019, sections 3.2 and 4.2.
///
/// # Differences from the paper
/// None with [`Border::Shared`]. Released ports have [`Border::TwoThirds`].
#[derive(Clone, Debug, PartialEq)]
pub struct LevelShares {
    shares: Vec<Vec<[f64; 3]>>,
}

/// A path through the levels.
#[derive(Clone, Debug, PartialEq)]
pub struct LevelPath {
    /// The level of every layer's cell.
    pub levels: Vec<usize>,
    /// Sum of the logarithms of its transitions' shares.
    pub log_likelihood: f64,
}

impl LevelShares {
    /// Shares from logits `betas[layer][level]`, each to the finer, the same and the coarser level.
    /// Logits of transitions that do not exist, or that no path takes, are not looked at.
    ///
    /// # Errors
    /// [`DecodeError::Levels`] for rows of different length or none, or a logit that is looked at
    /// and is not finite.
    pub fn from_logits(betas: &[Vec<[f64; 3]>], border: Border) -> Result<Self, DecodeError> {
        let levels = checked(betas)?;
        let mut shares = Vec::with_capacity(betas.len());
        for (layer, rows) in betas.iter().enumerate() {
            let mut own = vec![[0.0; 3]; levels];
            for level in read(layer, levels) {
                let mut logits = rows[level];
                for (direction, logit) in logits.iter_mut().enumerate() {
                    match target(level, direction, levels) {
                        None => *logit = f64::NEG_INFINITY,
                        Some(_) if logit.is_finite() => {}
                        Some(_) => {
                            let found = format!("{logit} at level {level}");
                            return Err(DecodeError::Levels { layer, expected: "finite", found });
                        }
                    }
                }
                let at_border = level == 0 || level + 1 == levels;
                let factor = if at_border && border == Border::TwoThirds { 2.0 / 3.0 } else { 1.0 };
                own[level] = softmax(logits).map(|share| factor * share);
            }
            shares.push(own);
        }
        Ok(Self { shares })
    }

    /// The shares as they are: 0 where there is no transition.
    ///
    /// # Errors
    /// [`DecodeError::Levels`] for rows of different length or none, or a share that is negative or
    /// not finite.
    pub fn new(shares: Vec<Vec<[f64; 3]>>) -> Result<Self, DecodeError> {
        checked(&shares)?;
        for (layer, rows) in shares.iter().enumerate() {
            let bad = |share: &&f64| !(share.is_finite() && **share >= 0.0);
            if let Some(share) = rows.iter().flatten().find(bad) {
                let found = share.to_string();
                return Err(DecodeError::Levels { layer, expected: "shares of 0 or more", found });
            }
        }
        Ok(Self { shares })
    }

    /// Shares by layer, level and direction (finer, same, coarser).
    pub fn shares(&self) -> &[Vec<[f64; 3]>] {
        &self.shares
    }

    /// The lattice as a graph: node 0 stands before layer 0, then every layer has one node per
    /// level. Edges into a node lead from the coarser, the same and the finer level, in this order;
    /// sinks are the levels of the last layer from the finest on.
    ///
    /// # Errors
    /// [`DecodeError::Dag`].
    pub fn dag(&self) -> Result<Dag, DecodeError> {
        let levels = self.levels();
        let mut edges = Vec::new();
        for (layer, rows) in self.shares.iter().enumerate() {
            for to in 0..levels {
                for level in read(layer, levels).rev() {
                    let directions = (0..3).filter(|&way| target(level, way, levels) == Some(to));
                    edges.extend(directions.map(|direction| DagEdge {
                        from: if layer == 0 { 0 } else { 1 + (layer - 1) * levels + level },
                        to: 1 + layer * levels + to,
                        log: rows[level][direction].ln(),
                        counts: true,
                    }));
                }
            }
        }
        let layers = self.shares.len();
        let sinks = (0..levels).map(|level| 1 + (layers - 1) * levels + level).collect();
        Dag::new(1 + layers * levels, edges, &[0], sinks).map_err(DecodeError::Dag)
    }

    /// The path of the largest product of shares. Of equal ways `ties` chooses; in the order of
    /// [`LevelShares::dag`] the first comes from the coarser level, and the first end is the
    /// finest, as the released ports have it.
    ///
    /// # Errors
    /// [`DecodeError::NoPath`] when every path has a share of 0; [`DecodeError::Dag`].
    pub fn best(&self, ties: TieBreak) -> Result<LevelPath, DecodeError> {
        let path = self.dag()?.best(ties).ok_or(DecodeError::NoPath)?.path;
        let level = |node: &usize| (node - 1) % self.levels();
        let levels = path.nodes.iter().skip(1).map(level).collect();
        Ok(LevelPath { levels, log_likelihood: path.log_likelihood })
    }

    fn levels(&self) -> usize {
        self.shares.first().map_or(0, Vec::len)
    }
}

/// The number of levels of a table that has as many in every layer.
fn checked(rows: &[Vec<[f64; 3]>]) -> Result<usize, DecodeError> {
    let levels = rows.first().map_or(0, Vec::len);
    let refuse = |layer, found: usize| {
        let expected = "as many levels as layer 0, and one or more";
        Err(DecodeError::Levels { layer, expected, found: found.to_string() })
    };
    if levels == 0 {
        return refuse(0, 0);
    }
    match rows.iter().position(|row| row.len() != levels) {
        Some(layer) => refuse(layer, rows[layer].len()),
        None => Ok(levels),
    }
}

/// The levels that a layer reads.
fn read(layer: usize, levels: usize) -> std::ops::Range<usize> {
    0..levels.min(layer + 1)
}

/// The level that a transition leads to: direction 0 to the finer, 1 to the same, 2 to the coarser.
fn target(level: usize, direction: usize, levels: usize) -> Option<usize> {
    (level + direction).checked_sub(1).filter(|&to| to < levels)
}

fn softmax(logits: [f64; 3]) -> [f64; 3] {
    let largest = logits.into_iter().fold(f64::NEG_INFINITY, f64::max);
    let powers = logits.map(|logit| (logit - largest).exp());
    let sum: f64 = powers.iter().sum();
    powers.map(|power| power / sum)
}

#[cfg(test)]
mod tests;
