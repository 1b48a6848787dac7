//! Experiments as data.

mod build;
mod choice;
mod chosen;
mod data;
mod difference;
mod explorer;
mod kinds;
mod method;
mod patch;
mod penalty;
mod plan;
mod read;
mod rules;
mod set;
mod value;

pub(crate) use chosen::{Chosen, method_names};
pub(crate) use data::Data;
pub(crate) use difference::{differences, to_json};
pub(crate) use plan::{Images, Plan};
pub(crate) use read::{builtin, load, to_ron};
pub(crate) use set::set;

use dartloom::space::{OpSpec, Stem};
use dartloom::verdict::{Baseline, ComparisonConfig, RandomConfig, RetrainConfig};
use serde::{Deserialize, Serialize};

use explorer::ExplorerSpec;
use method::MethodSpec;

/// Everything a run depends on, with every value filled in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Experiment {
    /// Name of the run directory.
    pub(crate) name: String,
    /// Images.
    pub(crate) data: Data,
    /// Recipes added to the built-in operations, or replacing those of the same name.
    pub(crate) operations: Vec<OpSpec>,
    /// Cells of the supernet.
    pub(crate) layers: usize,
    /// Nodes of a cell.
    pub(crate) nodes: usize,
    /// Layers before the first cell.
    pub(crate) stem: StemKind,
    /// What is searched with.
    pub(crate) method: Vec<MethodSpec>,
    /// Discrete searches.
    pub(crate) explorers: Vec<ExplorerSpec>,
    /// Random search.
    pub(crate) random: RandomConfig,
    /// Retraining.
    pub(crate) retrain: RetrainConfig,
    /// The hand-made network.
    pub(crate) baseline: Baseline,
    /// One comparison per seed.
    pub(crate) seeds: Vec<u64>,
}

/// Which operations are candidates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    untagged,
    expecting = "expected the name of a set such as \"O_base\", or a list of operation names"
)]
pub(crate) enum Ops {
    /// A built-in set.
    Set(String),
    /// Operations by name.
    Names(Vec<String>),
}

/// Layers before the first cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum StemKind {
    /// A 3x3 convolution to that multiple of the base channels.
    Cifar(usize),
    /// Three halvings.
    ImageNet,
}

impl StemKind {
    /// The stem.
    pub(crate) fn stem(self) -> Stem {
        match self {
            Self::Cifar(multiplier) => Stem::cifar(multiplier),
            Self::ImageNet => Stem::imagenet(),
        }
    }
}

impl Experiment {
    /// The experiment without its seeds, to which more may be added, and without the place of its images.
    pub(crate) fn core(&self) -> Self {
        Self { seeds: Vec::new(), data: self.data.kind(), ..self.clone() }
    }

    /// The numbers that hold for all methods.
    pub(crate) fn comparison(&self) -> ComparisonConfig {
        ComparisonConfig {
            random: self.random.clone(),
            retrain: self.retrain.clone(),
            baseline: self.baseline,
            seeds: self.seeds.clone(),
        }
    }
}

#[cfg(test)]
mod laws;
