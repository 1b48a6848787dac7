//! Distances between architectures and between cells.

use dartloom_space::distance::{
    CellDistance, EdgeSet, OpScores, Pairing, PathEdit, Scale, SetDistance,
};
use dartloom_space::{CellGenotype, OpSet};
use serde_json::Value;

use crate::golden::fields::Fields;
use crate::golden::genotypes::by_name;
use crate::golden::manifest::Case;
use crate::golden::{GoldenError, Outcome, Tolerance};

/// The two tables of scores, as the file calls them.
const TABLES: [&str; 2] = ["op_stats", "op_stats_2"];

pub(crate) fn run(case: &Case<'_>, value: &Value) -> Result<Vec<Outcome>, GoldenError> {
    let name = |part: &str| format!("{}/{part}", case.name);
    let tables = [OpScores::means(), OpScores::medians()];
    let mut outcomes = Vec::new();
    for (table, scores) in TABLES.into_iter().zip(&tables) {
        outcomes.push(Outcome::of(name(table), check_table(case, value, table, scores)));
    }
    let pair = |part: &str, entry: &Value| -> Result<String, GoldenError> {
        Ok(name(&format!("{part}/{} {}", entry.text("a")?, entry.text("b")?)))
    };
    for entry in value.list("pairs_So")? {
        outcomes.push(Outcome::of(pair("S_o", entry)?, check_pair(case, entry, &tables)));
    }
    for entry in value.list("pairs_S")? {
        outcomes.push(Outcome::of(pair("S", entry)?, check_narrow_pair(case, entry, &tables[0])));
    }
    let ops = value.texts("ops")?;
    for (index, entry) in value.list("random_cells_op_stats")?.iter().enumerate() {
        let result = check_cells(case, entry, &ops, &tables[0]);
        outcomes.push(Outcome::of(name(&format!("cells/{index}")), result));
    }
    for (index, entry) in value.list("graph_distance_cells")?.iter().enumerate() {
        let result = check_paths(case, entry, &tables[0]);
        outcomes.push(Outcome::of(name(&format!("paths/{index}")), result));
    }
    Ok(outcomes)
}

/// Numbers that have to agree.
struct Numbers<'a> {
    tolerance: &'a Tolerance,
    complaints: Vec<String>,
}

impl<'a> Numbers<'a> {
    fn of(case: &'a Case<'_>) -> Self {
        Self { tolerance: &case.entry.tolerance, complaints: Vec::new() }
    }

    fn compare(&mut self, what: &str, got: f64, want: f64) {
        if !self.tolerance.number(got, want) {
            self.complaints.push(format!("{what}: expected {want}, found {got}"));
        }
    }

    /// Directed distances cell by cell.
    fn cells(&mut self, got: &[CellDistance], want: &[Vec<f64>]) {
        if got.len() != want.len() {
            self.complaints.push(format!("expected {} cells, found {}", want.len(), got.len()));
        }
        for (index, (got, want)) in got.iter().zip(want).enumerate() {
            let &[forward, backward] = want.as_slice() else {
                self.complaints.push(format!("cell {index}: not two distances: {want:?}"));
                continue;
            };
            self.compare(&format!("cell {index}, forward"), got.forward, forward);
            self.compare(&format!("cell {index}, backward"), got.backward, backward);
        }
    }
}

/// The published scores, exactly.
fn check_table(
    case: &Case<'_>,
    value: &Value,
    table: &str,
    scores: &OpScores,
) -> Result<Vec<String>, GoldenError> {
    let stored = value.field(table).and_then(Value::as_object);
    let stored = stored.ok_or_else(|| value.wrong(table, "scores by operation"))?;
    let mut numbers = Numbers::of(case);
    if stored.len() != scores.len() {
        let want = stored.len();
        let got = scores.len();
        numbers.complaints.push(format!("expected {want} scores, found {got}"));
    }
    for op in stored.keys() {
        let want = value.get(table).map_or(Ok(f64::NAN), |stored| stored.number(op))?;
        numbers.compare(op, scores.get(op)?, want);
    }
    Ok(numbers.complaints)
}

/// Both tables of scores, distinct cells once and cells at every position.
fn check_pair(
    case: &Case<'_>,
    entry: &Value,
    tables: &[OpScores; 2],
) -> Result<Vec<String>, GoldenError> {
    let mut numbers = Numbers::of(case);
    let a = by_name(case.folder, entry.text("a")?)?;
    let b = by_name(case.folder, entry.text("b")?)?;
    let forms = [("genes_as_released", Pairing::Listed), ("one_gene_per_layer", Pairing::Shorter)];
    for (form, pairing) in forms {
        let want = entry.field(form).ok_or_else(|| entry.wrong(form, "distances"))?;
        for (table, scores) in TABLES.into_iter().zip(tables) {
            let distance = SetDistance { pairing, ..SetDistance::official(scores.clone()) };
            let got = distance.genotypes(&a, &b)?;
            numbers.compare(&format!("{form}, {table}"), got.mean(), want.number(table)?);
            if pairing == Pairing::Shorter {
                numbers.cells(&got.cells, &entry.rows(&format!("directed_per_layer_{table}"))?);
            }
        }
    }
    Ok(numbers.complaints)
}

