//! A network, what is exported of it, and the file.

use std::collections::BTreeMap;

use dartloom_space::{Blueprint, Graph, Shape};
use prost::Message as _;

use crate::draft::{Draft, IMAGE, Value, whole};
use crate::features::{self, Feature};
use crate::proto::{
    DataType, Dimension, DimensionProto, GraphProto, ModelProto, OperatorSetIdProto,
    StringStringEntryProto, TensorShapeProto, TensorTypeProto, TypeProto, ValueInfoProto,
};
use crate::values::Built;
use crate::{Arrays, Normalization, OnnxError, blueprint, graph};

/// The name of the result, where it is one.
const OUTPUT: &str = "output";
/// The version of the file format.
const FORMAT: i64 = 8;
/// The version of the set of operators.
const OPERATORS: i64 = 17;
/// Most bytes of a message.
const MOST: usize = (1 << 31) - 1;

/// The network to export.
#[derive(Clone, Copy, Debug)]
enum Source<'a> {
    Blueprint(&'a Blueprint),
    Graph(&'a Graph),
}

impl Source<'_> {
    fn input(self) -> Shape {
        match self {
            Self::Blueprint(plan) => plan.build.input,
            Self::Graph(graph) => graph.input(),
        }
    }

    fn name(self) -> String {
        match self {
            Self::Blueprint(_) => "derived network".to_owned(),
            Self::Graph(graph) => graph.name().to_owned(),
        }
    }

    fn add(self, draft: &mut Draft<'_>, image: Value) -> Result<Built, OnnxError> {
        match self {
            Self::Blueprint(plan) => blueprint::add(draft, plan, image),
            Self::Graph(graph) => graph::add(draft, graph, image),
        }
    }
}

/// The number of images in a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Batch {
    /// Any number: the dimension is called `N`.
    #[default]
    Any,
    /// This many.
    Fixed(usize),
}

/// The function that makes probabilities of outputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probabilities {
    /// Those of classes, which exclude each other: `e^z_c / sum_k e^z_k` over the outputs of an
    /// image or pixel.
    Softmax,
    /// Those of labels, each for itself: `1 / (1 + e^-z)`.
    Sigmoid,
}

/// An export: a network with its arrays, and the choices of its file.
///
/// The model computes what the network computes in evaluation: norms use their running statistics,
/// nothing is dropped, auxiliary heads and those of deep supervision are left out. It reads
/// `image`, `[N, C, H, W]` in `f32`, and puts out `output`, `[N, numbers]` or
/// `[N, channels, H, W]`.
///
/// ```
/// use std::collections::BTreeMap;
///
/// use dartloom_onnx::{Array, Export};
/// use dartloom_space::{GraphBuilder, GraphInput, Layer, Outputs, Shape};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut graph = GraphBuilder::new("two classes", Shape::new(1, 4, 4))?;
/// graph.node("head", GraphInput::Image, vec![Layer::pointwise(1, 2)])?;
/// let graph = graph.finish(Outputs::Plane { channels: 2 })?;
/// let weight = Array::new(vec![2, 1, 1, 1], vec![0.5, -0.5])?;
/// let arrays = BTreeMap::from([("head.0.weight".to_owned(), weight)]);
/// let export = Export::of_graph(&graph, &arrays).with_metadata("task", "an example");
/// assert_eq!(export.bytes()?, export.clone().bytes()?);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Export<'a> {
    source: Source<'a>,
    arrays: &'a Arrays,
    fold_norms: bool,
    normalization: Option<Normalization>,
    probabilities: Option<Probabilities>,
    batch: Batch,
    features: Option<Vec<String>>,
    metadata: BTreeMap<String, String>,
}

impl<'a> Export<'a> {
    /// The network of a genotype, by a plan of [`Blueprint::derived`]. `arrays` has every variable
    /// and running statistic by its name; others than the network's are left out.
    pub fn of_blueprint(plan: &'a Blueprint, arrays: &'a Arrays) -> Self {
        Self::of(Source::Blueprint(plan), arrays)
    }

    /// A network laid out by hand.
    pub fn of_graph(graph: &'a Graph, arrays: &'a Arrays) -> Self {
        Self::of(Source::Graph(graph), arrays)
    }

    fn of(source: Source<'a>, arrays: &'a Arrays) -> Self {
        Self {
            source,
            arrays,
            fold_norms: false,
            normalization: None,
            probabilities: None,
            batch: Batch::default(),
            features: None,
            metadata: BTreeMap::new(),
        }
    }

    /// The same with every norm behind a convolution made a part of its weights and a bias. With
    /// `g`, `b`, `m` and `v` the scale, shift, running mean and running variance of a channel, and
    /// `w` and `c` its weights and bias before, they become `w g / sqrt(v + 1e-5)` and
    /// `b + (c - m) g / sqrt(v + 1e-5)`.
    #[must_use]
    pub fn fold_norms(self) -> Self {
        Self { fold_norms: true, ..self }
    }

    /// The same with the normalisation of images as its first nodes, so that it reads bytes as
    /// numbers from 0 to 255.
    #[must_use]
    pub fn with_normalization(self, constants: Normalization) -> Self {
        Self { normalization: Some(constants), ..self }
    }

    /// The same with probabilities in place of outputs.
    #[must_use]
    pub fn with_probabilities(self, function: Probabilities) -> Self {
        Self { probabilities: Some(function), ..self }
    }

    /// The same for another number of images in a batch.
    #[must_use]
    pub fn with_batch(self, batch: Batch) -> Self {
        Self { batch, ..self }
    }

