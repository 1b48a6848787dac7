//! A trained network that can be kept, and used without anything else.

mod architecture;
mod error;
mod facts;
mod file;
mod onnx;
mod prediction;
mod reading;

use std::path::Path;

use candle_core::Tensor;
use dartloom_data::{Dataset, Loader, Normalization, TargetSpec};
use dartloom_net::{NetworkSize, Setting};
use dartloom_ops::{Model, Pass, Place, Registry};
use dartloom_space::{Genotype, Graph, Outputs, Shape};
use dartloom_task::{ConfiguredTask, Task};
use dartloom_train::{Evaluation, TrainError, evaluate};

use self::architecture::{Architecture, Derived};
pub use self::error::TrainedError;
use self::facts::Facts;
pub use self::onnx::OnnxConfig;
pub use self::prediction::{Answer, Prediction};
pub use self::reading::Reading;

/// Images that [`Trained::evaluate`] runs at once.
const BATCH: usize = 64;

/// A trained network with everything that is needed to use it.
///
/// It is one safetensors file: the genotype with its space, its sizes and the recipes of its
/// operations, or a graph that was laid out by hand; weights and batch-norm statistics, the
/// normalisation of its images, the way in which their files are read, the meaning of its outputs,
/// the task with its settings, names of classes, a version and a SHA-256 of all of it.
///
/// ```no_run
/// use dartloom_ops::Registry;
/// use dartloom_verdict::Trained;
///
/// # fn main() -> Result<(), dartloom_verdict::TrainedError> {
/// let network = Trained::load("network.safetensors", &Registry::standard()?)?;
/// let images = network.images(&[0; 3 * 64])?; // bytes of three images of 8x8
/// println!("{:?}", network.predict(&images)?.answer);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Trained {
    network: Box<dyn Model>,
    facts: Facts,
}

impl Trained {
    /// A copy of `network`, which is that of `genotype` in `setting` with `size` and has learnt
    /// `targets`.
    ///
    /// # Errors
    /// [`OpError::VariableNames`](dartloom_ops::OpError::VariableNames) or
    /// [`OpError::VariableShape`](dartloom_ops::OpError::VariableShape) where `network` is another
    /// one, [`TrainedError::Targets`] where its outputs mean something else.
    pub fn new(
        setting: &Setting<'_>,
        genotype: &Genotype,
        size: NetworkSize,
        targets: TargetSpec,
        network: &dyn Model,
    ) -> Result<Self, TrainedError> {
        let derived = Derived {
            genotype: genotype.clone(),
            space: setting.space.clone(),
            registry: setting.registry.clone(),
            build: setting.build,
            size,
        };
        let facts = Facts::new(Architecture::Derived(Box::new(derived)), targets);
        let variables = network.variables().snapshot()?;
        Self::of(facts, setting.place.clone(), &variables)
    }

