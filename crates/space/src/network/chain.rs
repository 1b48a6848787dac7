//! Cells one after the other: the networks of the DARTS family.

use serde::{Deserialize, Serialize};

use super::{
    Aux, AuxHead, Head, MOST_PLACEMENTS, Network, Placement, Port, Source, Stem, check_length,
};
use crate::SpaceError;

/// The searched cells before the first third of a chain that is deeper than the search's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Repeats {
    /// One after the other, `i % (cells / 3)` at position `i` (D-DARTS, algorithm 1).
    #[default]
    InTurn,
    /// Mostly the first one, `(i % cells) / 3`: the released D-DARTS code, by the precedence of two
    /// operators.
    MostlyFirst,
}

/// A chain of cells: each reads its two predecessors (or the stem), reduction cells double the
/// width.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// The layers before the first cell.
    pub stem: Stem,
    /// The index of the cell at each position.
    pub assignment: Vec<usize>,
    /// Positions of reduction cells, each below the number of positions.
    pub reductions: Vec<usize>,
    /// Auxiliary head and the position it reads.
    pub aux: Option<Aux>,
}

impl Chain {
    /// Positions `layers / 3` and `2 * layers / 3` (DARTS, section 3.1.1).
    pub fn thirds(layers: usize) -> Vec<usize> {
        let mut positions = vec![layers / 3, two_thirds(layers)];
        positions.dedup();
        positions
    }

    /// Two cells, normal (0) and reduce (1), with reductions at the thirds.
    ///
    /// A chain longer than any network is cut one cell beyond the limit, so that
    /// [`Chain::network`] refuses it.
    pub fn two_cells(layers: usize, stem: Stem) -> Self {
        let reductions = Self::thirds(layers);
        let assignment = positions(layers).map(|i| usize::from(reductions.contains(&i))).collect();
        Self { stem, assignment, reductions, aux: None }
    }

    /// Every position has a cell of its own, with reductions at the thirds; long chains are cut as
    /// in [`Chain::two_cells`].
    pub fn individual(layers: usize, stem: Stem) -> Self {
        Self {
            stem,
            assignment: positions(layers).collect(),
            reductions: Self::thirds(layers),
            aux: None,
        }
    }

    /// The same chain with an auxiliary head where its family has it: after cell
    /// `2 * layers / 3` when the thirds are reductions, after the last reduction otherwise.
    #[must_use]
    pub fn with_aux(mut self, head: AuxHead) -> Self {
        let layers = self.assignment.len();
        let last = self.reductions.iter().copied().max();
        let third = two_thirds(layers);
        let after =
            if self.reductions == Self::thirds(layers) { third } else { last.unwrap_or(third) };
        self.aux = Some(Aux { head, after });
        self
    }

    /// The network.
    ///
    /// # Errors
    /// [`SpaceError::Reductions`] for a reduction that is named twice or stands at or beyond the
    /// end, and as [`Network::new`].
    pub fn network(&self) -> Result<Network, SpaceError> {
        check_length(self.assignment.len())?;
        check_reductions(&self.reductions, self.assignment.len())?;
        let stem_end = self.stem.parts().len().saturating_sub(1);
        let mut level = self.stem.level(stem_end);
        let mut width: usize = 1;
        let mut placements = Vec::with_capacity(self.assignment.len());
        for (index, &cell) in self.assignment.iter().enumerate() {
            let reduction = self.reductions.contains(&index);
            if reduction {
                // A network refuses levels and widths long before they saturate.
                level = level.saturating_add(1);
                width = width.saturating_mul(2);
            }
            let ports =
                vec![Port::one(before(index, 2, stem_end)), Port::one(before(index, 1, stem_end))];
            placements.push(Placement { cell: Some(cell), width, level, reduction, ports });
        }
        let source = Source::Cell(placements.len().saturating_sub(1));
        Network::new(self.stem.clone(), placements, Head::pooled(source), self.aux)
    }

    /// The indices of the searched cells at the positions of a deeper chain (D-DARTS Algorithm 1).
    ///
    /// `cells` searched cells are spread over `layers` positions so that the searched reduction
    /// cells stay at the thirds and the normal cells between them repeat.
    ///
    /// # Differences from the paper
    /// The released code mostly repeats the first cell before the first third:
    /// [`Repeats::MostlyFirst`].
    ///
    /// # Errors
    /// [`SpaceError::Derivation`] when a third of the searched cells holds no normal cell to
    /// repeat, [`SpaceError::NetworkSize`] when `layers` is more than a network can have.
    pub fn deeper(cells: usize, layers: usize, repeats: Repeats) -> Result<Vec<usize>, SpaceError> {
        check_length(layers)?;
        if layers <= cells {
            return Ok((0..layers).collect());
        }
        let refuse = || SpaceError::Derivation { cells, layers };
        let first = cells / 3;
        let second = 2 * cells / 3;
        let early = layers / 3;
        let late = 2 * layers / 3;
        (0..layers)
            .map(|i| match i {
                _ if i < early && repeats == Repeats::MostlyFirst => {
                    i.checked_rem(cells).map(|i| i / 3).ok_or_else(refuse)
                }
                _ if i < early => i.checked_rem(first).ok_or_else(refuse),
                _ if i == early => Ok(first),
                _ if i < late => {
                    repeat(i, second.wrapping_sub(1 + first), first).ok_or_else(refuse)
                }
                _ if i == late => Ok(second),
                _ => repeat(i, cells.wrapping_sub(1 + second), second).ok_or_else(refuse),
            })
            .collect()
    }
}

/// Refuses positions of reductions that would be ignored.
pub(crate) fn check_reductions(reductions: &[usize], layers: usize) -> Result<(), SpaceError> {
    let wrong = |index: usize| {
        reductions[index] >= layers || reductions[..index].contains(&reductions[index])
    };
    match (0..reductions.len()).find(|&index| wrong(index)) {
        Some(index) => Err(SpaceError::Reductions { layers, found: reductions[index] }),
        None => Ok(()),
    }
}

/// The `i`-th repetition of the `count` cells after position `reduction`.
fn repeat(i: usize, count: usize, reduction: usize) -> Option<usize> {
    if count > i.max(1 << 20) {
        return None;
    }
    i.checked_rem(count).map(|offset| offset + reduction + 1)
}

/// `2 * layers / 3` without overflow.
fn two_thirds(layers: usize) -> usize {
    layers / 3 * 2 + layers % 3 * 2 / 3
}

/// Positions of a chain, at most one more than a network can have.
fn positions(layers: usize) -> std::ops::Range<usize> {
    0..layers.min(MOST_PLACEMENTS + 1)
}

fn before(index: usize, steps: usize, stem_end: usize) -> Source {
    match index.checked_sub(steps) {
        Some(cell) => Source::Cell(cell),
        None => Source::Stem((stem_end + index + 1).saturating_sub(steps).min(stem_end)),
    }
}
