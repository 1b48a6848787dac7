//! Experiments as data.

mod build;
mod choice;
mod chosen;
mod data;
mod difference;
mod explorer;
mod inside;
mod links;
mod method;
mod named;
mod patch;
mod penalty;
mod plan;
mod read;
mod rules;
mod set;
mod stop;
mod value;

pub use chosen::{Chosen, method_names};
pub use data::{Data, IdxFiles, ImageFolder};
pub use difference::{differences, to_json};
pub use explorer::ExplorerSpec;
pub use inside::InsideSpec;
pub use method::{MethodSpec, Preset};
pub(crate) use named::known;
pub use named::{Named, Settings, SettingsError};
pub use penalty::Penalty;
pub use plan::{Images, Plan};
pub use read::{builtin, load, to_ron};
pub(crate) use read::{options, parse};
pub use set::set;
pub use stop::NamedRule;

use dartloom::presets::Scale;
use dartloom::space::{ConfiguredStem, Hidden, OpSpec};
use dartloom::task::ConfiguredTask;
use dartloom::verdict::{Baseline, ComparisonConfig, RandomConfig, RetrainConfig};
use serde::{Deserialize, Serialize};

/// Everything a run depends on, with every value filled in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Experiment {
    /// Name of the run directory.
    pub name: String,
    /// Images.
    pub data: Named<Data>,
    /// The task; `None` for the usual task of the targets ([`usual`](dartloom::task::usual)).
    pub task: Option<Named<ConfiguredTask>>,
    /// Sizes of everything that nobody gives a size.
    pub scale: Scale,
    /// Recipes added to the built-in operations, or replacing those of the same name.
    pub operations: Vec<OpSpec>,
    /// Cells of the supernet.
    pub layers: usize,
    /// Nodes of a cell.
    pub nodes: usize,
    /// Layers before the first cell.
    pub stem: ConfiguredStem,
    /// Hidden layers of the head; not written where there are none.
    #[serde(default, skip_serializing_if = "Hidden::is_empty")]
    pub hidden: Hidden,
    /// The methods that search.
    pub method: Vec<MethodSpec>,
    /// Discrete searches.
    pub explorers: Vec<ExplorerSpec>,
    /// Random search.
    pub random: RandomConfig,
    /// Retraining.
    pub retrain: RetrainConfig,
    /// The hand-made network; `None` for the usual one of the task's outputs
    /// ([`Baseline::usual`]), where a vector's is that of the scale. A [`Plan`] fills it in.
    pub baseline: Option<Named<Baseline>>,
    /// One comparison per seed.
    pub seeds: Vec<u64>,
}

/// The operations that are candidates.
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

impl Experiment {
    /// The experiment without its seeds, to which more may be added, and without the place of its
    /// images.
    pub fn core(&self) -> Self {
        Self { seeds: Vec::new(), data: self.data.kind(), ..self.clone() }
    }

    /// The numbers that hold for all methods.
    pub fn comparison(&self) -> ComparisonConfig {
        ComparisonConfig {
            random: self.random.clone(),
            retrain: self.retrain.clone(),
            baseline: match &self.baseline {
                Some(Named::Known(own)) => Some(own.clone()),
                _ => self.scale.comparison().baseline,
            },
            seeds: self.seeds.clone(),
        }
    }
}

#[cfg(test)]
mod laws;
#[cfg(test)]
mod studies;
