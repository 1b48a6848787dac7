//! The network of a genotype.

use candle_core::Tensor;
use dartloom_ops::{Model, OpError, Output, Pass, Place, Registry, Variables};
use dartloom_space::{Blueprint, Cost, Graph, Outputs, Phase};
use rand::RngCore;

use crate::body::Body;
use crate::identity::Identity;
use crate::memory::{Breakdown, Workload};
use crate::{GraphNetwork, NetError};

/// A discrete network, ready to be trained from scratch.
///
/// In training passes drop-path zeroes operation outputs except identities; a skip connection
/// that halves the plane is not an identity (as in DARTS' released network). Nothing is dropped in
/// a network laid out by hand with other operations in the place of some blocks.
#[derive(Debug)]
pub struct DerivedNetwork(Form);

#[derive(Debug)]
enum Form {
    /// Cells.
    Cells { body: Body, identity: Identity },
    /// A network laid out by hand, of which a genotype has replaced some blocks.
    Graph(GraphNetwork),
}

impl DerivedNetwork {
    /// Creates the network of a blueprint made by [`Blueprint::derived`], weights drawn from `rng`.
    ///
    /// # Errors
    /// [`NetError::Blueprint`] for a supernet's blueprint, [`NetError::AuxiliaryInput`] when the
    /// auxiliary head does not fit, or the error of an operation that cannot be built.
    pub fn new(
        plan: &Blueprint,
        registry: &Registry,
        place: &Place,
        rng: &mut dyn RngCore,
    ) -> Result<Self, NetError> {
        Body::check(plan, Phase::Retrain)?;
        let identity = Identity::planned(plan, registry)?;
        Ok(Self(Form::Cells { body: Body::new(plan, registry, place, rng)?, identity }))
    }

    /// The network of a graph.
    pub(crate) fn laid_out(
        graph: Graph,
        place: &Place,
        rng: &mut dyn RngCore,
    ) -> Result<Self, NetError> {
        Ok(Self(Form::Graph(GraphNetwork::new(graph, place, rng)?)))
    }

    /// The network laid out by hand that a genotype of a space inside of one has
    /// ([`Space::rebuilt`](dartloom_space::Space::rebuilt)); `None` for one of cells.
    pub fn as_graph(&self) -> Option<&GraphNetwork> {
        match &self.0 {
            Form::Cells { .. } => None,
            Form::Graph(network) => Some(network),
        }
    }

    /// Memory of a process that runs the network as `work` says, see [`crate::memory::predict`].
    pub fn memory(&self, work: &Workload) -> Breakdown {
        match &self.0 {
            Form::Cells { body, .. } => body.memory(work),
            Form::Graph(network) => network.memory(work),
        }
    }
}

impl Model for DerivedNetwork {
    fn variables(&self) -> &Variables {
        match &self.0 {
            Form::Cells { body, .. } => body.variables(),
            Form::Graph(network) => network.variables(),
        }
    }

    fn forward(&self, x: &Tensor, pass: &mut Pass<'_>) -> Result<Output, OpError> {
        match &self.0 {
            Form::Cells { body, .. } => Ok(body.forward(x, None, pass)?),
            Form::Graph(network) => network.forward(x, pass),
        }
    }

    fn cost(&self) -> Cost {
        match &self.0 {
            Form::Cells { body, .. } => body.cost(),
            Form::Graph(network) => network.cost(),
        }
    }

    fn identity(&self) -> Option<String> {
        match &self.0 {
            Form::Cells { body, identity } => identity.with(body.variables()),
            Form::Graph(network) => network.identity(),
        }
    }

    fn outputs(&self) -> Option<Outputs> {
        match &self.0 {
            Form::Cells { body, .. } => Some(body.outputs()),
            Form::Graph(network) => network.outputs(),
        }
    }
}
