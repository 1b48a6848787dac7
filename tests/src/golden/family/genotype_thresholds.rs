//! Genotypes that FairDARTS and D-DARTS decode from sigmoid weights: released rules, ties, values
//! around the threshold, and cells of nothing.

use dartloom_decode::{DeadGenes, DecodeError, Decoder, EdgeThreshold, SparseThreshold, TopK};
use dartloom_relax::Sigmoid;
use dartloom_space::{Layout, Space, Stem};
use serde_json::Value;

use super::decoding::{cell_difference, relaxed, set_of, space_of_one, table_of_one};
use super::plan::nodes_of;
use crate::golden::fields::Fields;
use crate::golden::manifest::Case;
use crate::golden::{GoldenError, Outcome};

/// Two cells, rules as `rule@threshold`.
pub(crate) fn run_fair_darts(case: &Case<'_>, value: &Value) -> Result<Vec<Outcome>, GoldenError> {
    let ops = value.texts("ops")?;
    let mut outcomes = Vec::new();
    for (index, entry) in value.list("cases")?.iter().enumerate() {
        for (rule, genotype) in genotypes(entry)? {
            let name = format!("{}/{index}/{rule}", case.name);
            outcomes.push(Outcome::of(name, two_cells(&ops, entry, rule, genotype)));
        }
    }
    Ok(outcomes)
}

/// A cell per position, one threshold for the file.
pub(crate) fn run_d_darts(case: &Case<'_>, value: &Value) -> Result<Vec<Outcome>, GoldenError> {
    let threshold = value.number("op_threshold")?;
    let mut outcomes = Vec::new();
    for (index, entry) in value.list("cases")?.iter().enumerate() {
        let ops = match entry.text("space")? {
            space if space.starts_with("S_o") => value.texts("ops_So")?,
            _ => value.texts("ops_S")?,
        };
        for (rule, genotype) in genotypes(entry)? {
            let name = format!("{}/{index}/{rule}", case.name);
            let result = decoder(rule, threshold)
                .and_then(|decoder| per_cell(&ops, entry, &*decoder, genotype));
            outcomes.push(Outcome::of(name, result));
        }
    }
    Ok(outcomes)
}

fn genotypes(entry: &Value) -> Result<Vec<(&str, &Value)>, GoldenError> {
    let all = entry.field("genotypes").and_then(Value::as_object);
    let all = all.ok_or_else(|| entry.wrong("genotypes", "genotypes by rule"))?;
    Ok(all.iter().map(|(rule, genotype)| (rule.as_str(), genotype)).collect())
}

/// The released rules, which keep genes that start at empty nodes.
fn decoder(rule: &str, threshold: f64) -> Result<Box<dyn Decoder>, GoldenError> {
    let dead = DeadGenes::Keep;
    Ok(match rule {
        "darts" => Box::new(TopK::darts()),
        "threshold_sparse" => {
            Box::new(SparseThreshold { threshold, dead, ..SparseThreshold::default() })
        }
        "threshold_edge" => Box::new(EdgeThreshold { threshold, dead, ..EdgeThreshold::default() }),
        "threshold_complete" => {
            Box::new(EdgeThreshold { threshold, dead, ..EdgeThreshold::complete() })
        }
        _ => return Err(GoldenError::not_understood(format!("rule `{rule}`"))),
    })
}

fn two_cells(
    ops: &[String],
    entry: &Value,
    rule: &str,
    genotype: &Value,
) -> Result<Vec<String>, GoldenError> {
    let unknown = || GoldenError::not_understood(format!("rule `{rule}`"));
    let (rule, threshold) = rule.split_once('@').ok_or_else(unknown)?;
    let decoder = decoder(rule, threshold.parse().map_err(|_| unknown())?)?;
    let mut complaints = Vec::new();
    for name in ["normal", "reduce"] {
        let genes = genotype.field(name).ok_or_else(|| genotype.wrong(name, "genes"))?;
        let concat = genotype.counts(&format!("{name}_concat"))?;
        let logits = entry.rows(&format!("alphas_{name}"))?;
        let found = check_cell(ops, &logits, &*decoder, genes, concat)?;
        complaints.extend(found.map(|found| format!("cell `{name}`: {found}")));
    }
    Ok(complaints)
}

fn per_cell(
    ops: &[String],
    entry: &Value,
    decoder: &dyn Decoder,
    genotype: &Value,
) -> Result<Vec<String>, GoldenError> {
    let tables = entry.list("alphas")?;
    let cells = genotype.list("genes")?;
    let concat = genotype.counts("concat")?;
    let mut complaints = Vec::new();
    if tables.len() != cells.len() {
        complaints.push(format!("{} cells of {} tables", cells.len(), tables.len()));
    }
    for (index, (logits, genes)) in tables.iter().zip(cells).enumerate() {
        let logits = serde_json::json!({ "logits": logits }).rows("logits")?;
        let found = check_cell(ops, &logits, decoder, genes, concat.clone())?;
        complaints.extend(found.map(|found| format!("cell {index}: {found}")));
        if logits.len() != entry.count("steps").map(|n| (2..n + 2).sum::<usize>())? {
            complaints.push(format!("cell {index}: {} nodes", nodes_of(logits.len())?));
        }
    }
    let space = Space::individual(set_of(ops)?, cells.len(), 4, Stem::cifar(3))?;
    let reductions = genotype.counts("reductions")?;
    if space.layout() != (Layout::PerCell { reductions: reductions.clone() }) {
        complaints.push(format!("reductions {reductions:?}, not {:?}", space.layout()));
    }
    Ok(complaints)
}

/// Each cell in a space of its own, so that one of nothing does not hide the others.
fn check_cell(
    ops: &[String],
    logits: &[Vec<f64>],
    decoder: &dyn Decoder,
    genes: &Value,
    concat: Vec<usize>,
) -> Result<Option<String>, GoldenError> {
    let space = space_of_one(ops, logits.len(), concat.clone())?;
    let table = table_of_one(ops, relaxed(&Sigmoid, logits)?)?;
    let nothing = genes.as_array().is_some_and(Vec::is_empty);
    match decoder.decode(&space, &table) {
        // The released code writes an empty list, of which no network can be made.
        Err(DecodeError::EmptyCell { .. }) if nothing => Ok(None),
        Err(error) => Err(error.into()),
        Ok(_) if nothing => Ok(Some("expected no gene at all".to_owned())),
        Ok(decoded) => cell_difference(&decoded.genotype.cells()[0], genes, &concat),
    }
}
