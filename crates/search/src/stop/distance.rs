//! The distance of two architectures.

use std::collections::BTreeSet;
use std::fmt::Debug;

use dartloom_space::Genotype;
use dartloom_space::distance::{OpScores, SetDistance};
use serde::{Deserialize, Serialize};

use crate::SearchError;

/// A distance of architectures, as used by [`DistancePlateau`](super::DistancePlateau).
pub trait ArchitectureDistance: Debug {
    /// The distance between `a` and `b`: 0 for equal ones, symmetric, not negative. NaN never
    /// counts as near.
    ///
    /// # Errors
    /// When the two cannot be compared.
    fn between(&self, a: &Genotype, b: &Genotype) -> Result<f64, SearchError>;

    /// A text that changes whenever the distance does, as in
    /// [`StopRule::identity`](super::StopRule::identity). `None`, the default, stands for no
    /// identity.
    fn identity(&self) -> Option<String> {
        None
    }
}

impl<D: ArchitectureDistance + ?Sized> ArchitectureDistance for Box<D> {
    fn between(&self, a: &Genotype, b: &Genotype) -> Result<f64, SearchError> {
        (**self).between(a, b)
    }

    fn identity(&self) -> Option<String> {
        (**self).identity()
    }
}

/// The distances that an experiment can name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Distance {
    /// The share of genes that only one of the two has:
    ///
    /// ```text
    /// d(a, b) = |A - B| + |B - A|        A = { (cell, from, to, operation) of the genes of a }
    ///           -----------------
    ///                |A u B|             and B those of b; 0 when both are empty
    /// ```
    ///
    /// It lies in `[0, 1]` and is a metric on such sets (Jaccard's). One gene of `n` exchanged is
    /// `2 / (n + 1)`.
    #[default]
    Genes,
    /// D-DARTS' `M` with the released weights ([`SetDistance`]): the mean over cells of the
    /// Hausdorff distance between their sets of edges, for the twelve operations of `S_o`.
    Sets,
}

impl ArchitectureDistance for Distance {
    fn between(&self, a: &Genotype, b: &Genotype) -> Result<f64, SearchError> {
        match self {
            Self::Genes => {
                let a = genes(a);
                let b = genes(b);
                let union = a.union(&b).count();
                Ok(a.symmetric_difference(&b).count() as f64 / union.max(1) as f64)
            }
            Self::Sets => Ok(SetDistance::official(OpScores::means()).genotypes(a, b)?.mean()),
        }
    }

    fn identity(&self) -> Option<String> {
        super::identity("Distance", self)
    }
}

fn genes(genotype: &Genotype) -> BTreeSet<(usize, usize, usize, &str)> {
    let cells = genotype.cells().iter().enumerate();
    let genes = cells.flat_map(|(index, cell)| cell.genes.iter().map(move |gene| (index, gene)));
    genes.map(|(cell, gene)| (cell, gene.from, gene.to, gene.op.as_str())).collect()
}
