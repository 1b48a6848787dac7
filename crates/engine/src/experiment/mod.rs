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

pub use chosen::{Chosen, method_names};
pub use data::Data;
pub use difference::{differences, to_json};
pub use plan::{Images, Plan};
pub use read::{builtin, load, to_ron};
pub use set::set;

use dartloom::space::{OpSpec, Stem};
use dartloom::verdict::{Baseline, ComparisonConfig, RandomConfig, RetrainConfig};
use serde::{Deserialize, Serialize};

use explorer::ExplorerSpec;
use method::MethodSpec;

/// Everything a run depends on, with every value filled in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Experiment {
    /// Name of the run directory.
    pub name: String,
    /// Images.
    pub data: Data,
    /// Recipes added to the built-in operations, or replacing those of the same name.
    pub operations: Vec<OpSpec>,
    /// Cells of the supernet.
    pub layers: usize,
    /// Nodes of a cell.
    pub nodes: usize,
    /// Layers before the first cell.
    pub stem: StemKind,
    /// What is searched with.
    pub method: Vec<MethodSpec>,
    /// Discrete searches.
    pub explorers: Vec<ExplorerSpec>,
    /// Random search.
    pub random: RandomConfig,
    /// Retraining.
    pub retrain: RetrainConfig,
    /// The hand-made network.
    pub baseline: Baseline,
    /// One comparison per seed.
    pub seeds: Vec<u64>,
}

/// Which operations are candidates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    untagged,
    expecting = "expected the name of a set such as \"O_base\", or a list of operation names"
)]
pub enum Ops {
    /// A built-in set.
    Set(String),
    /// Operations by name.
    Names(Vec<String>),
}

/// Layers before the first cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StemKind {
    /// A 3x3 convolution to that multiple of the base channels.
    Cifar(usize),
    /// Three halvings.
    ImageNet,
}

impl StemKind {
    /// The stem.
    pub fn stem(self) -> Stem {
        match self {
            Self::Cifar(multiplier) => Stem::cifar(multiplier),
            Self::ImageNet => Stem::imagenet(),
        }
    }
}

impl Experiment {
    /// The experiment without its seeds, to which more may be added, and without the place of its images.
    pub fn core(&self) -> Self {
        Self { seeds: Vec::new(), data: self.data.kind(), ..self.clone() }
    }

    /// The numbers that hold for all methods.
    pub fn comparison(&self) -> ComparisonConfig {
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
