//! Models of a few layers with chosen weights.

use std::collections::BTreeMap;

use candle_core::{DType, Device, Tensor};
use dartloom_data::Batch;
use dartloom_noise::Noise;
use dartloom_ops::{Mode, Model, OpError, Output, Pass, Place, Sequence, Variables};
use dartloom_space::{Cost, Layer, Pair};
use dartloom_task::Classification;

use super::super::Scorable;
use super::super::passes::logits;

/// One of so many classes for an image.
pub(super) fn classes(count: usize) -> Classification {
    Classification::new(count).unwrap()
}

/// A network, images with labels, and the classification that it has outputs for.
pub(super) fn given<'a>(network: &'a dyn Model, batch: &'a Batch) -> Scorable<'a> {
    let logits = logits(network, &batch.inputs, Mode::probe(), None).unwrap();
    let task = Box::leak(Box::new(classes(logits.dim(1).unwrap().max(2))));
    Scorable { network, batch, task }
}

/// Layers one after the other.
#[derive(Debug)]
pub(super) struct Tiny {
    variables: Variables,
    layers: Sequence,
}

impl Tiny {
    pub(super) fn new(layers: &[Layer], dtype: DType) -> Self {
        let mut variables = Variables::new(&Place::from(dtype));
        let mut rng = Noise::new(8).stream("tiny", 0);
        let layers = Sequence::new(layers, &mut variables.builder(&mut rng)).unwrap();
        Self { variables, layers }
    }

    /// Sets a parameter, as named by its layer: `0.weight`.
    pub(super) fn with(self, name: &str, values: &[f64]) -> Self {
        let var = &self.variables.parameters()[name];
        let values = Tensor::from_vec(values.to_vec(), var.dims(), &Device::Cpu).unwrap();
        var.set(&values.to_dtype(var.dtype()).unwrap()).unwrap();
        self
    }
}

impl Model for Tiny {
    fn variables(&self) -> &Variables {
        &self.variables
    }

    fn forward(&self, x: &Tensor, pass: &mut Pass<'_>) -> Result<Output, OpError> {
        Ok(pass.run(&self.layers, x)?.flatten_from(1)?.into())
    }

    fn cost(&self) -> Cost {
        Cost::default()
    }
}

pub(super) fn linear(inputs: usize, outputs: usize) -> Layer {
    Layer::Linear { inputs, outputs }
}

pub(super) fn pointwise(inputs: usize, outputs: usize) -> Layer {
    Layer::Conv {
        inputs,
        outputs,
        kernel: Pair::both(1),
        stride: Pair::both(1),
        dilation: Pair::both(1),
        padding: Pair::both(0),
        groups: 1,
    }
}

/// Images of one row, one channel.
pub(super) fn batch(images: &[&[f64]], labels: &[u32], dtype: DType) -> Batch {
    let width = images[0].len();
    let images = Tensor::from_vec(images.concat(), (labels.len(), 1, 1, width), &Device::Cpu);
    let labels = Tensor::new(labels, &Device::Cpu).unwrap();
    Batch::new(images.unwrap().to_dtype(dtype).unwrap(), labels).unwrap()
}

pub(super) fn snapshot(model: &dyn Model) -> BTreeMap<String, Vec<f64>> {
    let all = model.variables().snapshot().unwrap();
    let values =
        |(name, tensor): (String, Tensor)| (name, super::super::passes::host(&tensor).unwrap());
    all.into_iter().map(values).collect()
}
