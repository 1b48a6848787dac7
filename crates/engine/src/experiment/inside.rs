//! A search inside a network laid out by hand, as a file says it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use dartloom::Tensor;
use dartloom::ops::Registry;
use dartloom::search::{Choices, SHARE};
use dartloom::space::hand_made::SearchedGraph;
use dartloom::space::{Build, Graph, Space};
use dartloom::verdict::{Baseline, Trained};
use serde::{Deserialize, Serialize};

use super::plan::refused;
use crate::error::EngineError;
use crate::input;

/// A network laid out by hand, and its blocks that a method searches in place of a topology:
/// `inside: (network: unet(base: 8), blocks: ["decoder.*"], ops: ["sep_conv_3x3"])`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InsideSpec {
    /// A network by name, see [`Baseline`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<Baseline>,
    /// The file of any other network, a [`Graph`] in RON or JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub graph: Option<PathBuf>,
    /// The file of a trained network: the search begins with its weights. It says the network, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trained: Option<PathBuf>,
    /// The searched blocks: names of nodes, or patterns in which `*` stands for any text.
    pub blocks: Vec<String>,
    /// The candidates beside what stands there, by name.
    pub ops: Vec<String>,
    /// The weight of what stands there at the start.
    #[serde(default = "usual")]
    pub share: f64,
}

fn usual() -> f64 {
    SHARE
}

/// A space inside a network, and the weights that a search of it begins with.
#[derive(Debug)]
pub(super) struct Inside {
    pub(super) space: Space,
    pub(super) trained: Option<BTreeMap<String, Tensor>>,
}

impl InsideSpec {
    /// The same with absolute files; relative ones start in `folder`.
    pub(super) fn below(self, folder: &Path) -> Self {
        let place = |path: PathBuf| {
            let joined = folder.join(path);
            std::path::absolute(&joined).unwrap_or(joined)
        };
        Self { graph: self.graph.map(place), trained: self.trained.map(place), ..self }
    }

    /// The space for images and outputs of `build`.
    ///
    /// # Errors
    /// No network or two of them, a file that cannot be read, a network for other images or
    /// outputs, blocks that are not there or cannot be replaced, operations that are unknown or do
    /// not fit a block.
    pub(super) fn space(
        &self,
        build: Build,
        registry: &Registry,
        origin: &str,
    ) -> Result<Inside, EngineError> {
        let Laid { graph, trained } = self.laid(build, registry, origin)?;
        let field = |field, expected, found: String| {
            Err(EngineError::Field { origin: origin.to_owned(), field, expected, found })
        };
        if graph.input() != build.input {
            let found = format!("one for {}, and images of {}", graph.input(), build.input);
            return field("inside", "a network for the images of the data", found);
        }
        if graph.outputs() != build.outputs {
            let found = format!("{}, and a task of {}", graph.outputs(), build.outputs);
            return field("inside", "a network with the outputs of the task", found);
        }
        let place = format!("{origin}: inside");
        let searched = SearchedGraph::new(graph, &self.blocks).map_err(refused(&place))?;
        let ops: Vec<&str> = self.ops.iter().map(String::as_str).collect();
        if ops.is_empty() {
            return field("inside.ops", "operations to choose among", "none".to_owned());
        }
        let ops = registry.op_set("inside", &ops).map_err(refused(&place))?;
        let space = Space::inside(searched, &ops).map_err(refused(&place))?;
        Ok(Inside { space, trained })
    }

    /// The network that is searched.
    fn laid(&self, build: Build, registry: &Registry, origin: &str) -> Result<Laid, EngineError> {
        let Self { network, graph, trained, .. } = self;
        match (network, graph, trained) {
            (Some(network), None, trained) => {
                let graph = network.graph(build.input, build.outputs).map_err(refused(origin))?;
                let trained = trained.as_deref().map(|path| weights(path, registry, origin));
                let trained = trained.transpose()?.map(|laid| laid.trained);
                Ok(Laid { graph, trained: trained.flatten() })
            }
            (None, Some(path), trained) => {
                let text = input::read(path)?;
                let json = text.trim_start().starts_with('{');
                let read = if json { Graph::from_json(&text) } else { Graph::from_ron(&text) };
                let graph = read.map_err(|error| EngineError::content(path, error))?;
                let trained = trained.as_deref().map(|path| weights(path, registry, origin));
                let trained = trained.transpose()?.map(|laid| laid.trained);
                Ok(Laid { graph, trained: trained.flatten() })
            }
            (None, None, Some(path)) => weights(path, registry, origin),
            (None, None, None) | (Some(_), Some(_), _) => Err(EngineError::Field {
                origin: origin.to_owned(),
                field: "inside",
                expected: "`network`, `graph` or `trained`, and no other network beside it",
                found: if network.is_some() { "two networks" } else { "no network" }.to_owned(),
            }),
        }
    }
}

/// A network, and what it has learnt.
struct Laid {
    graph: Graph,
    trained: Option<BTreeMap<String, Tensor>>,
}

/// The trained network in a file, if it was laid out by hand or found inside such a one.
fn weights(path: &Path, registry: &Registry, origin: &str) -> Result<Laid, EngineError> {
    let trained = Trained::load(path, registry).map_err(refused(origin))?;
    let rebuilt = trained.space().zip(trained.genotype());
    let rebuilt = rebuilt.and_then(|(space, genotype)| space.rebuilt(genotype).ok());
    let Some(graph) = trained.graph().cloned().or(rebuilt) else {
        return Err(EngineError::Field {
            origin: origin.to_owned(),
            field: "inside.trained",
            expected: "the file of a network that was laid out by hand",
            found: format!("one of cells in {}", path.display()),
        });
    };
    let variables = trained.network().variables().snapshot().map_err(refused(origin))?;
    Ok(Laid { graph, trained: Some(variables) })
}

impl Inside {
    /// The choices of a method that begin at the network.
    pub(super) fn begun(
        &self,
        choices: Choices,
        share: f64,
        origin: &str,
    ) -> Result<Choices, EngineError> {
        let place = format!("{origin}: inside");
        let choices = choices.starting_hand_made(&self.space, share).map_err(refused(&place))?;
        Ok(match &self.trained {
            Some(variables) => choices.with_trained(variables.clone()),
            None => choices,
        })
    }
}
