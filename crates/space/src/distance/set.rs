//! The distance of the D-DARTS paper.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::pairing::nodes;
use super::{EdgeSet, OpScores, Pairing};
use crate::{Genotype, SpaceError};

/// The divisor of a weighted Hamming distance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Scale {
    /// The sum of all scores: the share of the weight that differs, 0 to 1 (released code).
    #[default]
    Share,
    /// The number of operations: the mean score of what differs, 0 to the mean of all scores
    /// (paper, algorithm 2).
    Mean,
}

/// The distance `M` of Heuillet et al., *D-DARTS*, section 4.5.
///
/// With `w_o` the scores of the operations (`scores`), `n` of them, an edge a set of operations, a
/// cell `X` the set of its edges ([`EdgeSet`]) and `C_i` the cells that `pairing` compares:
///
/// ```text
/// h(u, v)    = sum of w_o over the o in exactly one of u and v, divided by
///              sum w_o (Scale::Share) or n (Scale::Mean)             algorithm 2
/// d_H(X, Y)  = max_(x in X) min_(y in Y) h(x, y)                     directed
/// M_H(X, Y)  = max(d_H(X, Y), d_H(Y, X))                             equations 11 and 12
/// M(A, B)    = mean_i M_H(C_i^A, C_i^B)                              equation 13
/// ```
///
/// `M` does not see where an edge leads nor how many are alike: it is symmetric, and among chains
/// of one length it keeps the triangle inequality, but different cells may be at distance 0
/// ([`PositionDistance`](super::PositionDistance) tells them apart). The published scores are so
/// close to each other that `M` is in effect the number of operations by which the worst matched
/// edge differs, divided by 12. Cost: `O(E^2)` comparisons for `E` edges.
///
/// # Differences from the paper
/// - The paper calls `M` a metric with `M(A, B) = 0` only for equal architectures; that does not
///   hold. Its equation 11 is symmetric already, so that equation 12 adds nothing; its parts are
///   the directed distances here.
/// - The paper divides by the number of operations, its released code by the sum of the scores, a
///   factor of about 83 between the two; the published figures are of the latter scale.
/// - The paper's cells are equally many. The released code compares as far as the shorter list
///   goes; [`Pairing::Positions`] refuses, [`Pairing::Shorter`] and [`Pairing::Listed`] do as the
///   code.
/// - Edges without an operation are compared like others, as in the released code. A genotype's
///   cells all have as many nodes as its largest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetDistance {
    /// The weights of operations.
    pub scores: OpScores,
    /// The divisor.
    #[serde(default)]
    pub scale: Scale,
    /// The rule by which cells are paired.
    #[serde(default)]
    pub pairing: Pairing,
}

/// The distance of two cells.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CellDistance {
    /// From the first to the second: the largest distance of an edge of the first to its nearest
    /// edge of the second.
    pub forward: f64,
    /// From the second to the first.
    pub backward: f64,
}

impl CellDistance {
    /// The larger of both (`M_H`).
    pub fn symmetric(self) -> f64 {
        self.forward.max(self.backward)
    }
}

/// The distances of two genotypes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetDistances {
    /// Of the cells that were compared, at least one pair, in order.
    pub cells: Vec<CellDistance>,
    /// Cells of the longer genotype that were not compared.
    pub left_out: usize,
}

impl SetDistances {
    /// The mean over the cells (`M`).
    pub fn mean(&self) -> f64 {
        let sum: f64 = self.cells.iter().map(|cell| cell.symmetric()).sum();
        sum / self.cells.len().max(1) as f64
    }
}

impl SetDistance {
    /// The distance of the released code: share of the weight, listed cells.
    pub const fn official(scores: OpScores) -> Self {
        Self { scores, scale: Scale::Share, pairing: Pairing::Listed }
    }

    /// The distance of the paper: mean of scores, cells at equal positions of equally long chains.
    pub const fn paper(scores: OpScores) -> Self {
        Self { scores, scale: Scale::Mean, pairing: Pairing::Positions }
    }

    /// The weighted Hamming distance of two edges (`h`).
    ///
    /// # Errors
    /// [`SpaceError::NoScore`] for an operation without score.
    pub fn edges(&self, u: &BTreeSet<String>, v: &BTreeSet<String>) -> Result<f64, SpaceError> {
        // What is in both needs a score, too: whether one is missing depends on the architectures
        // alone, not on what they are compared with.
        u.union(v).try_for_each(|op| self.scores.get(op).map(|_| ()))?;
        let mut sum = 0.0;
        for op in u.symmetric_difference(v) {
            sum += self.scores.get(op)?;
        }
        Ok(match self.scale {
            Scale::Share => sum / self.scores.sum(),
            Scale::Mean => sum / self.scores.len() as f64,
        })
    }

    /// The largest distance of any edge of `from` to its nearest edge of `to` (`d_H`).
    ///
    /// # Errors
    /// [`SpaceError::NoScore`] for an operation without score.
    pub fn directed(&self, from: &EdgeSet, to: &EdgeSet) -> Result<f64, SpaceError> {
        let mut farthest = 0.0;
        for u in from.iter() {
            let mut nearest = f64::INFINITY;
            for v in to.iter() {
                nearest = self.edges(u, v)?.min(nearest);
            }
            farthest = nearest.max(farthest);
        }
        Ok(farthest)
    }

    /// The distances of two cells, both ways.
    ///
    /// # Errors
    /// [`SpaceError::NoScore`] for an operation without score.
    pub fn cells(&self, a: &EdgeSet, b: &EdgeSet) -> Result<CellDistance, SpaceError> {
        Ok(CellDistance { forward: self.directed(a, b)?, backward: self.directed(b, a)? })
    }

    /// The distances of two genotypes, cell by cell; [`SetDistances::mean`] is `M`.
    ///
    /// # Errors
    /// [`SpaceError::NoScore`] for an operation without score, [`SpaceError::Mismatch`] for cells
    /// that `pairing` does not compare.
    pub fn genotypes(&self, a: &Genotype, b: &Genotype) -> Result<SetDistances, SpaceError> {
        let [first, second] = self.pairing.cells(a, b)?;
        let left_out = first.len().abs_diff(second.len());
        let pairs = first.into_iter().zip(second);
        let cells = pairs.enumerate().map(|(index, (x, y))| {
            let x = EdgeSet::of_cell(x, nodes(a, x));
            let y = EdgeSet::of_cell(y, nodes(b, y));
            self.cells(&x, &y).map_err(|error| error.at(format!("cell {index}")))
        });
        Ok(SetDistances { cells: cells.collect::<Result<_, _>>()?, left_out })
    }
}
