//! Genotypes that were published, by name.

use serde::Deserialize;

use super::Genotype;
use super::tuples::{GeneList, Written};
use crate::SpaceError;

const ASSET: &str = include_str!("../../assets/genotypes.json");

#[derive(Deserialize)]
struct Entry<'a> {
    name: &'a str,
    normal: Option<GeneList>,
    normal_concat: Option<Vec<usize>>,
    reduce: Option<GeneList>,
    reduce_concat: Option<Vec<usize>>,
    genes: Option<Vec<GeneList>>,
    seq: Option<Vec<usize>>,
    reductions: Option<Vec<usize>>,
}

impl Entry<'_> {
    fn genotype(self) -> Result<Genotype, SpaceError> {
        let name = self.name;
        let none = || GeneList::Flat(Vec::new());
        let written = match self.genes {
            Some(genes) => Written::Cells { genes, seq: self.seq, reductions: self.reductions },
            None => Written::TwoCells {
                normal: self.normal.unwrap_or_else(none),
                reduce: self.reduce.unwrap_or_else(none),
                concats: [self.normal_concat, self.reduce_concat],
            },
        };
        Ok(written.genotype()?.named(name))
    }
}

fn entries() -> Result<Vec<Entry<'static>>, SpaceError> {
    serde_json::from_str(ASSET).map_err(SpaceError::from_json)
}

impl Genotype {
    /// A published genotype: `DARTS_V2`, `PC_DARTS_cifar`, `FairDARTS_a`, `ResNet18`, ...
    ///
    /// Two-number genes keep their written output list; for three-number genes it is the list of
    /// nodes that have genes, as in the networks released with them.
    ///
    /// # Errors
    /// [`SpaceError::UnknownGenotype`] with the known names.
    pub fn published(name: &str) -> Result<Self, SpaceError> {
        let mut entries = entries()?;
        match entries.iter().position(|entry| entry.name == name) {
            Some(index) => entries.swap_remove(index).genotype(),
            None => Err(SpaceError::UnknownGenotype {
                found: name.to_owned(),
                known: entries.iter().map(|entry| entry.name.to_owned()).collect(),
            }),
        }
    }

    /// The names that [`Genotype::published`] knows, family by family.
    pub fn published_names() -> Vec<&'static str> {
        entries().map(|entries| entries.iter().map(|e| e.name).collect()).unwrap_or_default()
    }
}
