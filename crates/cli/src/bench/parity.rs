//! One step from given weights, for comparison with another implementation.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use candle_core::{DType, Device, Tensor};
use dartloom::data::Batch;
use dartloom::relax::Softmax;
use dartloom::train::{Gradients, Position};
use serde::Serialize;

use super::args::SearchStepArguments;
use super::print_json;
use super::search_step::bilevel;
use crate::error::CliError;
use crate::output;
use crate::table::table;

/// What one step computed.
#[derive(Debug, Serialize)]
struct Parity {
    benchmark: &'static str,
    method: &'static str,
    channels: usize,
    layers: usize,
    batch: usize,
    input: String,
    /// Every loss of the step in order of evaluation; the last is the weights' training loss.
    losses: Vec<f64>,
    /// Norm of the weights' gradient before clipping.
    gradient_norm: f64,
    /// What the logits' optimiser was given: by cell, a row per edge.
    logit_gradients: BTreeMap<String, Vec<Vec<f64>>>,
}

/// Makes one step from the file at `path` and prints what it computed.
pub(super) fn run(arguments: &SearchStepArguments, path: &Path) -> Result<(), CliError> {
    let mut file = File::read(path)?;
    let mut bilevel = bilevel(arguments, Arc::new(Softmax::default()))?;
    let train = file.batch("train", arguments)?;
    let valid = file.batch("valid", arguments)?;
    let logits = file.logits(bilevel.architecture.logits().keys())?;
    let refuse = |error| CliError::content(path, error);
    bilevel.architecture.load(&logits).map_err(|error| refuse(dartloom::Error::from(error)))?;
    let variables = bilevel.supernet.variables();
    variables.load(&file.tensors).map_err(|error| refuse(dartloom::Error::from(error)))?;
    let report =
        bilevel.step(Position::default(), 1, &train, Some(&valid)).map_err(CliError::work)?;
    let parity = Parity {
        benchmark: "parity",
        method: arguments.method.name(),
        channels: arguments.channels,
        layers: arguments.layers,
        batch: arguments.batch,
        input: arguments.input.to_string(),
        losses: report.losses,
        gradient_norm: report.gradient_norm,
        logit_gradients: tables(&report.arch_gradients).map_err(CliError::work)?,
    };
    if arguments.pace.json { print_json(&parity) } else { output::print(&parity.table()) }
}

impl Parity {
    fn table(&self) -> String {
        let mut rows = vec![vec![self.method.to_owned(), "value".to_owned()]];
        for (index, loss) in self.losses.iter().enumerate() {
            rows.push(vec![format!("loss {index}"), format!("{loss:.6}")]);
        }
        rows.push(vec!["norm of the weights' gradient".to_owned(), self.gradient_norm.to_string()]);
        for (cell, gradients) in &self.logit_gradients {
            let sum: f64 = gradients.iter().flatten().map(|value| value * value).sum();
            rows.push(vec![
                format!("norm of the logits' gradient, {cell}"),
                sum.sqrt().to_string(),
            ]);
        }
        table(&rows)
    }
}

fn tables(gradients: &Gradients) -> candle_core::Result<BTreeMap<String, Vec<Vec<f64>>>> {
    let table = |(cell, gradient): (&String, &Tensor)| {
        Ok((cell.clone(), gradient.to_dtype(DType::F64)?.to_vec2()?))
    };
    gradients.0.iter().map(table).collect()
}

/// Tensors by name that have not been used yet.
struct File<'a> {
    path: &'a Path,
    tensors: BTreeMap<String, Tensor>,
}

impl<'a> File<'a> {
    fn read(path: &'a Path) -> Result<Self, CliError> {
        let unreadable = |source| CliError::Read { path: path.to_owned(), source };
        let bytes = std::fs::read(path).map_err(unreadable)?;
        let tensors = candle_core::safetensors::load_buffer(&bytes, &Device::Cpu)
            .map_err(|error| CliError::content(path, error))?;
        Ok(Self { path, tensors: tensors.into_iter().collect() })
    }

    fn take(&mut self, name: &str) -> Result<Tensor, CliError> {
        match self.tensors.remove(name) {
            Some(tensor) => Ok(tensor),
            None => Err(self.wrong(name, "a tensor of this name", "none".to_owned())),
        }
    }

    /// The images and labels of one part.
    fn batch(&mut self, part: &str, arguments: &SearchStepArguments) -> Result<Batch, CliError> {
        let (images, labels) = (format!("{part}.images"), format!("{part}.labels"));
        let shape = arguments.input;
        let expected = [arguments.batch, shape.channels, shape.height, shape.width];
        let images = self.of_shape(&images, &expected)?.to_dtype(DType::F32);
        let labels = self.of_shape(&labels, &expected[..1])?.to_dtype(DType::U32);
        let tensors = || Ok::<_, candle_core::Error>(Batch { images: images?, labels: labels? });
        tensors().map_err(CliError::work)
    }

    fn of_shape(&mut self, name: &str, expected: &[usize]) -> Result<Tensor, CliError> {
        let tensor = self.take(name)?;
        if tensor.dims() == expected {
            return Ok(tensor);
        }
        let expected = format!("shape {expected:?} as --batch and --input say");
        Err(self.wrong(name, &expected, format!("{:?}", tensor.dims())))
    }

    /// The logits of all cells.
    fn logits<'b>(
        &mut self,
        cells: impl Iterator<Item = &'b String>,
    ) -> Result<BTreeMap<String, Tensor>, CliError> {
        cells.map(|cell| Ok((cell.clone(), self.take(&format!("logits.{cell}"))?))).collect()
    }

    fn wrong(&self, tensor: &str, expected: &str, found: String) -> CliError {
        let (path, tensor) = (self.path.to_owned(), tensor.to_owned());
        CliError::Parity { path, tensor, expected: expected.to_owned(), found }
    }
}
