//! Genotypes that DARTS and PC-DARTS decode, ties included.

use dartloom_decode::{Decoder, EdgeWeighted, TopK};
use dartloom_relax::Softmax;
use dartloom_space::{CellTable, Genotype, Space, Stem, WeightTable};
use serde_json::Value;

use super::decoding::{relaxed, relaxed_edges, set_of};
use super::plan::nodes_of;
use crate::golden::fields::Fields;
use crate::golden::genotypes::{difference, genotype};
use crate::golden::manifest::Case;
use crate::golden::{GoldenError, Outcome};

pub(crate) fn run(case: &Case<'_>, value: &Value) -> Result<Vec<Outcome>, GoldenError> {
    let ops = value.texts("ops")?;
    let outcome = |(index, entry): (usize, &Value)| {
        Outcome::of(format!("{}/{index}", case.name), check_case(&ops, entry))
    };
    Ok(value.list("cases")?.iter().enumerate().map(outcome).collect())
}

fn check_case(ops: &[String], entry: &Value) -> Result<Vec<String>, GoldenError> {
    Ok(difference(&decode(ops, entry)?, &wanted(entry)?).into_iter().collect())
}

fn wanted(entry: &Value) -> Result<Genotype, GoldenError> {
    genotype(entry.field("genotype").ok_or_else(|| entry.wrong("genotype", "a genotype"))?)
}

fn decode(ops: &[String], entry: &Value) -> Result<Genotype, GoldenError> {
    let nodes = nodes_of(entry.rows("alphas_normal")?.len())?;
    // Decoding looks at cells only; any length of chain has both.
    let space = Space::darts(set_of(ops)?, 8, nodes, Stem::cifar(3))?;
    let cells = vec![cell("normal", entry)?, cell("reduce", entry)?];
    let table = WeightTable::new(ops.to_vec(), cells)?;
    let decoded = match entry.field("betas_normal") {
        Some(_) => EdgeWeighted::pc_darts().decode(&space, &table)?,
        None => TopK::darts().decode(&space, &table)?,
    };
    Ok(decoded.genotype)
}

/// Relaxed in single precision, as a search does.
fn cell(name: &str, entry: &Value) -> Result<CellTable, GoldenError> {
    let edges = relaxed(&Softmax::default(), &entry.rows(&format!("alphas_{name}"))?)?;
    let betas = format!("betas_{name}");
    let edge_weights = match entry.field(&betas) {
        Some(_) => Some(relaxed_edges(&entry.numbers(&betas)?)?),
        None => None,
    };
    Ok(CellTable { name: name.to_owned(), edges, edge_weights })
}
