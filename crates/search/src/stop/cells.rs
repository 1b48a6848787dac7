//! The cells that a rule looks at.

use dartloom_space::{CellGenotype, Genotype, OpSpec, Space};
use serde::{Deserialize, Serialize};

/// The cells of an architecture that a rule looks at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Cells {
    /// Those that stand in the network without halving the plane. In reduction cells pooling is
    /// usual: both cells that DARTS published reduce by little else.
    #[default]
    Normal,
    /// All of them.
    All,
}

impl Cells {
    /// These cells of a genotype of `space`.
    pub(super) fn of<'a>(
        self,
        space: &'a Space,
        genotype: &'a Genotype,
    ) -> impl Iterator<Item = &'a CellGenotype> {
        let normal = |cell: usize| {
            let mut placements = space.network().placements().iter();
            placements.any(|placement| placement.cell == Some(cell) && !placement.reduction)
        };
        let cells = genotype.cells().iter().enumerate();
        cells.filter(move |&(cell, _)| self == Self::All || normal(cell)).map(|(_, cell)| cell)
    }
}

/// The number of genes of a cell whose operation is `such`.
pub(super) fn count(space: &Space, cell: &CellGenotype, such: impl Fn(&OpSpec) -> bool) -> usize {
    let ops = cell.genes.iter().filter_map(|gene| space.op_set().get(&gene.op).ok());
    ops.filter(|op| such(op)).count()
}
