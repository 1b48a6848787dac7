//! A discrete search in an experiment.

use dartloom::data::Split;
use dartloom::explore::EvolutionConfig;
use dartloom::presets::Topology;
use dartloom::verdict::ConfiguredExplorer;
use dartloom::verdict::ExplorerRules;
use serde::{Deserialize, Serialize};

use super::method::MethodSpec;
use super::{Named, Ops};
use crate::error::EngineError;

/// A discrete search as an experiment has it. What a file leaves out is taken from what stands
/// beside its methods, and from the built-in experiment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(
    deny_unknown_fields,
    default,
    expecting = "an explorer with its settings, such as (explorer: Evolution())"
)]
pub struct ExplorerSpec {
    /// The explorer, which proposes candidates.
    pub explorer: Named<ConfiguredExplorer>,
    /// Name in phases and files; the explorer's own when left out.
    pub key: Option<String>,
    /// Name in tables; the explorer's own when left out.
    pub title: Option<String>,
    /// Candidates of every edge.
    pub ops: Option<Ops>,
    /// The places of the cells.
    pub topology: Option<Topology>,
    /// Base channels.
    pub channels: Option<usize>,
    /// The shares of training images that candidates are trained and judged with.
    pub split: Option<Split>,
    /// The number of candidates, and their order.
    pub rules: ExplorerRules,
}

impl Default for ExplorerSpec {
    fn default() -> Self {
        Self::of(ConfiguredExplorer::Evolution(EvolutionConfig::default()))
    }
}

impl ExplorerSpec {
    /// An explorer with nothing said about the rest.
    fn of(explorer: ConfiguredExplorer) -> Self {
        let rules = ExplorerRules::default();
        let key = None;
        let title = None;
        let ops = None;
        let topology = None;
        let explorer = Named::Known(explorer);
        Self { explorer, key, title, ops, topology, channels: None, split: None, rules }
    }

    /// An explorer by its name.
    pub(super) fn named(name: &str) -> Result<Self, EngineError> {
        let known = ConfiguredExplorer::known();
        let found = known.into_iter().find(|(known, _)| *known == name);
        found.map(|(_, explorer)| Self::of(explorer)).ok_or_else(|| EngineError::UnknownName {
            found: name.to_owned(),
            what: "explorer",
            known: ConfiguredExplorer::known()
                .into_iter()
                .map(|(name, _)| name.to_owned())
                .collect(),
        })
    }

    /// With what is left out taken from `beside`.
    pub(super) fn filled(self, beside: &MethodSpec) -> Self {
        Self {
            key: Some(self.key()),
            title: Some(self.title()),
            ops: Some(self.ops.unwrap_or_else(|| beside.ops.clone())),
            topology: Some(self.topology.unwrap_or_else(|| beside.topology.clone())),
            channels: Some(self.channels.unwrap_or(beside.channels)),
            split: Some(self.split.unwrap_or(beside.split)),
            ..self
        }
    }

    /// In the place of `before`: names that were that explorer's own are not kept for another one.
    pub(super) fn in_place_of(self, before: &Self) -> Self {
        if self.explorer == before.explorer {
            return self;
        }
        let plain = Self { key: None, title: None, ..before.clone() };
        Self {
            key: self.key.filter(|key| *key != plain.key()),
            title: self.title.filter(|title| *title != plain.title()),
            ..self
        }
    }

    /// Its name in phases and files.
    pub(super) fn key(&self) -> String {
        let known = ConfiguredExplorer::known();
        let name = || match &self.explorer {
            Named::Known(own) => {
                let same =
                    |(_, known): &&(&str, _)| ConfiguredExplorer::title(known) == own.title();
                known.iter().find(same).map_or("explorer", |(name, _)| *name).to_owned()
            }
            Named::Other(settings) => settings.name().to_lowercase(),
        };
        self.key.clone().unwrap_or_else(name)
    }

    /// Its name in tables.
    pub(super) fn title(&self) -> String {
        let title = || match &self.explorer {
            Named::Known(own) => own.title().to_owned(),
            Named::Other(settings) => settings.name().to_owned(),
        };
        self.title.clone().unwrap_or_else(title)
    }
}
