//! The file of a trained network: the container of checkpoints with another content.

use std::path::Path;

use dartloom_data::{Normalization, TargetSpec};
use dartloom_net::NetworkSize;
use dartloom_ops::{Place, Registry};
use dartloom_record::{Agreement, RecordError};
use dartloom_space::{
    Build, Genotype, Graph, NodeOrder, OpSpec, Outputs, Shape, Space, SpaceError,
};
use dartloom_task::ConfiguredTask;
use dartloom_train::Snapshot;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::architecture::{Architecture, Derived};
use super::{Facts, Reading, Trained, TrainedError};

/// The version of the header that is written.
const VERSION: u32 = 3;
/// The version without the settings of the task and the way in which files are read.
const PLAIN: u32 = 2;
/// The version without graphs: what is now in `architecture` stood beside the rest.
const FLAT: u32 = 1;
/// The name of a header, by which the file is told from a checkpoint.
const CONTENT: &str = "trained network";
/// The group of tensors.
const VARIABLES: &str = "variables";

/// Read before the rest, which another version may have changed.
#[derive(Deserialize)]
struct Kind {
    content: Option<String>,
    version: Option<u32>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    content: String,
    version: u32,
    /// The version of this workspace that wrote the file: for people.
    written_by: String,
    architecture: StoredArchitecture,
    targets: StoredTargets,
    task: Option<String>,
    #[serde(default)]
    configured_task: Option<ConfiguredTask>,
    class_names: Vec<String>,
    normalization: Option<StoredNormalization>,
    #[serde(default)]
    reading: Option<Reading>,
}

#[derive(Serialize, Deserialize)]
enum StoredArchitecture {
    Derived(StoredDerived),
    Graph(Value),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredDerived {
    genotype: Value,
    space: Value,
    /// The genotype's operations as the registry had them.
    operations: Vec<OpSpec>,
    build: StoredBuild,
    size: StoredSize,
}

/// The first version.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FlatHeader {
    content: String,
    version: u32,
    written_by: String,
    genotype: Value,
    space: Value,
    operations: Vec<OpSpec>,
    build: StoredBuild,
    size: StoredSize,
    targets: StoredTargets,
    task: Option<String>,
    class_names: Vec<String>,
    normalization: Option<StoredNormalization>,
}

