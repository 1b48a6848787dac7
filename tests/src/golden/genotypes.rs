//! Genotypes as the files write them.

use std::path::Path;

use dartloom_space::{CellGenotype, Gene, Genotype, Layout};
use serde_json::Value;

use super::GoldenError;
use super::fields::Fields;
use super::manifest::{Manifest, read_json};

/// A genotype from `normal`/`reduce` gene lists or from `genes`, one list per (distinct) cell.
pub(crate) fn genotype(entry: &Value) -> Result<Genotype, GoldenError> {
    if entry.field("genes").is_none() {
        let cells = vec![two_cells_one(entry, "normal")?, two_cells_one(entry, "reduce")?];
        return Ok(Genotype::new(Layout::TwoCells, cells)?);
    }
    let cells = entry.list("genes")?.iter().enumerate();
    let cells = cells.map(|(index, genes)| cell(&format!("cell_{index}"), genes, None));
    let cells = cells.collect::<Result<Vec<_>, _>>()?;
    let reductions = entry.counts("reductions")?;
    let layout = match entry.field("seq") {
        Some(_) => Layout::Sequence { sequence: entry.counts("seq")?, reductions },
        None => Layout::PerCell { reductions },
    };
    Ok(Genotype::new(layout, cells)?)
}

fn two_cells_one(entry: &Value, name: &str) -> Result<CellGenotype, GoldenError> {
    let concat = entry.counts(&format!("{name}_concat"))?;
    let genes = entry.field(name).ok_or_else(|| entry.wrong(name, "a list of genes"))?;
    cell(name, genes, Some(concat))
}

/// Two-number genes stand two per node; cells of three-number genes put out every node that has
/// genes, whatever their concat says.
fn cell(
    name: &str,
    genes: &Value,
    concat: Option<Vec<usize>>,
) -> Result<CellGenotype, GoldenError> {
    let bad = || GoldenError::not_understood(format!("genes of cell `{name}`"));
    let mut found = Vec::new();
    let mut pairs = true;
    for (index, gene) in genes.as_array().ok_or_else(bad)?.iter().enumerate() {
        let parts = gene.as_array().ok_or_else(bad)?;
        let op = parts.first().and_then(Value::as_str).ok_or_else(bad)?.to_owned();
        let number = |part: &Value| part.as_u64().and_then(|number| usize::try_from(number).ok());
        let numbers: Option<Vec<usize>> = parts[1..].iter().map(number).collect();
        found.push(match *numbers.ok_or_else(bad)?.as_slice() {
            [from] => Gene { op, from, to: 2 + index / 2 },
            [to, from] => {
                pairs = false;
                Gene { op, from, to }
            }
            _ => return Err(bad()),
        });
    }
    let concat = concat.filter(|_| pairs).unwrap_or_else(|| {
        let mut nodes: Vec<usize> = found.iter().map(|gene| gene.to).collect();
        nodes.sort_unstable();
        nodes.dedup();
        nodes
    });
    Ok(CellGenotype { name: name.to_owned(), inputs: 2, genes: found, concat, residual: false })
}

/// The first place where two genotypes differ; `None` when cells, genes (order included) and
/// outputs are the same.
pub(crate) fn difference(got: &Genotype, want: &Genotype) -> Option<String> {
    let got = got.cells();
    let want = want.cells();
    if got.len() != want.len() {
        return Some(format!("expected {} cells, found {}", want.len(), got.len()));
    }
    let mut pairs = got.iter().zip(want);
    let (got, want) = pairs.find(|(got, want)| got != want)?;
    let place = format!("cell `{}`", want.name);
    let same = got.genes.iter().zip(&want.genes).take_while(|(got, want)| got == want).count();
    let show = |gene: Option<&Gene>| {
        gene.map_or("no gene".to_owned(), |gene| format!("{} {}->{}", gene.op, gene.from, gene.to))
    };
    if same == got.genes.len() && same == want.genes.len() {
        return Some(format!("{place}: expected {want:?}, found {got:?}"));
    }
    let got = show(got.genes.get(same));
    let want = show(want.genes.get(same));
    Some(format!("{place}, gene {same}: expected {want}, found {got}"))
}

/// A genotype by name: a published one, or one that a file of the folder defines.
pub(crate) fn by_name(folder: &Path, name: &str) -> Result<Genotype, GoldenError> {
    match Genotype::published(name) {
        Ok(genotype) => Ok(genotype),
        Err(unknown) => match in_folder(folder, name)? {
            Some(entry) => genotype(&entry),
            None => Err(unknown.into()),
        },
    }
}

fn in_folder(folder: &Path, name: &str) -> Result<Option<Value>, GoldenError> {
    let manifest: Manifest = read_json(&folder.join("manifest.json"))?;
    for file in manifest.files.keys().filter(|file| file.ends_with(".json")) {
        let value: Value = read_json(&folder.join(file))?;
        if let Some(entry) = value.get(name).filter(|entry| entry.field("kind").is_some()) {
            return Ok(Some(entry.clone()));
        }
    }
    Ok(None)
}
