//! Networks of D-DARTS and DARTOpti: every cell, or every distinct cell, has its own logits.

mod ablation;
mod supernet;
mod trajectory;

use dartloom_ops::Place;
use std::sync::Arc;

use candle_core::Tensor;
use dartloom_noise::Noise;
use dartloom_relax::{Penalised, Relaxation, Sigmoid, ZeroOne};
use dartloom_search::{Architecture, Choices};
use dartloom_space::{CellOutput, Genotype, Shape, Space, Stem};
use serde_json::Value;

pub(crate) use ablation::run as run_ablation;
pub(crate) use supernet::run as run_supernet;
pub(crate) use trajectory::run as run_trajectory;

use super::plan::{nodes_of, op_set};
use super::searched::Searched;
use crate::golden::GoldenError;
use crate::golden::bundle::View;
use crate::golden::fields::Fields;
use crate::golden::genotypes::{by_name, genotype};
use crate::golden::manifest::Case;

/// The supernet of a case on images of `input`, with a `table` of edges and operations per cell.
fn searched(
    case: &Case<'_>,
    input: Shape,
    (rows, columns): (usize, usize),
) -> Result<Searched, GoldenError> {
    let config = &case.entry.config;
    let field = if columns == 12 && config.field("ops").is_some_and(Value::is_array) {
        "ops"
    } else {
        "no list of operations"
    };
    let ops = match columns {
        12 if field != "ops" => dartloom_space::OpSet::builtin("S_o")?,
        _ => op_set(config, field, columns)?,
    };
    let nodes = nodes_of(rows)?;
    let stem = Stem::cifar(3);
    let space = match baseline(case)? {
        Some(genotype) => Space::around(&genotype, ops, nodes, stem, CellOutput::LastFour)?,
        None => Space::individual(ops, config.count("layers")?, nodes, stem)?,
    };
    Searched::of(space, config, input)
}

/// The hand-made network a case of DARTOpti starts from.
fn baseline(case: &Case<'_>) -> Result<Option<Genotype>, GoldenError> {
    if let Some(written) = case.entry.extra.field("baseline") {
        return genotype(written).map(Some);
    }
    match case.entry.config.field("baseline") {
        None => Ok(None),
        Some(Value::String(name)) => by_name(case.folder, name).map(Some),
        Some(written) => genotype(written).map(Some),
    }
}

/// Logits by cell: stacked, one by one in a folder, or those of the only cell.
fn tables(view: &View<'_>, name: &str, cells: usize) -> Result<Vec<Tensor>, GoldenError> {
    if !view.has(name) {
        return (0..cells).map(|cell| view.get(&format!("{name}/{cell}"))).collect();
    }
    let tensor = view.get(name)?;
    if tensor.rank() == 2 {
        return Ok(vec![tensor]);
    }
    (0..cells).map(|cell| Ok(tensor.get(cell)?)).collect()
}

/// Independent sigmoids at these logits, with a zero-one loss of this weight in every cell.
fn architecture(
    space: &Space,
    logits: Vec<Tensor>,
    zero_one: f64,
) -> Result<Architecture, GoldenError> {
    let relaxation: Arc<dyn Relaxation> =
        Arc::new(Penalised::new(Sigmoid, ZeroOne::default(), zero_one)?);
    let mut noise = Noise::new(0).stream("logits", 0);
    let choices = Choices::new(relaxation);
    let architecture = Architecture::new(space, choices, &Place::default(), &mut noise)?;
    let names = architecture.cells().iter().cloned();
    architecture.load(&names.zip(logits).collect())?;
    Ok(architecture)
}
