//! Logits of hand-made and searched architectures.

use dartloom_decode::{Encoding, Unlisted};
use dartloom_space::{CellGraph, CellSpec, Chain, OpSet, Space, Stem};
use serde_json::Value;

use super::plan::nodes_of;
use crate::golden::fields::Fields;
use crate::golden::genotypes::by_name;
use crate::golden::manifest::Case;
use crate::golden::{GoldenError, Outcome};

pub(crate) fn run(case: &Case<'_>, value: &Value) -> Result<Vec<Outcome>, GoldenError> {
    let outcome = |entry: &Value| -> Result<Outcome, GoldenError> {
        let name = format!("{}/{}", case.name, entry.text("genotype")?);
        Ok(Outcome::of(name, check_case(case, entry)))
    };
    value.list("cases")?.iter().map(outcome).collect()
}

fn check_case(case: &Case<'_>, entry: &Value) -> Result<Vec<String>, GoldenError> {
    let shape = entry.counts("shape")?;
    let &[cells, rows, columns] = shape.as_slice() else {
        return Err(entry.wrong("shape", "cells, edges and operations"));
    };
    let genotype = by_name(case.folder, entry.text("genotype")?)?;
    let logits = Encoding::new(Unlisted::Half).logits(&space(cells, rows, columns)?, &genotype)?;

    let value = entry.number("value")?;
    let mut listed = Vec::new();
    let mut complaints = Vec::new();
    for (cell, table) in logits.iter().enumerate() {
        for (row, logits) in table.iter().enumerate() {
            for (column, &logit) in logits.iter().enumerate() {
                if (logit - value).abs() <= 0.0 {
                    listed.push(vec![cell, row, column]);
                } else if logit.abs() > 0.0 {
                    complaints.push(format!("logit {logit} at {cell}, {row}, {column}"));
                }
            }
        }
    }
    let want = entry.list("nonzero")?.iter();
    let want = want.map(|place| serde_json::json!({ "place": place }).counts("place"));
    let want = want.collect::<Result<Vec<_>, _>>()?;
    if listed != want {
        complaints.push(format!("expected {want:?}, found {listed:?}"));
    }
    Ok(complaints)
}

/// Seven operations are `S`, twelve `S_o`.
fn space(cells: usize, rows: usize, columns: usize) -> Result<Space, GoldenError> {
    let ops = match columns {
        7 => OpSet::builtin("S")?,
        12 => OpSet::builtin("S_o")?,
        _ => return Err(GoldenError::not_understood(format!("{columns} operations"))),
    };
    let graph = CellGraph::darts(nodes_of(rows)?)?;
    let spec = |index: usize| CellSpec { name: format!("cell_{index}"), graph: graph.clone() };
    let network = Chain::individual(cells, Stem::cifar(3)).network()?;
    Ok(Space::new("case", ops, (0..cells).map(spec).collect(), network)?)
}
