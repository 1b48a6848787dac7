//! The facts about a trained network beside its weights.

use dartloom_data::{Normalization, TargetSpec};
use dartloom_ops::Model;
use dartloom_space::{Build, Genotype, Graph, Outputs, Shape, Space};
use dartloom_task::{ConfiguredTask, Task, usual};
use dartloom_train::TrainError;

use super::architecture::{Architecture, Derived};
use super::{Reading, Trained, TrainedError};

/// The facts about a trained network beside its weights.
#[derive(Debug)]
pub(super) struct Facts {
    pub(super) architecture: Architecture,
    pub(super) targets: TargetSpec,
    pub(super) task: Option<String>,
    pub(super) configured_task: Option<ConfiguredTask>,
    pub(super) class_names: Vec<String>,
    pub(super) normalization: Option<Normalization>,
    pub(super) reading: Option<Reading>,
}

impl Facts {
    pub(super) fn new(architecture: Architecture, targets: TargetSpec) -> Self {
        Self {
            architecture,
            targets,
            task: None,
            configured_task: None,
            class_names: Vec::new(),
            normalization: None,
            reading: None,
        }
    }
}

impl Trained {
    /// The network: a [`Model`] to train further, count or watch.
    pub fn network(&self) -> &dyn Model {
        &*self.network
    }

    /// Its genotype; `None` for a network laid out by hand.
    pub fn genotype(&self) -> Option<&Genotype> {
        self.derived().map(|own| &own.genotype)
    }

    /// The space that the genotype is of; `None` for a network laid out by hand.
    pub fn space(&self) -> Option<&Space> {
        self.derived().map(|own| &own.space)
    }

    /// Base channels, outputs and images; `None` for a network laid out by hand.
    pub fn build(&self) -> Option<Build> {
        self.derived().map(|own| own.build)
    }

    /// Its graph, if it was laid out by hand.
    pub fn graph(&self) -> Option<&Graph> {
        match &self.facts.architecture {
            Architecture::Graph(graph) => Some(graph),
            Architecture::Derived(_) => None,
        }
    }

    /// Shape of the images that it takes.
    pub fn input(&self) -> Shape {
        self.facts.architecture.input()
    }

    fn derived(&self) -> Option<&Derived> {
        match &self.facts.architecture {
            Architecture::Derived(own) => Some(own),
            Architecture::Graph(_) => None,
        }
    }

    /// The outputs of the network for one image.
    pub fn kind(&self) -> Outputs {
        self.facts.architecture.outputs()
    }

    /// The meaning of its outputs.
    pub fn targets(&self) -> TargetSpec {
        self.facts.targets
    }

    /// The task that it was trained for, if it has said an identity.
    pub fn task(&self) -> Option<&str> {
        self.facts.task.as_deref()
    }

    /// The settings of the task that it was trained for, where they are known.
    pub fn configured_task(&self) -> Option<&ConfiguredTask> {
        self.facts.configured_task.as_ref()
    }

    /// The task by which it is judged: the one that it was trained for, or the usual one of its
    /// targets where a file does not say.
    ///
    /// # Errors
    /// Those of [`ConfiguredTask::task`].
    pub fn judge(&self) -> Result<Box<dyn Task>, TrainedError> {
        let targets = self.facts.targets;
        let task = match &self.facts.configured_task {
            Some(task) => task.task(targets),
            None => usual(targets),
        };
        Ok(task.map_err(TrainError::from)?)
    }

    /// The way in which its image files are read, where it is known.
    pub fn reading(&self) -> Option<&Reading> {
        self.facts.reading.as_ref()
    }

    /// The names of its outputs, in order; empty where nobody has named them.
    pub fn class_names(&self) -> &[String] {
        &self.facts.class_names
    }

    /// The constants that make pixel values of bytes, where they are known.
    pub fn normalization(&self) -> Option<&Normalization> {
        self.facts.normalization.as_ref()
    }
}