impl From<FlatHeader> for Header {
    fn from(flat: FlatHeader) -> Self {
        let FlatHeader { genotype, space, operations, build, size, .. } = flat;
        let derived = StoredDerived { genotype, space, operations, build, size };
        Self {
            content: flat.content,
            version: flat.version,
            written_by: flat.written_by,
            architecture: StoredArchitecture::Derived(derived),
            targets: flat.targets,
            task: flat.task,
            configured_task: None,
            class_names: flat.class_names,
            normalization: flat.normalization,
            reading: None,
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredBuild {
    channels: usize,
    outputs: Outputs,
    input: Shape,
    order: NodeOrder,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredSize {
    channels: Option<usize>,
    layers: Option<usize>,
    auxiliary: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
enum StoredTargets {
    Class { classes: usize },
    Labels(usize),
    Values(usize),
    Mask { classes: usize, ignore: Option<u32> },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredNormalization {
    scale: f32,
    mean: Vec<f32>,
    standard_deviation: Vec<f32>,
}

pub(super) fn save(trained: &Trained, path: &Path) -> Result<(), TrainedError> {
    let header = serde_json::to_value(Header::of(&trained.facts, path)?);
    let header = header.map_err(|error| RecordError::Encode {
        what: CONTENT.to_owned(),
        found: error.to_string(),
    })?;
    let variables = trained.network.variables().snapshot()?;
    let snapshot = Snapshot::new(header).with(VARIABLES, variables);
    Ok(snapshot.save(path, &trained.facts.architecture.identity()?)?)
}

pub(super) fn load(path: &Path, registry: &Registry) -> Result<Trained, TrainedError> {
    let opened = Snapshot::open(path)?;
    let (stored, mut snapshot) =
        opened.ok_or_else(|| TrainedError::Missing { path: path.to_owned() })?;
    let header = Header::read(path, &snapshot.values)?;
    let facts = header.facts(path, registry)?;
    if let Agreement::Differs(differences) = facts.architecture.identity()?.agreement(&stored) {
        return Err(RecordError::OtherWork { path: path.to_owned(), differences }.into());
    }
    let variables = snapshot.take(VARIABLES)?;
    let place = variables.values().next().map(|tensor| Place::from(tensor.dtype()));
    Trained::of(facts, place.unwrap_or_default(), &variables)
}

impl StoredArchitecture {
    fn of(architecture: &Architecture, path: &Path) -> Result<Self, TrainedError> {
        let written = |error: SpaceError| content(path, "a text form", &error);
        let value = |text: Result<String, SpaceError>| {
            let text = text.map_err(written)?;
            serde_json::from_str(&text).map_err(|error| content(path, "a text form", &error))
        };
        let own = match architecture {
            Architecture::Graph(graph) => return Ok(Self::Graph(value(graph.to_json())?)),
            Architecture::Derived(own) => own,
        };
        let mut names: Vec<&str> = own.operations().collect();
        names.sort_unstable();
        names.dedup();
        let catalog = own.registry.catalog();
        let specs = names.into_iter().map(|name| catalog.get(name).cloned());
        let Build { channels, outputs, input, order, .. } = own.build;
        let NetworkSize { channels: own_channels, layers, auxiliary } = own.size;
        Ok(Self::Derived(StoredDerived {
            genotype: value(own.genotype.to_json())?,
            space: value(own.space.to_json())?,
            operations: specs.collect::<Result<_, _>>().map_err(written)?,
            build: StoredBuild { channels, outputs, input, order },
            size: StoredSize { channels: own_channels, layers, auxiliary },
        }))
    }

    fn architecture(self, path: &Path, registry: &Registry) -> Result<Architecture, TrainedError> {
        let wrong = |what: &str, error: SpaceError| content(path, what, &error);
        let stored = match self {
            Self::Graph(graph) => {
                let graph = Graph::from_json(&graph.to_string());
                return Ok(Architecture::Graph(graph.map_err(|error| wrong("a graph", error))?));
            }
            Self::Derived(stored) => stored,
        };
        let genotype = Genotype::from_json(&stored.genotype.to_string());
        let space = Space::from_json(&stored.space.to_string());
        let StoredBuild { channels, outputs, input, order } = stored.build;
        let build = Build { order, ..Build::new(channels, 1, input).with_outputs(outputs) };
        let StoredSize { channels, layers, auxiliary } = stored.size;
        // Recipes are in the file; what computes something else under the same name is told later.
        let lacking = |spec: &&OpSpec| registry.catalog().get(&spec.name).is_err();
        let recipes = stored.operations.iter().filter(|spec| spec.recipe.is_some());
        let recipes: Vec<OpSpec> = recipes.filter(lacking).cloned().collect();
        Ok(Architecture::Derived(Box::new(Derived {
            genotype: genotype.map_err(|error| wrong("a genotype", error))?,
            space: space.map_err(|error| wrong("a space", error))?,
            registry: registry.clone().with_recipes(&recipes)?,
            build,
            size: NetworkSize { channels, layers, auxiliary },
        })))
    }
}

impl Header {
    fn of(facts: &Facts, path: &Path) -> Result<Self, TrainedError> {
        Ok(Self {
            content: CONTENT.to_owned(),
            version: VERSION,
            written_by: env!("CARGO_PKG_VERSION").to_owned(),
            architecture: StoredArchitecture::of(&facts.architecture, path)?,
            targets: StoredTargets::of(facts.targets)
                .ok_or_else(|| content(path, "targets that have a text form", &facts.targets))?,
            task: facts.task.clone(),
            configured_task: facts.configured_task.clone(),
            class_names: facts.class_names.clone(),
            normalization: facts.normalization.as_ref().map(StoredNormalization::of),
            reading: facts.reading.clone(),
        })
    }

    /// Tells a file of another kind or version, and reads the rest.
    fn read(path: &Path, values: &Value) -> Result<Self, TrainedError> {
        let expected = "a trained network";
        let kind = Kind::deserialize(values).ok();
        let Some(Kind { content: Some(found), version }) = kind else {
            return Err(content(path, expected, &"a checkpoint of a search or a training"));
        };
        if found != CONTENT {
            return Err(content(path, expected, &format!("`{found}`")));
        }
        let unreadable = |error: serde_json::Error| content(path, "a readable header", &error);
        match version {
            Some(VERSION | PLAIN) => Self::deserialize(values).map_err(unreadable),
            Some(FLAT) => FlatHeader::deserialize(values).map(Self::from).map_err(unreadable),
            other => {
                let found = other.map_or("no version".to_owned(), |v| format!("version {v}"));
                Err(content(path, &format!("version {FLAT} to {VERSION}"), &found))
            }
        }
    }

    fn facts(self, path: &Path, registry: &Registry) -> Result<Facts, TrainedError> {
        let constants = self.normalization.map(StoredNormalization::constants);
        let targets = self.targets.spec();
        if let Some(task) = &self.configured_task {
            task.task(targets).map_err(|error| content(path, "a task of its targets", &error))?;
        }
        Ok(Facts {
            architecture: self.architecture.architecture(path, registry)?,
            targets,
            task: self.task,
            configured_task: self.configured_task,
            class_names: self.class_names,
            normalization: constants.transpose()?,
            reading: self.reading,
        })
    }
}

impl StoredTargets {
    fn of(targets: TargetSpec) -> Option<Self> {
        Some(match targets {
            TargetSpec::Class { classes } => Self::Class { classes },
            TargetSpec::Labels(labels) => Self::Labels(labels),
            TargetSpec::Values(values) => Self::Values(values),
            TargetSpec::Mask { classes, ignore } => Self::Mask { classes, ignore },
            _ => return None,
        })
    }

    fn spec(self) -> TargetSpec {
        match self {
            Self::Class { classes } => TargetSpec::Class { classes },
            Self::Labels(labels) => TargetSpec::Labels(labels),
            Self::Values(values) => TargetSpec::Values(values),
            Self::Mask { classes, ignore } => TargetSpec::Mask { classes, ignore },
        }
    }
}

impl StoredNormalization {
    fn of(constants: &Normalization) -> Self {
        Self {
            scale: constants.scale(),
            mean: constants.mean().to_vec(),
            standard_deviation: constants.standard_deviation().to_vec(),
        }
    }

    fn constants(self) -> Result<Normalization, dartloom_data::DataError> {
        Normalization::new(self.scale, &self.mean, &self.standard_deviation)
    }
}

fn content(path: &Path, expected: &str, found: &dyn std::fmt::Display) -> TrainedError {
    TrainedError::Content {
        path: path.to_owned(),
        expected: expected.to_owned(),
        found: found.to_string(),
    }
}
