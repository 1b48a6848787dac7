//! The key that equal architectures share.

use std::fmt;

use dartloom_space::{CellGenotype, Gene, Genotype, OpSet};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A key that equal architectures share: the first 32 hexadecimal digits of a SHA-256.
///
/// The key does not depend on the order of genes, on the genotype's name, or on a gene that adds
/// zeros to a node which also adds other values. Networks of equal keys compute the same up to the
/// order of sums and cost the same. Cells whose nodes could be renumbered into each other, and
/// genes that lead nowhere, have different keys, because the variables of their networks differ.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Key(String);

impl Key {
    /// The key of a genotype; `ops` knows which operations give zeros.
    pub fn of(genotype: &Genotype, ops: &OpSet) -> Self {
        let mut text = format!("{:?}", genotype.layout());
        for cell in genotype.cells() {
            text += &format!("\n{:?} {} {:?}", cell.name, cell.inputs, sorted(&cell.concat));
            for Gene { op, from, to } in genes(cell, ops) {
                text += &format!(" {op}:{from}>{to}");
            }
        }
        if !genotype.links().is_empty() {
            text += &format!("\n{:?}", genotype.links());
        }
        let hash = Sha256::digest(text.as_bytes());
        Self(hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect())
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn sorted(concat: &[usize]) -> Vec<usize> {
    let mut nodes = concat.to_vec();
    nodes.sort_unstable();
    nodes
}

/// Genes node by node, zeros beside others left out.
fn genes<'a>(cell: &'a CellGenotype, ops: &OpSet) -> Vec<&'a Gene> {
    let zero = |gene: &Gene| ops.get(&gene.op).is_ok_and(dartloom_space::OpSpec::is_zero);
    let others = |node| cell.genes.iter().any(|gene| gene.to == node && !zero(gene));
    let mut genes: Vec<&Gene> =
        cell.genes.iter().filter(|gene| !(zero(gene) && others(gene.to))).collect();
    genes.sort_by_key(|gene| (gene.to, gene.from, &gene.op));
    genes
}
