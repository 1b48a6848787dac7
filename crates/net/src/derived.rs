//! The network of a genotype.

use candle_core::Tensor;
use dartloom_ops::{Model, OpError, Output, Pass, Place, Registry, Variables};
use dartloom_space::{Blueprint, Cost, Outputs, Phase};
use rand::RngCore;

use crate::NetError;
use crate::body::Body;
use crate::identity::Identity;
use crate::memory::{Breakdown, Workload};

/// A discrete network, ready to be trained from scratch.
///
/// In training passes drop-path zeroes operation outputs except identities; a skip connection
/// that halves the plane is not an identity (as in DARTS' released network).
#[derive(Debug)]
pub struct DerivedNetwork {
    body: Body,
    identity: Identity,
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
        Ok(Self { body: Body::new(plan, registry, place, rng)?, identity })
    }

    /// Memory of a process that runs the network as `work` says, see [`crate::memory::predict`].
    pub fn memory(&self, work: &Workload) -> Breakdown {
        self.body.memory(work)
    }
}

impl Model for DerivedNetwork {
    fn variables(&self) -> &Variables {
        self.body.variables()
    }

    fn forward(&self, x: &Tensor, pass: &mut Pass<'_>) -> Result<Output, OpError> {
        Ok(self.body.forward(x, None, pass)?)
    }

    fn cost(&self) -> Cost {
        self.body.cost()
    }

    fn identity(&self) -> Option<String> {
        self.identity.with(self.body.variables())
    }

    fn outputs(&self) -> Option<Outputs> {
        Some(self.body.outputs())
    }
}
