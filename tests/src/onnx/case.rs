//! A network with trained-looking weights, and its exported model.

use std::collections::BTreeMap;

use candle_core::Tensor;
use dartloom_net::{DerivedNetwork, GraphNetwork};
use dartloom_noise::Noise;
use dartloom_onnx::{Array, Arrays, Export};
use dartloom_ops::{Mode, Model, Pass, Place, Registry};
use dartloom_space::{Blueprint, Graph, Shape};
use rand::{Rng as _, RngCore};

use super::{ExportCaseError, IMAGES};

/// Tensors by the name of the output.
pub type Tensors = Vec<(String, Tensor)>;

/// An exported model with inputs and outputs.
#[derive(Clone, Debug)]
pub struct Case {
    /// The kind of thing that is exported: an operation, a baseline, an option.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// The exported models and what is special about each: as it is, and with norms folded.
    pub models: Vec<(&'static str, Vec<u8>)>,
    /// Images, `[B, C, H, W]`.
    pub images: Tensor,
    /// The outputs that the network computes of them.
    pub outputs: Tensors,
}

/// The layers of a network.
#[derive(Clone, Debug)]
pub(super) enum Layout {
    Graph(Graph),
    Blueprint(Box<Blueprint>),
}

impl Layout {
    pub(super) fn input(&self) -> Shape {
        match self {
            Self::Graph(graph) => graph.input(),
            Self::Blueprint(plan) => plan.build.input,
        }
    }

    pub(super) fn export<'a>(&'a self, arrays: &'a Arrays) -> Export<'a> {
        match self {
            Self::Graph(graph) => Export::of_graph(graph, arrays),
            Self::Blueprint(plan) => Export::of_blueprint(plan, arrays),
        }
    }

    fn model(&self, noise: &mut dyn RngCore) -> Result<Box<dyn Model>, ExportCaseError> {
        let place = Place::default();
        Ok(match self {
            Self::Graph(graph) => Box::new(GraphNetwork::new(graph.clone(), &place, noise)?),
            Self::Blueprint(plan) => {
                Box::new(DerivedNetwork::new(plan, &Registry::standard()?, &place, noise)?)
            }
        })
    }
}

/// Training passes after which running statistics are near those of the images.
const PASSES: usize = 20;

/// Images of a training pass.
const BATCH: usize = 16;

/// A network that looks trained: scales and shifts are random, and running statistics are those of
/// the images.
#[derive(Debug)]
pub(super) struct Trained {
    pub(super) images: Tensor,
    pub(super) model: Box<dyn Model>,
    pub(super) arrays: Arrays,
}

impl Trained {
    pub(super) fn of(layout: &Layout) -> Result<Self, ExportCaseError> {
        let mut noise = Noise::new(7).stream("exported", 0);
        let model = layout.model(&mut noise)?;
        let images = images(layout.input(), &mut noise)?;
        let mut variables = model.variables().snapshot()?;
        for (name, tensor) in &mut variables {
            let shape = tensor.dims().to_vec();
            if name.ends_with(".bias") {
                *tensor = uniform(&shape, -0.5, 0.5, &mut noise)?;
            } else if name.ends_with(".weight") && shape.len() == 1 {
                *tensor = uniform(&shape, 0.5, 1.5, &mut noise)?;
            }
        }
        model.variables().load(&variables)?;
        let some = images.narrow(0, 0, BATCH)?;
        let norms = variables.keys().any(|name| name.ends_with(".running_mean"));
        for _ in 0..if norms { PASSES } else { 0 } {
            let mut pass = Pass::new(Mode::train(), &mut noise);
            model.forward(&some, &mut pass)?;
        }
        let arrays = arrays(&model.variables().snapshot()?)?;
        Ok(Self { images, model, arrays })
    }

    /// The outputs of the network for some images.
    pub(super) fn answer(&self, images: &Tensor) -> Result<Tensor, ExportCaseError> {
        Ok(self.model.forward(images, &mut Pass::eval())?.main.detach())
    }

    /// The values of nodes, by name.
    pub(super) fn seen(&self, names: &[String]) -> Result<Tensors, ExportCaseError> {
        let mut seen = Vec::new();
        let mut watch = |place: &dyn std::fmt::Display, value: &Tensor| {
            let place = place.to_string();
            if names.contains(&place) {
                seen.push((place, value.detach()));
            }
            Ok(())
        };
        let mut pass = Pass { watch: Some(&mut watch), ..Pass::eval() };
        self.model.forward(&self.images, &mut pass)?;
        seen.sort_by_key(|(own, _)| names.iter().position(|name| name == own));
        Ok(seen)
    }
}

/// Random images of a shape.
fn images(shape: Shape, noise: &mut dyn RngCore) -> Result<Tensor, ExportCaseError> {
    let Shape { channels, height, width } = shape;
    uniform(&[IMAGES, channels, height, width], -2.0, 2.0, noise)
}

fn uniform(
    shape: &[usize],
    low: f32,
    high: f32,
    noise: &mut dyn RngCore,
) -> Result<Tensor, ExportCaseError> {
    let count = shape.iter().product();
    let values: Vec<f32> = (0..count).map(|_| noise.random_range(low..high)).collect();
    Ok(Tensor::from_vec(values, shape, &candle_core::Device::Cpu)?)
}

fn arrays(variables: &BTreeMap<String, Tensor>) -> Result<Arrays, ExportCaseError> {
    let mut arrays = Arrays::new();
    for (name, tensor) in variables {
        let values = tensor.flatten_all()?.to_vec1()?;
        let array = Array::new(tensor.dims().to_vec(), values);
        let array = array.map_err(|source| ExportCaseError::Onnx { name: name.clone(), source })?;
        arrays.insert(name.clone(), array);
    }
    Ok(arrays)
}