    /// A copy of a trained network that was laid out by hand as `graph`, such as a
    /// [baseline](dartloom_space::hand_made::Baseline); `targets` say what its outputs mean.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn laid_out(
        graph: &Graph,
        targets: TargetSpec,
        network: &dyn Model,
    ) -> Result<Self, TrainedError> {
        let facts = Facts::new(Architecture::Graph(graph.clone()), targets);
        let variables = network.variables().snapshot()?;
        Self::of(facts, network.variables().place(), &variables)
    }

    fn of(
        facts: Facts,
        place: Place,
        variables: &std::collections::BTreeMap<String, Tensor>,
    ) -> Result<Self, TrainedError> {
        let found = facts.architecture.outputs();
        if outputs(facts.targets) != Some(found) {
            return Err(TrainedError::Targets { outputs: found, targets: facts.targets });
        }
        let network = facts.architecture.network(place, variables)?;
        Ok(Self { network, facts })
    }

    /// The same with the task that it was trained for, by its [identity](Task::identity): a file
    /// says it to people, and nothing is computed from it.
    #[must_use]
    pub fn with_task(mut self, task: &dyn Task) -> Self {
        self.facts.task = task.identity();
        self
    }

    /// The same with the settings of the task that it was trained for, by which it is judged
    /// ([`judge`](Self::judge)).
    ///
    /// # Errors
    /// Those of [`ConfiguredTask::task`] for settings that do not fit the network's targets, such
    /// as weights that are still to be measured.
    pub fn with_configured_task(mut self, task: ConfiguredTask) -> Result<Self, TrainedError> {
        task.task(self.facts.targets).map_err(TrainError::from)?;
        self.facts.configured_task = Some(task);
        Ok(self)
    }

    /// The same with the way in which its image files are read.
    #[must_use]
    pub fn with_reading(mut self, reading: Reading) -> Self {
        self.facts.reading = Some(reading);
        self
    }

    /// The same with the constants that make pixel values of bytes.
    ///
    /// # Errors
    /// [`TrainedError::Count`] for another number of channels than the images have.
    pub fn with_normalization(mut self, constants: Normalization) -> Result<Self, TrainedError> {
        let channels = self.facts.architecture.input().channels;
        expect("channels of the normalisation", channels, constants.channels())?;
        self.facts.normalization = Some(constants);
        Ok(self)
    }

    /// The same with a name for every output: classes, labels or values.
    ///
    /// # Errors
    /// [`TrainedError::Count`] for another number of names than outputs.
    pub fn with_class_names<N: Into<String>>(
        mut self,
        names: impl IntoIterator<Item = N>,
    ) -> Result<Self, TrainedError> {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        expect("names of outputs", self.facts.architecture.outputs().channels(), names.len())?;
        self.facts.class_names = names;
        Ok(self)
    }

    /// Writes the file, whole or not at all; equal networks give equal bytes.
    ///
    /// # Errors
    /// The error of the file, or of a tensor that is neither `f32` nor `f64`.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), TrainedError> {
        file::save(self, path.as_ref())
    }

    /// Reads a file onto the CPU. `registry` gives the operations that are written in code; recipes
    /// are in the file.
    ///
    /// # Errors
    /// [`TrainedError::Missing`] for no file, [`TrainedError::File`] for one that is damaged or no
    /// safetensors, [`TrainedError::Content`] for one that holds something else, or another
    /// version, [`RecordError::OtherWork`](dartloom_record::RecordError::OtherWork) where an
    /// operation of the registry computes something else than the one that was trained.
    pub fn load(path: impl AsRef<Path>, registry: &Registry) -> Result<Self, TrainedError> {
        file::load(path.as_ref(), registry)
    }

    /// The outputs for `images`, `[B, C, H, W]` of normalised pixels: `[B, numbers]`, or
    /// `[B, channels, H, W]` of a network with an output for every pixel. Nothing is drawn, and
    /// running statistics are used and left as they are.
    ///
    /// # Errors
    /// [`TrainedError::Images`] for images of another shape than the network was trained for.
    pub fn outputs(&self, images: &Tensor) -> Result<Tensor, TrainedError> {
        let expected = self.facts.architecture.input();
        let Shape { channels, height, width } = expected;
        match *images.dims() {
            [_, c, h, w] if (c, h, w) == (channels, height, width) => {}
            _ => {
                let found = images.dims().to_vec();
                return Err(TrainedError::Images { expected, found });
            }
        }
        // A network laid out by hand then keeps no value longer than it is read.
        let mut pass = Pass { constant_parameters: true, ..Pass::eval() };
        Ok(self.network.forward(images, &mut pass)?.main.detach())
    }

    /// The outputs for `images`, `[B, C, H, W]` of normalised pixels, and what they mean.
    ///
    /// # Errors
    /// As [`outputs`](Self::outputs).
    pub fn predict(&self, images: &Tensor) -> Result<Prediction, TrainedError> {
        Prediction::new(self.outputs(images)?, self.facts.targets)
    }

    /// Images for [`predict`](Self::predict) out of their bytes: one after the other, each channel
    /// by channel and row by row.
    ///
    /// # Errors
    /// [`TrainedError::NoNormalization`] where nobody has said how bytes become pixel values, and
    /// [`DataError::PixelCount`](dartloom_data::DataError::PixelCount) for parts of images.
    pub fn images(&self, bytes: &[u8]) -> Result<Tensor, TrainedError> {
        let Shape { channels, height, width } = self.facts.architecture.input();
        let constants = self.facts.normalization.as_ref();
        let constants = constants.ok_or(TrainedError::NoNormalization)?;
        let shape = dartloom_data::ImageShape::new(channels, height, width);
        let pixels = constants.apply(shape, bytes)?;
        let count = pixels.len() / shape.pixels()?;
        let place = self.network.variables().place();
        let images = Tensor::from_vec(pixels, (count, channels, height, width), &place.device)?;
        Ok(place.take(&images)?)
    }

    /// Loss and scores on `data`.
    ///
    /// # Errors
    /// When the task is another than the network's, or a batch cannot be made.
    pub fn evaluate(
        &self,
        data: &dyn Dataset,
        task: &dyn Task,
    ) -> Result<Evaluation, TrainedError> {
        task.check(&data.targets()).map_err(TrainError::from)?;
        let loader = Loader::new(data, BATCH)?;
        let place = self.network.variables().place();
        evaluate(&loader, task, |images| self.outputs(&place.take(images)?))
    }
}

/// The outputs of a network for such targets.
fn outputs(targets: TargetSpec) -> Option<Outputs> {
    match targets {
        TargetSpec::Class { classes } => Some(Outputs::Vector(classes)),
        TargetSpec::Labels(numbers) | TargetSpec::Values(numbers) => Some(Outputs::Vector(numbers)),
        TargetSpec::Mask { classes, .. } => Some(Outputs::Plane { channels: classes }),
        _ => None,
    }
}

fn expect(what: &'static str, expected: usize, found: usize) -> Result<(), TrainedError> {
    if expected == found { Ok(()) } else { Err(TrainedError::Count { what, expected, found }) }
}
