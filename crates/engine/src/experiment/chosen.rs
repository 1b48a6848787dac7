//! Methods and data that are named on the command line.

use dartloom::presets;
use dartloom::verdict::ConfiguredExplorer;

use super::method::Preset;
use super::{Data, Named};
use crate::error::EngineError;

/// Methods and data in place of an experiment's own; empty for these.
#[derive(Clone, Debug, Default)]
pub struct Chosen {
    /// Images.
    pub(super) data: Option<Named<Data>>,
    /// With a supernet.
    pub(super) presets: Vec<Preset>,
    /// Discrete searches.
    pub(super) explorers: Vec<String>,
}

/// All names that methods have.
pub fn method_names() -> Vec<&'static str> {
    let explorers = ConfiguredExplorer::known().into_iter().map(|(name, _)| name);
    presets::names().chain(explorers).collect()
}

impl Chosen {
    /// Methods of these names.
    ///
    /// # Errors
    /// A name that neither a preset nor an explorer has.
    pub fn of(names: &[String]) -> Result<Self, EngineError> {
        let known = ConfiguredExplorer::known();
        let is_explorer = |name: &&String| known.iter().any(|(known, _)| known == name);
        let (explorers, presets): (Vec<_>, Vec<_>) = names.iter().partition(is_explorer);
        let presets = presets.into_iter().cloned().map(Preset::try_from);
        Ok(Self {
            presets: presets.collect::<Result<_, _>>().map_err(EngineError::input)?,
            explorers: explorers.into_iter().cloned().collect(),
            data: None,
        })
    }

    /// The same on other images, whose directory does not depend on the experiment's file.
    #[must_use]
    pub fn on(self, data: Option<Named<Data>>) -> Self {
        Self { data, ..self }
    }

    /// True without methods.
    pub(super) fn is_empty(&self) -> bool {
        self.presets.is_empty() && self.explorers.is_empty()
    }

    /// All names.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.presets.iter().map(Preset::name).chain(self.explorers.iter().map(String::as_str))
    }
}
