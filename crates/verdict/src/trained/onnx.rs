//! Trained networks as ONNX files.

use candle_core::DType;
use dartloom_data::{Normalization, TargetSpec};
use dartloom_net::Setting;
use dartloom_onnx::{Array, Arrays, Batch, Export, Probabilities};
use dartloom_record::RecordError;
use dartloom_space::{Blueprint, Graph};
use serde_json::json;

use super::architecture::Architecture;
use super::{Trained, TrainedError};

/// The choices of [`Trained::to_onnx`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OnnxConfig {
    /// `true` if norms become a part of the convolutions before them.
    pub fold_norms: bool,
    /// `true` if the model reads bytes, from 0 to 255, and normalises them; it reads normalised
    /// pixels where the network does not know its normalisation.
    pub normalization: bool,
    /// `true` if the model puts out probabilities in place of logits.
    pub probabilities: bool,
    /// `true` if it puts out the last value of every scale before the head, for a detector.
    pub features: bool,
    /// Images in a batch.
    pub batch: Batch,
}

impl Default for OnnxConfig {
    /// A model that normalises bytes, for any number of them, and puts out what the network does.
    fn default() -> Self {
        Self {
            fold_norms: false,
            normalization: true,
            probabilities: false,
            features: false,
            batch: Batch::Any,
        }
    }
}

/// The layers of a network.
enum Layout<'a> {
    Graph(&'a Graph),
    Blueprint(Box<Blueprint>),
}

impl Trained {
    /// The network as the bytes of an ONNX file: the model of [`Export`] with what is known of the
    /// network in its metadata (`genotype` or `graph`, `space`, `targets`, `task`, `class_names`,
    /// `normalisation`, `reading`, `input`, `output`). Equal networks give equal bytes.
    ///
    /// # Errors
    /// [`TrainedError::Onnx`] for an operation in code, and for features of a network without any;
    /// [`TrainedError::NoProbabilities`] of values.
    pub fn to_onnx(&self, config: &OnnxConfig) -> Result<Vec<u8>, TrainedError> {
        let layout = self.layout()?;
        let arrays = self.arrays()?;
        let mut export = match &layout {
            Layout::Graph(graph) => Export::of_graph(graph, &arrays),
            Layout::Blueprint(plan) => Export::of_blueprint(plan, &arrays),
        };
        export = export.with_batch(config.batch);
        if config.fold_norms {
            export = export.fold_norms();
        }
        let constants = self.normalization().filter(|_| config.normalization);
        if let Some(constants) = constants {
            export = export.with_normalization(constants_of(constants));
        }
        if config.probabilities {
            export = export.with_probabilities(self.probabilities()?);
        }
        if config.features {
            let names: Vec<String> =
                export.scales()?.into_iter().map(|feature| feature.name).collect();
            export = export.with_features(names);
        }
        let input = match constants {
            Some(_) => "bytes from 0 to 255",
            None => "normalised pixels",
        };
        let output = match (config.features, config.probabilities, self.targets()) {
            (true, ..) => "features",
            (_, true, _) => "probabilities",
            (.., TargetSpec::Values(_)) => "values",
            _ => "logits",
        };
        for (key, value) in self.metadata(&layout)? {
            export = export.with_metadata(key, value);
        }
        let export = export.with_metadata("input", input).with_metadata("output", output);
        Ok(export.bytes()?)
    }

    fn layout(&self) -> Result<Layout<'_>, TrainedError> {
        Ok(match &self.facts.architecture {
            Architecture::Graph(graph) => Layout::Graph(graph),
            Architecture::Derived(own) => {
                let setting = Setting::new(&own.space, &own.registry, own.build);
                Layout::Blueprint(Box::new(setting.plan(&own.genotype, &own.size)?))
            }
        })
    }

    fn arrays(&self) -> Result<Arrays, TrainedError> {
        let mut arrays = Arrays::new();
        for (name, tensor) in self.network.variables().snapshot()? {
            let shape = tensor.dims().to_vec();
            let values = tensor.to_dtype(DType::F32)?.flatten_all()?.to_vec1()?;
            arrays.insert(name, Array::new(shape, values)?);
        }
        Ok(arrays)
    }

    fn probabilities(&self) -> Result<Probabilities, TrainedError> {
        match self.targets() {
            TargetSpec::Class { .. } | TargetSpec::Mask { .. } => Ok(Probabilities::Softmax),
            TargetSpec::Labels(_) => Ok(Probabilities::Sigmoid),
            targets => Err(TrainedError::NoProbabilities { targets }),
        }
    }

    /// The facts about the network, by key.
    fn metadata(&self, layout: &Layout<'_>) -> Result<Vec<(&'static str, String)>, TrainedError> {
        let mut entries = Vec::new();
        let space = |error: dartloom_space::SpaceError| {
            TrainedError::Onnx(dartloom_onnx::OnnxError::Space(error))
        };
        if let Layout::Graph(graph) = layout {
            entries.push(("graph", graph.to_json().map_err(space)?));
        }
        if let Some(genotype) = self.genotype() {
            entries.push(("genotype", genotype.to_json().map_err(space)?));
        }
        if let Some(own) = self.space() {
            entries.push(("space", own.name().to_owned()));
        }
        entries.push(("targets", self.targets().to_string()));
        if let Some(task) = self.task() {
            entries.push(("task", task.to_owned()));
        }
        if !self.class_names().is_empty() {
            entries.push(("class_names", json!(self.class_names()).to_string()));
        }
        if let Some(constants) = self.normalization() {
            let constants = json!({
                "scale": constants.scale(),
                "mean": constants.mean(),
                "standard_deviation": constants.standard_deviation(),
            });
            entries.push(("normalisation", constants.to_string()));
        }
        if let Some(reading) = self.reading() {
            let text = serde_json::to_string(reading).map_err(|error| RecordError::Encode {
                what: "the way in which images are read".to_owned(),
                found: error.to_string(),
            })?;
            entries.push(("reading", text));
        }
        Ok(entries)
    }
}

fn constants_of(constants: &Normalization) -> dartloom_onnx::Normalization {
    dartloom_onnx::Normalization {
        scale: constants.scale(),
        mean: constants.mean().to_vec(),
        standard_deviation: constants.standard_deviation().to_vec(),
    }
}
