//! Auto-DeepLab: paths through the levels, and cells whose edges are ranked without "none".

use dartloom_decode::{
    Border, Decoder, EmptyPolicy, LevelShares, NonePolicy, Note, TieBreak, TopK,
};
use dartloom_relax::Softmax;
use serde_json::Value;

use super::decoding::{relaxed, space_of_one, table_of_one};
use super::masses;
use super::plan::nodes_of;
use crate::golden::fields::Fields;
use crate::golden::manifest::Case;
use crate::golden::numbers::{Numbers, name_of};
use crate::golden::{GoldenError, Outcome, Tolerance};

/// Paths whose values differ by less than this share of the best one are equal; also the absolute
/// tolerance of the paper's values, as the manifest's note has it.
const EQUAL: f64 = 1e-9;

pub(crate) fn run(case: &Case<'_>, value: &Value) -> Result<Vec<Outcome>, GoldenError> {
    let mut outcomes = Vec::new();
    for (at, entry) in value.list("cases")?.iter().enumerate() {
        let name = name_of(&case.name, "", at, entry);
        for source in ["port", "paper"] {
            let result = check_paths(case, entry, source);
            outcomes.push(Outcome::of(format!("{name}/{source}"), result));
        }
    }
    let ops = value.texts("ops")?;
    for (at, entry) in value.list("cells")?.iter().enumerate() {
        let name = name_of(&case.name, "cell", at, entry);
        for source in ["port", "without_none"] {
            let result = check_cell(&ops, entry, source);
            outcomes.push(Outcome::of(format!("{name}/{source}"), result));
        }
    }
    Ok(outcomes)
}

fn check_paths(case: &Case<'_>, entry: &Value, source: &str) -> Result<Vec<String>, GoldenError> {
    let port = source == "port";
    let exact = Tolerance { atol: EQUAL, ..Tolerance::default() };
    let tolerance = if port { &case.entry.tolerance } else { &exact };
    let border = if port { Border::TwoThirds } else { Border::Shared };
    let want = entry.field(source).ok_or_else(|| entry.wrong(source, "numbers"))?;
    let shares = LevelShares::from_logits(&table(entry, "betas")?, border)?;
    let mut numbers = Numbers::new(want, tolerance);
    let listed = table(want, "normalised")?;
    let pairs = shares.shares().iter().flatten().flatten().zip(listed.iter().flatten().flatten());
    let off = pairs.filter(|(found, want)| !tolerance.number(**found, **want)).count();
    numbers.equal("normalised numbers that are off", &off, &0);
    let dag = shares.dag()?;
    numbers.equal("number_of_paths", &dag.count(), &(entry.count("number_of_paths")? as u128));
    let best = shares.best(TieBreak::LowestIndex)?;
    numbers.number("best_value", Some(best.log_likelihood.exp()))?;
    if port {
        numbers.equal("viterbi_path", &best.levels, &want.counts("viterbi_path")?);
        numbers.number("path_value", Some(best.log_likelihood.exp()))?;
    } else {
        numbers.number("best_log", Some(best.log_likelihood))?;
    }
    let floor = best.log_likelihood.exp() * (1.0 - EQUAL);
    let values = dag.ranked().map(|path| path.log_likelihood.exp());
    let equal = values.take_while(|value| *value >= floor).count();
    numbers.equal("number_of_best_paths", &equal, &want.count("number_of_best_paths")?);
    // Where all paths are equal the file has 0.
    let other = dag.ranked().nth(equal).map_or(0.0, |path| path.log_likelihood.exp());
    numbers.number("best_other_value", Some(other))?;
    if want.field("best_paths").is_some() {
        let known = want.rows("best_paths")?;
        let own: Vec<f64> = best.levels.iter().map(|&level| level as f64).collect();
        numbers.equal("the path is one of best_paths", &known.contains(&own), &true);
    }
    let masses = masses::check(want, &table(entry, "betas")?, (port, tolerance))?;
    Ok([numbers.finish(), masses].concat())
}

