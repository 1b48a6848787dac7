//! The choice of cells of two genotypes that are compared.

use serde::{Deserialize, Serialize};

use crate::{CellGenotype, Chain, Genotype, Layout, SpaceError};

/// The rule by which cells of two genotypes are paired for a comparison.
///
/// The cell at a position of a chain is the one that stands there. A cell that a
/// [`Layout::Sequence`] repeats counts as often as it stands in the chain. The normal and the
/// reduction cell of a [`Layout::TwoCells`] genotype take their positions in a chain of the other
/// genotype's length; if both genotypes are of this layout, they are compared as two cells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Pairing {
    /// Those at equal positions; chains of different length are refused.
    #[default]
    Positions,
    /// Those at equal positions as far as the shorter chain goes; the rest of the longer one does
    /// not count.
    Shorter,
    /// The released code's: cells in the order in which the genotypes list them, distinct ones of a
    /// sequence once, as far as the shorter list goes.
    Listed,
}

impl Pairing {
    /// The cells of both, equally many or not.
    pub(super) fn cells<'a>(
        self,
        a: &'a Genotype,
        b: &'a Genotype,
    ) -> Result<[Vec<&'a CellGenotype>; 2], SpaceError> {
        if self == Self::Listed {
            return Ok([a, b].map(|genotype| genotype.cells().iter().collect()));
        }
        let in_space = [a, b].map(|genotype| *genotype.layout() == Layout::Space);
        if in_space[0] != in_space[1] {
            let kind =
                |space: bool| if space { "a space of its own" } else { "a chain" }.to_owned();
            return Err(SpaceError::Mismatch {
                place: "where the genotypes stand".to_owned(),
                expected: kind(in_space[0]),
                found: kind(in_space[1]),
            });
        }
        let cells = [at_positions(a, b.layers()), at_positions(b, a.layers())];
        let [first, second] = cells.each_ref().map(Vec::len);
        if self == Self::Positions && first != second {
            return Err(SpaceError::Mismatch {
                place: "cells of the second genotype".to_owned(),
                expected: format!("{first}, as in the first"),
                found: second.to_string(),
            });
        }
        Ok(cells)
    }
}

/// The cell at every position; `layers` is the length of a chain of two cells, if it has any.
pub(super) fn at_positions(genotype: &Genotype, layers: Option<usize>) -> Vec<&CellGenotype> {
    let cells = genotype.cells();
    match (genotype.layout(), layers) {
        (Layout::Sequence { sequence, .. }, _) => sequence.iter().map(|&i| &cells[i]).collect(),
        (Layout::TwoCells, Some(layers)) => {
            let reductions = Chain::thirds(layers);
            (0..layers).map(|i| &cells[usize::from(reductions.contains(&i))]).collect()
        }
        _ => cells.iter().collect(),
    }
}

/// Own nodes of the largest cell, those that only an output list names included.
pub(super) fn nodes(genotype: &Genotype, cell: &CellGenotype) -> usize {
    let named = |cell: &CellGenotype| {
        let targets = cell.genes.iter().map(|gene| gene.to);
        targets.chain(cell.concat.iter().copied()).max().unwrap_or(cell.inputs)
    };
    let last = genotype.cells().iter().map(named).max().unwrap_or(cell.inputs);
    (last + 1).saturating_sub(cell.inputs)
}