    /// The same with values between image and head as its outputs, in this order and under these
    /// names, in place of the head's. [`scales`](Self::scales) are what a detector reads.
    #[must_use]
    pub fn with_features<N: Into<String>>(self, names: impl IntoIterator<Item = N>) -> Self {
        Self { features: Some(names.into_iter().map(Into::into).collect()), ..self }
    }

    /// The same with an entry in the metadata of the model; a second one of a key replaces the
    /// first.
    #[must_use]
    pub fn with_metadata(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.metadata.insert(key.into(), value.into());
        self
    }

    /// The values between image and head that can be outputs, in order of execution: those of stem
    /// parts, `stem.0`, and cells, `cells.3`, or of nodes by name.
    ///
    /// # Errors
    /// As [`bytes`](Self::bytes).
    pub fn features(&self) -> Result<Vec<Feature>, OnnxError> {
        let mut draft = Draft::new(self.arrays, self.fold_norms, &[]);
        let built = self.source.add(&mut draft, self.image())?;
        Ok(built.features.into_iter().map(Feature::from).collect())
    }

    /// The last of these values of every size of plane that is smaller than the image, the largest
    /// plane first: one output for each scale.
    ///
    /// # Errors
    /// As [`bytes`](Self::bytes), and [`OnnxError::NoFeatures`] where there are none.
    pub fn scales(&self) -> Result<Vec<Feature>, OnnxError> {
        features::scales(self.features()?, self.source.input())
    }

    fn image(&self) -> Value {
        Value { name: IMAGE.to_owned(), shape: self.source.input(), flat: false }
    }

    /// The bytes of the model. Equal exports give equal bytes.
    ///
    /// # Errors
    /// [`OnnxError::Missing`] and [`OnnxError::VariableShape`] for arrays of another network,
    /// [`OnnxError::Code`] for an operation without a recipe, [`OnnxError::Supernet`] for a plan in
    /// which nothing is chosen, [`OnnxError::Feature`] for an unknown feature,
    /// [`OnnxError::Probabilities`], [`OnnxError::Normalization`] and [`OnnxError::Batch`] for
    /// choices that mean nothing, and [`OnnxError::Size`] beyond two gigabytes.
    pub fn bytes(&self) -> Result<Vec<u8>, OnnxError> {
        if self.batch == Batch::Fixed(0) {
            return Err(OnnxError::Batch);
        }
        let one = [OUTPUT.to_owned()];
        let names = self.features.as_deref().unwrap_or(&one);
        let mut draft = Draft::new(self.arrays, self.fold_norms, names);
        let mut image = self.image();
        if let Some(constants) = &self.normalization {
            image = constants.add(&mut draft, image)?;
        }
        let built = self.source.add(&mut draft, image)?;
        let outputs = match &self.features {
            Some(_) if self.probabilities.is_some() => return Err(OnnxError::Probabilities),
            Some(names) => features::chosen(&mut draft, names, &built.features)?,
            None => vec![self.result(&mut draft, &built.output)],
        };
        let model = self.model(draft, &outputs);
        match model.encoded_len() {
            found if found > MOST => Err(OnnxError::Size { most: MOST, found }),
            _ => Ok(model.encode_to_vec()),
        }
    }

    /// The value of the head, as it is or as probabilities, under the name of the output.
    fn result(&self, draft: &mut Draft<'_>, value: &Value) -> Value {
        let axis = || vec![crate::draft::integer("axis", 1)];
        match self.probabilities {
            None => draft.output("Identity", value, OUTPUT, Vec::new()),
            Some(Probabilities::Sigmoid) => draft.output("Sigmoid", value, OUTPUT, Vec::new()),
            Some(Probabilities::Softmax) => draft.output("Softmax", value, OUTPUT, axis()),
        }
    }

    fn model(&self, draft: Draft<'_>, outputs: &[Value]) -> ModelProto {
        let (node, initializer) = draft.needed(outputs);
        let graph = GraphProto {
            node,
            name: self.source.name(),
            initializer,
            input: vec![self.described(&self.image())],
            output: outputs.iter().map(|value| self.described(value)).collect(),
        };
        let entry = |(key, value): (&String, &String)| StringStringEntryProto {
            key: key.clone(),
            value: value.clone(),
        };
        ModelProto {
            ir_version: FORMAT,
            opset_import: vec![OperatorSetIdProto {
                domain: Some(String::new()),
                version: OPERATORS,
            }],
            producer_name: "dartloom".to_owned(),
            producer_version: env!("CARGO_PKG_VERSION").to_owned(),
            graph: Some(graph),
            metadata_props: self.metadata.iter().map(entry).collect(),
        }
    }

    /// An input or output with its type.
    fn described(&self, value: &Value) -> ValueInfoProto {
        let Shape { channels, height, width } = value.shape;
        let batch = match self.batch {
            Batch::Any => Dimension::DimParam("N".to_owned()),
            Batch::Fixed(images) => Dimension::DimValue(whole(images)),
        };
        let sides = [channels, height, width];
        let sides = if value.flat { &sides[..1] } else { &sides[..] };
        let sides = sides.iter().map(|&side| Dimension::DimValue(whole(side)));
        let dim = |value| DimensionProto { value: Some(value) };
        let shape = TensorShapeProto { dim: [batch].into_iter().chain(sides).map(dim).collect() };
        let tensor = TensorTypeProto { elem_type: DataType::Float.into(), shape: Some(shape) };
        ValueInfoProto {
            name: value.name.clone(),
            r#type: Some(TypeProto { tensor_type: Some(tensor) }),
        }
    }
}
