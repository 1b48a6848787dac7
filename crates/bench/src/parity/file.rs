//! The file that two implementations start from.

use std::collections::BTreeMap;
use std::path::Path;

use candle_core::{DType, Device, Tensor};
use dartloom::data::Batch;
use dartloom::ops::Variables;
use dartloom::space::Shape;

use super::super::batch::Labels;
use dartloom_engine::EngineError;

use crate::error::BenchError;

/// Tensors by name that have not been used yet.
pub(super) struct File<'a> {
    path: &'a Path,
    pub(super) tensors: BTreeMap<String, Tensor>,
}

impl<'a> File<'a> {
    pub(super) fn read(path: &'a Path) -> Result<Self, BenchError> {
        let unreadable = |source| EngineError::Read { path: path.to_owned(), source };
        let bytes = std::fs::read(path).map_err(unreadable)?;
        let tensors = candle_core::safetensors::load_buffer(&bytes, &Device::Cpu)
            .map_err(|error| BenchError::content(path, error))?;
        Ok(Self { path, tensors: tensors.into_iter().collect() })
    }

    /// Gives all tensors that are left to `variables`.
    pub(super) fn load(&self, variables: &Variables) -> Result<(), BenchError> {
        variables.load(&self.tensors).map_err(|error| self.refuse(error.into()))
    }

    pub(super) fn refuse(&self, error: dartloom::Error) -> BenchError {
        BenchError::content(self.path, error)
    }

    fn take(&mut self, name: &str) -> Result<Tensor, BenchError> {
        match self.tensors.remove(name) {
            Some(tensor) => Ok(tensor),
            None => Err(self.wrong(name, "a tensor of this name", "none".to_owned())),
        }
    }

    /// The images and labels of one part.
    pub(super) fn batch(
        &mut self,
        part: &str,
        batch: usize,
        shape: Shape,
        labels: Labels,
    ) -> Result<Batch, BenchError> {
        let images = format!("{part}.images");
        let name = format!("{part}.labels");
        let expected = [batch, shape.channels, shape.height, shape.width];
        let images = self.of_shape(&images, &expected)?.to_dtype(DType::F32);
        let labels = self.labels(&name, &labels.dims(batch, shape), labels.classes())?;
        Batch::new(images.map_err(BenchError::work)?, labels).map_err(BenchError::work)
    }

    /// Whole numbers below the number of classes.
    fn labels(
        &mut self,
        name: &str,
        expected: &[usize],
        classes: u32,
    ) -> Result<Tensor, BenchError> {
        let tensor = self.of_shape(name, expected)?;
        let values = || tensor.to_dtype(DType::F64)?.flatten_all()?.to_vec1::<f64>();
        let values = values().map_err(BenchError::work)?;
        let below = f64::from(classes);
        let is_label = |value: &f64| value.fract() == 0.0 && (0.0..below).contains(value);
        if let Some(index) = values.iter().position(|value| !is_label(value)) {
            let found = format!("{} at index {index}", values[index]);
            return Err(self.wrong(name, &format!("labels below {classes}"), found));
        }
        tensor.to_dtype(DType::U32).map_err(BenchError::work)
    }

    fn of_shape(&mut self, name: &str, expected: &[usize]) -> Result<Tensor, BenchError> {
        let tensor = self.take(name)?;
        if tensor.dims() == expected {
            return Ok(tensor);
        }
        let expected = format!("shape {expected:?} as --batch and --input say");
        Err(self.wrong(name, &expected, format!("{:?}", tensor.dims())))
    }

    /// The logits of all cells.
    pub(super) fn logits<'b>(
        &mut self,
        cells: impl Iterator<Item = &'b String>,
    ) -> Result<BTreeMap<String, Tensor>, BenchError> {
        cells.map(|cell| Ok((cell.clone(), self.take(&format!("logits.{cell}"))?))).collect()
    }

    fn wrong(&self, tensor: &str, expected: &str, found: String) -> BenchError {
        let path = self.path.to_owned();
        let tensor = tensor.to_owned();
        BenchError::Parity { path, tensor, expected: expected.to_owned(), found }
    }
}