/// Architectures of the seven operations of DARTS, with the scores of these alone. The released
/// code cannot compare them.
fn check_narrow_pair(
    case: &Case<'_>,
    entry: &Value,
    scores: &OpScores,
) -> Result<Vec<String>, GoldenError> {
    let scores = scores.choose(OpSet::builtin("S")?.names())?;
    let a = by_name(case.folder, entry.text("a")?)?;
    let b = by_name(case.folder, entry.text("b")?)?;
    let got = SetDistance::official(scores).genotypes(&a, &b)?;
    let mut numbers = Numbers::of(case);
    numbers.compare("restricted_to_7_ops", got.mean(), entry.number("restricted_to_7_ops")?);
    numbers.cells(&got.cells, &entry.rows("directed_per_layer")?);
    Ok(numbers.complaints)
}

/// The released comparison of cells by their paths, which fails for some pairs.
fn check_paths(
    case: &Case<'_>,
    entry: &Value,
    scores: &OpScores,
) -> Result<Vec<String>, GoldenError> {
    let cell = |field: &str| -> Result<CellGenotype, GoldenError> {
        let unknown = || entry.wrong(field, "a genotype and the number of a cell");
        let [name, index] = entry.list(field)? else { return Err(unknown()) };
        let genotype = by_name(case.folder, name.as_str().ok_or_else(unknown)?)?;
        let index = index.as_u64().and_then(|index| usize::try_from(index).ok());
        index.and_then(|index| genotype.cells().get(index).cloned()).ok_or_else(unknown)
    };
    let a = cell("a")?;
    let b = cell("b")?;
    let found = |relative: bool| PathEdit { scores: scores.clone(), relative }.cells(&a, &b);
    let plain = found(false)?;
    let relative = found(true)?;
    let mut numbers = Numbers::of(case);
    if entry.field("error").is_some() {
        // The released code was asked for both and has neither where one fails.
        if plain.is_some() && relative.is_some() {
            let found = format!("expected no figure, found {plain:?} and {relative:?}");
            numbers.complaints.push(found);
        }
        return Ok(numbers.complaints);
    }
    for (field, got) in [("distance", plain), ("distance_use_min", relative)] {
        match got {
            Some(got) => numbers.compare(field, got, entry.number(field)?),
            None => numbers.complaints.push(format!("{field}: found no paths to count")),
        }
    }
    Ok(numbers.complaints)
}

/// Cells as tables of 0 and 1.
fn check_cells(
    case: &Case<'_>,
    entry: &Value,
    ops: &[String],
    scores: &OpScores,
) -> Result<Vec<String>, GoldenError> {
    let edges = |field: &str| -> Result<Vec<_>, GoldenError> {
        let chosen = |row: &Vec<f64>| {
            let has = ops.iter().zip(row).filter(|(_, bit)| **bit > 0.5);
            has.map(|(op, _)| op.clone()).collect()
        };
        Ok(entry.rows(field)?.iter().map(chosen).collect())
    };
    let a = edges("a")?;
    let b = edges("b")?;
    let mut numbers = Numbers::of(case);
    let distance = SetDistance::official(scores.clone());
    if let (Some(u), Some(v)) = (a.first(), b.first()) {
        let want = entry.number("hamming_first_rows")?;
        numbers.compare("hamming_first_rows", distance.edges(u, v)?, want);
        // The paper's own scale is the same but for its divisor.
        let paper = SetDistance { scale: Scale::Mean, ..distance.clone() };
        let want = want * scores.sum() / ops.len() as f64;
        numbers.compare("hamming_first_rows, mean", paper.edges(u, v)?, want);
    }
    let a: EdgeSet = a.into_iter().collect();
    let b: EdgeSet = b.into_iter().collect();
    let got = distance.cells(&a, &b)?;
    numbers.compare("directed_ab", got.forward, entry.number("directed_ab")?);
    numbers.compare("directed_ba", got.backward, entry.number("directed_ba")?);
    // The reference shuffles rows before it compares; that must not matter.
    numbers.compare("other_seed", got.forward, entry.number("other_seed")?);
    Ok(numbers.complaints)
}
