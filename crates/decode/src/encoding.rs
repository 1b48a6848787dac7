//! From an architecture back to logits: the start of a search at a hand-made network.

use dartloom_space::{CellGenotype, CellSpec, Edge, Gene, Genotype, Space};
use serde::{Deserialize, Serialize};

use crate::DecodeError;

/// The logit of operations that an architecture does not have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Unlisted {
    /// -10: a sigmoid weight of 0.00005.
    #[default]
    Off,
    /// 0: a sigmoid weight of one half, as in the released code of DARTOpti.
    Half,
}

/// Logits that stand for a given architecture.
///
/// ```text
/// a_(e,o) = listed     where the architecture has operation o on edge e
///           other      elsewhere
/// ```
///
/// Heuillet et al., *D-DARTS*, section 4.4 (DARTOpti), which starts a search at ResNet-18,
/// ResNet-50 or Xception. The sigmoid of these logits, decoded by a
/// [`SparseThreshold`](crate::SparseThreshold) or an [`EdgeThreshold`](crate::EdgeThreshold), gives
/// the architecture back.
///
/// # Differences from the paper
/// The released code has 10 and 0 ([`Unlisted::Half`]): a logit of 0 is a sigmoid weight of one
/// half, so an edge carries its operation and half of every other, and the search does not start
/// at the network it names. [`Unlisted::Off`] has 10 and -10, weights of 0.99995 and 0.00005.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Encoding {
    /// Logit of operations that the architecture has.
    pub listed: f64,
    /// Logit of all others.
    pub other: f64,
}

impl Encoding {
    /// 10 for operations that the architecture has.
    pub const fn new(unlisted: Unlisted) -> Self {
        match unlisted {
            Unlisted::Off => Self { listed: 10.0, other: -10.0 },
            Unlisted::Half => Self { listed: 10.0, other: 0.0 },
        }
    }

    /// Logits of every cell of `space`, rows in its edge order, columns in the order of its
    /// operations. Cells of the genotype stand for those of the space in order, whatever their
    /// names.
    ///
    /// # Errors
    /// [`DecodeError::Cells`] for another number of cells, [`DecodeError::Gene`] for a gene on an
    /// edge or with an operation that the space does not have.
    pub fn logits(
        &self,
        space: &Space,
        genotype: &Genotype,
    ) -> Result<Vec<Vec<Vec<f64>>>, DecodeError> {
        let expected = space.cells().len();
        let found = genotype.cells().len();
        if expected != found {
            return Err(DecodeError::Cells { expected, found });
        }
        let pairs = space.cells().iter().zip(genotype.cells());
        pairs.map(|(spec, cell)| self.cell(space, spec, cell)).collect()
    }

    fn cell(
        &self,
        space: &Space,
        spec: &CellSpec,
        cell: &CellGenotype,
    ) -> Result<Vec<Vec<f64>>, DecodeError> {
        let mut rows = vec![vec![self.other; space.op_set().len()]; spec.graph.edges().len()];
        for (index, gene) in cell.genes.iter().enumerate() {
            let Gene { op, from, to } = gene;
            let row = spec.graph.row(Edge { from: *from, to: *to });
            let (Some(row), Some(op)) = (row, space.op_set().position(op)) else {
                let cell = spec.name.clone();
                let gene = format!("{op} {from}->{to}");
                return Err(DecodeError::Gene { cell, index, gene });
            };
            rows[row][op] = self.listed;
        }
        Ok(rows)
    }
}

#[cfg(test)]
mod tests {
    use dartloom_space::{CellTable, Genotype, OpSet, Space, Stem, WeightTable};
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::{Encoding, Unlisted};
    use crate::{DecodeError, Decoder, EdgeThreshold};

    fn space(cells: usize) -> Space {
        Space::individual(OpSet::builtin("S").unwrap(), cells, 4, Stem::cifar(3)).unwrap()
    }

    fn table(space: &Space, logits: Vec<Vec<Vec<f64>>>) -> WeightTable {
        let sigmoid = |a: f64| 1.0 / (1.0 + (-a).exp());
        let cells = space.cells().iter().zip(logits).map(|(spec, rows)| {
            let relax = |row: Vec<f64>| row.into_iter().map(sigmoid).collect();
            let edges = rows.into_iter().map(relax).collect();
            CellTable { name: spec.name.clone(), edges, edge_weights: None }
        });
        let ops = space.op_set().names().map(str::to_owned).collect();
        WeightTable::new(ops, cells.collect()).unwrap()
    }

    fn sorted(genotype: &Genotype) -> Vec<Vec<(usize, usize, String)>> {
        let cells = genotype.cells().iter().map(|cell| {
            let mut genes: Vec<_> =
                cell.genes.iter().map(|g| (g.to, g.from, g.op.clone())).collect();
            genes.sort_unstable();
            genes
        });
        cells.collect()
    }

    #[test]
    fn decoding_gives_the_architecture_back() {
        let space = space(3);
        for seed in 0..10 {
            let genotype = space.sample(2, &mut ChaCha8Rng::seed_from_u64(seed));
            for unlisted in [Unlisted::Off, Unlisted::Half] {
                let logits = Encoding::new(unlisted).logits(&space, &genotype).unwrap();
                let weights = table(&space, logits);
                let decoded = EdgeThreshold::default().decode(&space, &weights).unwrap();
                assert_eq!(sorted(&decoded.genotype), sorted(&genotype));
            }
        }
    }

    /// The released start is not a network: operations that it does not have weigh one half.
    #[test]
    fn the_released_start_keeps_half_of_everything() {
        let space = space(1);
        let genotype = space.sample(2, &mut ChaCha8Rng::seed_from_u64(0));
        let least = |unlisted| {
            let weights = table(&space, Encoding::new(unlisted).logits(&space, &genotype).unwrap());
            let rows = weights.cells()[0].edges.concat();
            rows.into_iter().fold(1.0, f64::min)
        };
        assert!((least(Unlisted::Half) - 0.5).abs() < 1e-12);
        assert!(least(Unlisted::Off) < 1e-4);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let genotype = space(2).sample(2, &mut ChaCha8Rng::seed_from_u64(0));
        let encoding = Encoding::new(Unlisted::Off);
        let found = encoding.logits(&space(3), &genotype);
        assert_eq!(found, Err(DecodeError::Cells { expected: 3, found: 2 }));
        let narrow = Space::individual(OpSet::builtin("S").unwrap(), 2, 2, Stem::cifar(3)).unwrap();
        let found = encoding.logits(&narrow, &genotype).unwrap_err();
        assert!(matches!(found, DecodeError::Gene { index: 4, .. }), "{found}");
    }
}
