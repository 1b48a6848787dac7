//! The architecture of a trained network: a genotype in its space, or a graph.

use std::collections::BTreeMap;

use candle_core::Tensor;
use dartloom_net::{GraphNetwork, NetworkSize, Setting};
use dartloom_noise::Noise;
use dartloom_ops::{Model, Place, Registry};
use dartloom_record::Identity;
use dartloom_space::{Build, Genotype, Graph, Outputs, Shape, Space};

use super::TrainedError;

/// Everything that a network is made of but its weights.
#[derive(Debug)]
pub(super) enum Architecture {
    /// An architecture that was found, or drawn.
    Derived(Box<Derived>),
    /// A network laid out by hand.
    Graph(Graph),
}

/// A genotype with everything that makes it a network.
#[derive(Debug)]
pub(super) struct Derived {
    pub(super) genotype: Genotype,
    pub(super) space: Space,
    /// The operations that the network was built with, a clone of the caller's.
    pub(super) registry: Registry,
    pub(super) build: Build,
    pub(super) size: NetworkSize,
}

impl Architecture {
    /// Shape of one image.
    pub(super) fn input(&self) -> Shape {
        match self {
            Self::Derived(own) => own.build.input,
            Self::Graph(graph) => graph.input(),
        }
    }

    /// The outputs for one image.
    pub(super) fn outputs(&self) -> Outputs {
        match self {
            Self::Derived(own) => own.build.outputs,
            Self::Graph(graph) => graph.outputs(),
        }
    }

    /// The identity of the operations whose code is not in the file.
    pub(super) fn identity(&self) -> Result<Identity, TrainedError> {
        match self {
            Self::Derived(own) => Ok(own.registry.identified(Identity::new(), own.operations())?),
            Self::Graph(_) => Ok(Identity::new()),
        }
    }

    /// The network with the values of `variables`.
    pub(super) fn network(
        &self,
        place: Place,
        variables: &BTreeMap<String, Tensor>,
    ) -> Result<Box<dyn Model>, TrainedError> {
        // Every variable is overwritten.
        let mut numbers = Noise::new(0).stream("overwritten", 0);
        let network: Box<dyn Model> = match self {
            Self::Derived(own) => {
                let setting = Setting::new(&own.space, &own.registry, own.build).at(place);
                Box::new(setting.derive(&own.genotype, &own.size, &mut numbers)?)
            }
            Self::Graph(graph) => Box::new(GraphNetwork::new(graph.clone(), &place, &mut numbers)?),
        };
        network.variables().load(variables)?;
        Ok(network)
    }
}

impl Derived {
    /// The names of the genotype's operations, some of them more than once.
    pub(super) fn operations(&self) -> impl Iterator<Item = &str> {
        self.genotype.cells().iter().flat_map(|cell| cell.genes.iter().map(|gene| &*gene.op))
    }
}
