//! Genotypes that GAEA decodes from weights on the simplex times edge weights.

use dartloom_decode::{Decoder, EdgeWeighted};
use dartloom_space::{CellTable, Space, Stem, WeightTable};
use serde_json::Value;

use super::decoding::set_of;
use super::plan::nodes_of;
use crate::golden::fields::Fields;
use crate::golden::genotypes::{difference, genotype};
use crate::golden::manifest::Case;
use crate::golden::{GoldenError, Outcome};

pub(crate) fn run(case: &Case<'_>, value: &Value) -> Result<Vec<Outcome>, GoldenError> {
    let outcome = |(index, entry): (usize, &Value)| {
        Outcome::of(format!("{}/{index}", case.name), check_case(entry))
    };
    Ok(value.list("cases")?.iter().enumerate().map(outcome).collect())
}

fn check_case(entry: &Value) -> Result<Vec<String>, GoldenError> {
    let ops = entry.texts("ops")?;
    let part = |name: &str| entry.field(name).ok_or_else(|| entry.wrong(name, "both cells"));
    let alphas = part("alphas")?;
    let edges = part("edges")?;
    let nodes = nodes_of(alphas.rows("normal")?.len())?;
    let space = Space::darts(set_of(&ops)?, 8, nodes, Stem::cifar(3))?;
    let cell = |name: &str| -> Result<CellTable, GoldenError> {
        let edge_weights = Some(edges.numbers(name)?);
        Ok(CellTable { name: name.to_owned(), edges: alphas.rows(name)?, edge_weights })
    };
    let table = WeightTable::new(ops, vec![cell("normal")?, cell("reduce")?])?;
    let got = EdgeWeighted::pc_darts().decode(&space, &table)?.genotype;
    Ok(difference(&got, &genotype(part("genotype")?)?).into_iter().collect())
}
