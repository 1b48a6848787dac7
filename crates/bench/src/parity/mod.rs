//! One step from given weights, for comparison with another implementation.

mod file;

use std::collections::BTreeMap;
use std::path::Path;

use candle_core::{DType, Tensor};
use dartloom::ops::Model as _;
use dartloom::train::{Gradients, Position};
use serde::Serialize;

use super::args::{SearchStepArguments, TrainStepArguments};
use super::as_json;
use super::batch::Labels;
use super::search_step::bilevel;
use super::train_step::{Training, config};
use super::unet_step::{self, UnetStepArguments};
use crate::error::BenchError;
use dartloom_report::table;
use file::File;

/// The values that one step computed.
#[derive(Debug, Serialize)]
struct Parity {
    benchmark: &'static str,
    method: String,
    channels: usize,
    layers: usize,
    batch: usize,
    input: String,
    /// Every loss of the step in order of evaluation; the last is the weights' training loss.
    losses: Vec<f64>,
    /// Norm of the weights' gradient before clipping.
    gradient_norm: f64,
    /// Tables of gradients by name.
    gradients: BTreeMap<String, Table>,
}

type Table = Vec<Vec<f64>>;

/// Makes one step of a search from the file at `path` and prints what it computed, with what the
/// logits' optimiser was given.
pub(super) fn search(arguments: &SearchStepArguments, path: &Path) -> Result<String, BenchError> {
    let size = arguments.size;
    let images = size.images;
    let mut file = File::read(path)?;
    let mut bilevel = bilevel(arguments, arguments.method.relaxation())?;
    let labels = arguments.method.labels();
    let train = file.batch("train", images.batch, images.input, labels)?;
    let valid = file.batch("valid", images.batch, images.input, labels)?;
    let logits = file.logits(bilevel.core.architecture.named().keys())?;
    bilevel.core.architecture.load(&logits).map_err(|error| file.refuse(error.into()))?;
    file.load(bilevel.core.supernet.variables())?;
    let report =
        bilevel.step(Position::default(), 1, &train, Some(&valid)).map_err(BenchError::work)?;
    let cell =
        |(cell, gradient): (&String, &Tensor)| Ok((format!("logits of {cell}"), rows(gradient)?));
    let named = bilevel.core.architecture.by_name(&report.arch_gradients);
    let gradients: candle_core::Result<_> = named.0.iter().map(cell).collect();
    let parity = Parity {
        benchmark: "parity",
        method: arguments.method.name().to_owned(),
        channels: size.channels,
        layers: size.layers,
        batch: images.batch,
        input: images.input.to_string(),
        losses: report.losses(),
        gradient_norm: report.gradient_norm,
        gradients: gradients.map_err(BenchError::work)?,
    };
    parity.shown(arguments.pace.json)
}

/// Loss and gradients of a training step from the file at `path`, without drop-path, which draws
/// differently in every program.
pub(super) fn train(arguments: &TrainStepArguments, path: &Path) -> Result<String, BenchError> {
    let size = arguments.network.size;
    let images = size.images;
    let mut file = File::read(path)?;
    let network = arguments.network.derived(arguments.aux).network()?;
    let batch = file.batch("train", images.batch, images.input, Labels::OfImages)?;
    file.load(network.variables())?;
    let mut training = Training::new(&network, config(arguments));
    let (loss, found) = training.gradients(&batch).map_err(BenchError::work)?;
    let tables = tables(&found).map_err(BenchError::work)?;
    let parity = Parity {
        benchmark: "parity",
        method: arguments.network.genotype.clone(),
        channels: size.channels,
        layers: size.layers,
        batch: images.batch,
        input: images.input.to_string(),
        losses: vec![loss],
        gradient_norm: found.norm().map_err(BenchError::work)?,
        gradients: tables,
    };
    parity.shown(arguments.pace.json)
}

/// Loss and gradients of a training step of the U-Net from the file at `path`.
pub(super) fn unet(arguments: &UnetStepArguments, path: &Path) -> Result<String, BenchError> {
    let UnetStepArguments { channels, depth, batch, input, .. } = *arguments;
    let mut file = File::read(path)?;
    let network = arguments.network()?;
    let data = file.batch("train", batch, input, unet_step::LABELS)?;
    file.load(network.variables())?;
    let mut training = unet_step::Training::new(&network);
    let (loss, found) = training.gradients(&data).map_err(BenchError::work)?;
    let parity = Parity {
        benchmark: "parity",
        method: "unet".to_owned(),
        channels,
        layers: depth,
        batch,
        input: input.to_string(),
        losses: vec![loss],
        gradient_norm: found.norm().map_err(BenchError::work)?,
        gradients: tables(&found).map_err(BenchError::work)?,
    };
    parity.shown(arguments.pace.json)
}

/// The weights that networks begin with: those of genotypes, and the U-Net.
const STEMS: [&str; 2] = ["stem.0.0.weight", "encoder.0.0.weight"];

/// The norms of all gradients in order of their names, and the gradient that came the longest way.
fn tables(gradients: &Gradients) -> candle_core::Result<BTreeMap<String, Table>> {
    let norm = |gradient: &Tensor| -> candle_core::Result<f64> {
        gradient.to_dtype(DType::F64)?.sqr()?.sum_all()?.sqrt()?.to_scalar()
    };
    let norms: candle_core::Result<_> = gradients.0.values().map(norm).collect();
    let mut tables = BTreeMap::from([("norms of all weights".to_owned(), vec![norms?])]);
    if let Some(stem) = STEMS.iter().find_map(|name| gradients.0.get(*name)) {
        tables.insert("weights of the stem".to_owned(), rows(&stem.flatten_from(1)?)?);
    }
    Ok(tables)
}

fn rows(gradient: &Tensor) -> candle_core::Result<Table> {
    gradient.to_dtype(DType::F64)?.to_vec2()
}

impl Parity {
    fn shown(&self, json: bool) -> Result<String, BenchError> {
        if json { as_json(self) } else { Ok(self.table()) }
    }

    fn table(&self) -> String {
        let mut lines = vec![vec![self.method.clone(), "value".to_owned()]];
        for (index, loss) in self.losses.iter().enumerate() {
            lines.push(vec![format!("loss {index}"), format!("{loss:.6}")]);
        }
        let norm = self.gradient_norm.to_string();
        lines.push(vec!["norm of the weights' gradient".to_owned(), norm]);
        for (name, gradients) in &self.gradients {
            let sum: f64 = gradients.iter().flatten().map(|value| value * value).sum();
            lines.push(vec![format!("norm of the gradient, {name}"), sum.sqrt().to_string()]);
        }
        table(&lines)
    }
}