/// Numbers by layer, level and direction.
pub(super) fn table(value: &Value, name: &str) -> Result<Vec<Vec<[f64; 3]>>, GoldenError> {
    let wrong = || value.wrong(name, "numbers by layer, level and direction");
    let row = |row: &Value| -> Option<[f64; 3]> {
        let numbers: Option<Vec<f64>> = row.as_array()?.iter().map(Value::as_f64).collect();
        numbers?.try_into().ok()
    };
    let layer =
        |layer: &Value| -> Option<Vec<[f64; 3]>> { layer.as_array()?.iter().map(row).collect() };
    value.list(name)?.iter().map(|own| layer(own).ok_or_else(wrong)).collect()
}

/// A row of the cell and its operation.
type Pick = (usize, usize);

/// Rows are softmaxed and ranked without "none"; whether "none" may be chosen differs.
fn check_cell(ops: &[String], entry: &Value, source: &str) -> Result<Vec<String>, GoldenError> {
    let rows = relaxed(&Softmax::default(), &entry.rows("alphas")?)?;
    let none = match source {
        "port" => NonePolicy::ExcludeFromRank,
        _ => NonePolicy::Exclude,
    };
    // With `KeepBest` a node of two cut edges stands, so that nothing else of the cell changes.
    let rule = TopK { none, empty: EmptyPolicy::KeepBest, ..TopK::darts() };
    let nodes = nodes_of(rows.len())?;
    let space = space_of_one(ops, rows.len(), (2..2 + nodes).collect())?;
    let table = table_of_one(ops, rows)?;
    let decoded = rule.decode(&space, &table)?;
    let graph = &space.cells()[0].graph;
    let row = |from: usize, to: usize| {
        graph.edges().iter().position(|edge| (edge.from, edge.to) == (from, to))
    };
    let pick = |from: usize, to: usize, op: &str| -> Option<Pick> {
        Some((row(from, to)?, ops.iter().position(|own| own == op)?))
    };
    let mut cut: Vec<Pick> = Vec::new();
    let mut made_up: Vec<Pick> = Vec::new();
    for note in &decoded.notes {
        match note {
            Note::Cut { edge, op } => cut.extend(pick(edge.from, edge.to, op)),
            Note::KeptBest { edge, op } => made_up.extend(pick(edge.from, edge.to, op)),
            _ => {}
        }
    }
    let genes = decoded.genotype.cells()[0].genes.iter();
    let genes = genes.filter_map(|gene| pick(gene.from, gene.to, &gene.op));
    let kept: Vec<Pick> = genes.filter(|gene| !made_up.contains(gene)).collect();
    Ok(differences(&wanted(entry, source)?, &kept, &cut))
}

/// Genes and cut edges stand apart, each in the order of the list.
fn differences(wanted: &[Pick], kept: &[Pick], cut: &[Pick]) -> Vec<String> {
    let of = |own: &[Pick]| wanted.iter().filter(|pick| own.contains(pick)).copied().collect();
    let mut complaints = Vec::new();
    for (name, own) in [("genes", kept), ("cut edges", cut)] {
        let listed: Vec<Pick> = of(own);
        if listed != own {
            complaints.push(format!("{name}: expected {listed:?}, found {own:?}"));
        }
    }
    if kept.len() + cut.len() != wanted.len() {
        complaints.push(format!("expected {wanted:?}, found {kept:?} and, cut, {cut:?}"));
    }
    complaints
}

fn wanted(entry: &Value, source: &str) -> Result<Vec<Pick>, GoldenError> {
    let pick = |row: Vec<f64>| match row[..] {
        [edge, op] => Ok((edge as usize, op as usize)),
        _ => Err(entry.wrong(source, "pairs of an edge and an operation")),
    };
    entry.rows(source)?.into_iter().map(pick).collect()
}
