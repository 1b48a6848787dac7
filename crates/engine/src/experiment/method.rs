//! A preset with what an experiment changes in it.

use std::collections::BTreeMap;

use dartloom::Error;
use dartloom::data::Split;
use dartloom::decode::{ConfiguredDecoder, ConfiguredPaths};
use dartloom::presets::{self, Method, Scale, Topology};
use dartloom::relax::ConfiguredRelaxation;
use dartloom::search::SearchConfig;
use dartloom::space::ConfiguredStem;
use serde::{Deserialize, Serialize};

use super::inside::InsideSpec;
use super::links::LinkSpec;
use super::penalty::Penalty;
use super::stop::NamedRule;
use super::{Data, Named, Ops};
use crate::error::EngineError;

/// The name of a preset.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Preset(String);

impl Default for Preset {
    fn default() -> Self {
        Self("darts".to_owned())
    }
}

impl TryFrom<String> for Preset {
    type Error = Error;

    fn try_from(name: String) -> Result<Self, Error> {
        presets::by_name(&name).map(|_| Self(name))
    }
}

impl From<Preset> for String {
    fn from(preset: Preset) -> Self {
        preset.0
    }
}

impl Preset {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.0
    }

    /// The method as its paper has it.
    pub(super) fn method(&self) -> Result<Method, EngineError> {
        presets::by_name(&self.0).map_err(EngineError::input)
    }
}

/// The sizes that an experiment has for all of its methods.
#[derive(Clone, Copy, Debug)]
pub(super) struct Said {
    pub(super) nodes: bool,
    pub(super) stem: bool,
}

/// A method as an experiment searches with it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MethodSpec {
    /// The preset that it starts from.
    pub preset: Preset,
    /// Name in tables.
    pub title: String,
    /// Candidates of every edge.
    pub ops: Ops,
    /// The places of the cells.
    pub topology: Topology,
    /// The network laid out by hand whose blocks are searched in place of cells; operations,
    /// topology, nodes and stem then have no meaning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inside: Option<InsideSpec>,
    /// Nodes of a cell; `None` for those of the experiment. A preset has its own where the file
    /// says nothing of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nodes: Option<usize>,
    /// The layers before the first cell, as [`nodes`](Self::nodes).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stem: Option<ConfiguredStem>,
    /// The rule by which logits become weights; `None` for the preset's own.
    pub relaxation: Option<Named<ConfiguredRelaxation>>,
    /// True where the edges into each node are weighed, too.
    pub edge_weights: bool,
    /// The choice of links between cells; `None` for the preset's own, which may be none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub links: Option<LinkSpec>,
    /// The rule by which the weights of links become links; `None` for the preset's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paths: Option<ConfiguredPaths>,
    /// Terms that every cell adds to the loss; `None` for the preset's own.
    pub penalties: Option<Vec<Penalty>>,
    /// True where skip connections are helped while searching (DARTS-).
    pub auxiliary_skip: bool,
    /// The rule by which weights become a genotype; `None` for the preset's own.
    pub decoder: Option<Named<ConfiguredDecoder>>,
    /// Base channels of the supernet; the first method's are those of random candidates, too.
    pub channels: usize,
    /// K of partial channels; 1 for all of them.
    pub partial: usize,
    /// The shares of training images.
    pub split: Split,
    /// Stop rules of a catalogue, asked after those of the search.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<NamedRule>,
    /// The search.
    pub search: SearchConfig,
}

impl MethodSpec {
    /// A preset of that size. Its images are cropped and mirrored as `data` allow.
    pub(super) fn of(
        preset: Preset,
        scale: Scale,
        data: &Named<Data>,
    ) -> Result<Self, EngineError> {
        let Method { name, ops, topology, choices, channels, partial, split, mut search, .. } =
            preset.method()?.scaled(scale);
        (search.crop_padding, search.flip) = data.augmentation();
        Ok(Self {
            preset,
            title: name.to_owned(),
            ops: Ops::Set(ops.to_owned()),
            topology,
            inside: None,
            nodes: None,
            stem: None,
            relaxation: None,
            edge_weights: choices.edges.is_some(),
            links: None,
            paths: None,
            penalties: None,
            auxiliary_skip: choices.auxiliary_skip.is_some(),
            decoder: None,
            channels,
            partial,
            split,
            rules: Vec::new(),
            search,
        })
    }

    /// Nodes and stem of the preset of that size, where neither the method nor the experiment has
    /// any.
    pub(super) fn with_own_size(self, scale: Scale, said: Said) -> Result<Self, EngineError> {
        let own = self.preset.method()?.scaled(scale);
        let nodes = self.nodes.or((!said.nodes).then_some(own.nodes));
        let stem = self.stem.or((!said.stem).then_some(own.stem));
        Ok(Self { nodes, stem, ..self })
    }

    /// The warm-up that the preset has in so many epochs.
    pub(super) fn warm_up(&self) -> Result<usize, EngineError> {
        Ok(self.preset.method()?.warm_up_of(self.search.epochs))
    }
}

/// A name for every method's phases and files: the preset's where only one method starts from it,
/// what its title says otherwise.
pub(super) fn keys(methods: &[MethodSpec]) -> Vec<String> {
    let mut uses = BTreeMap::new();
    for method in methods {
        *uses.entry(&method.preset).or_insert(0_usize) += 1;
    }
    let key = |method: &MethodSpec| match uses.get(&method.preset) {
        Some(1) => method.preset.name().to_owned(),
        _ => words(&method.title),
    };
    methods.iter().map(key).collect()
}

/// `PC-DARTS, K = 2` as `pc_darts_k_2`.
fn words(title: &str) -> String {
    let lower = title.to_lowercase();
    let words = lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_presets_or_words() {
        let spec = |preset: &str, title: &str| {
            let preset = Preset::try_from(preset.to_owned()).unwrap();
            let spec = MethodSpec::of(preset, Scale::Small, &Named::Known(Data::Digits)).unwrap();
            MethodSpec { title: title.to_owned(), ..spec }
        };
        let methods = [
            spec("darts", "any Title"),
            spec("pc_darts", "PC-DARTS"),
            spec("pc_darts", "PC-DARTS, K = 2"),
        ];
        assert_eq!(keys(&methods), ["darts", "pc_darts", "pc_darts_k_2"]);
        assert_eq!(keys(&methods[..2]), ["darts", "pc_darts"]);
    }
}
