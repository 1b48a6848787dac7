//! The way from a space or a genotype to a network.

use dartloom_ops::{Place, Registry};
use dartloom_space::{
    AuxHead, Blueprint, Build, Chain, Genotype, Head, Layout, Network, Repeats, Space,
};
use rand::RngCore;

use crate::body::NoNumbers;
use crate::{DerivedNetwork, NetError, Supernet};

/// Everything about networks that stays the same while architectures change.
#[derive(Clone, Debug)]
pub struct Setting<'a> {
    /// The space of the architectures.
    pub space: &'a Space,
    /// Its operations.
    pub registry: &'a Registry,
    /// Base channels, classes, image shape.
    pub build: Build,
    /// Device and element type.
    pub place: Place,
}

/// The size of a genotype's network. The default is that of the search: the base channels of the
/// [`Setting`], and as many cells as its space has placements.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NetworkSize {
    /// Base channels; `None` for those of the setting.
    pub channels: Option<usize>,
    /// Cells of the chain, reductions at its thirds; `None` for the length that the space has. A
    /// genotype of the space's own network ([`Layout::Space`]) has no other length.
    pub layers: Option<usize>,
    /// `true` if training asks for an auxiliary head. A chain of [`layers`](Self::layers) cells
    /// gets the head of CIFAR, or that of ImageNet behind a stem that halves the plane; any other
    /// network has to have one.
    pub auxiliary: bool,
}

impl<'a> Setting<'a> {
    /// A setting in `f32` on the CPU.
    pub fn new(space: &'a Space, registry: &'a Registry, build: Build) -> Self {
        Self { space, registry, build, place: Place::default() }
    }

    /// The same setting on another device or in another element type.
    #[must_use]
    pub fn at(self, place: Place) -> Self {
        Self { place, ..self }
    }

    /// The supernet of the space, weights drawn from `rng`.
    ///
    /// # Errors
    /// When the space cannot be laid out for such images, and those of [`Supernet::new`].
    pub fn supernet(&self, rng: &mut dyn RngCore) -> Result<Supernet, NetError> {
        let plan = Blueprint::supernet(self.space, self.build)?;
        Supernet::new(&plan, self.registry, &self.place, rng)
    }

    /// The network of a genotype, weights drawn from `rng`. In a space inside a network laid out by
    /// hand it is that network with other operations in the place of its blocks
    /// ([`Space::rebuilt`]), and its variables have their names there.
    ///
    /// # Errors
    /// Those of [`plan`](Self::plan) and [`DerivedNetwork::new`].
    pub fn derive(
        &self,
        genotype: &Genotype,
        size: &NetworkSize,
        rng: &mut dyn RngCore,
    ) -> Result<DerivedNetwork, NetError> {
        let plan = self.plan(genotype, size)?;
        if self.space.network().hand_made().is_some() {
            return DerivedNetwork::laid_out(self.space.rebuilt(genotype)?, &self.place, rng);
        }
        self.built(&plan, rng)
    }

    /// The network of a genotype with the variables and running statistics it has in `supernet`; it
    /// is not to be trained from the beginning.
    ///
    /// # Errors
    /// Those of [`Blueprint::subnet`] and [`Supernet::subnet`].
    pub fn inherit(
        &self,
        supernet: &Supernet,
        genotype: &Genotype,
    ) -> Result<DerivedNetwork, NetError> {
        let plan = Blueprint::subnet(self.space, genotype, self.build)?;
        let variables = supernet.subnet(&plan)?;
        // Every variable is overwritten.
        let network = self.built(&plan, &mut NoNumbers)?;
        dartloom_ops::Model::variables(&network).load(&variables)?;
        Ok(network)
    }

    /// The layers of a genotype's network, from which costs and memory are computed.
    ///
    /// # Errors
    /// When the genotype has no such network, or it cannot be laid out for these images;
    /// [`NetError::AuxiliaryInput`] and [`NetError::NoAuxiliary`] if an auxiliary head is requested
    /// and not possible.
    pub fn plan(&self, genotype: &Genotype, size: &NetworkSize) -> Result<Blueprint, NetError> {
        let network = self.network(genotype, size)?;
        let channels = size.channels.unwrap_or(self.build.channels);
        let build = Build { channels, partial: 1, ..self.build };
        let plan = Blueprint::derived(genotype, &network, self.registry.catalog(), build)?;
        match &plan.aux {
            Some(aux) if size.auxiliary && !aux.fits => {
                Err(NetError::AuxiliaryInput { after: aux.after, found: aux.input })
            }
            _ => Ok(plan),
        }
    }

    /// The cells of that network and their links.
    ///
    /// # Errors
    /// When the genotype has no such network; [`NetError::NoAuxiliary`] where an auxiliary head is
    /// asked for in a space without.
    pub fn network(&self, genotype: &Genotype, size: &NetworkSize) -> Result<Network, NetError> {
        let Some(layers) = size.layers.filter(|_| *genotype.layout() != Layout::Space) else {
            let network = genotype.network_in(self.space)?;
            if size.auxiliary && network.aux().is_none() {
                return Err(NetError::NoAuxiliary { space: self.space.name().to_owned() });
            }
            return Ok(network);
        };
        let stem = self.space.network().stem().clone();
        let halves = stem.level(stem.parts().len().saturating_sub(1)) > 0;
        let thirds = Some(Chain::thirds(layers));
        let chain = genotype.chain(layers, stem, thirds, Repeats::InTurn)?;
        if let Head::PerPixel { resize, .. } = self.space.network().head() {
            if size.auxiliary {
                return Err(NetError::NoAuxiliary { space: self.space.name().to_owned() });
            }
            let rates = self.space.network().rates();
            return Ok(chain.network()?.per_pixel(*resize)?.with_rates(rates)?);
        }
        let head = if halves { AuxHead::ImageNet } else { AuxHead::Cifar };
        let network = if size.auxiliary { chain.with_aux(head) } else { chain }.network()?;
        Ok(network.with_hidden(self.space.network().hidden().cloned().unwrap_or_default())?)
    }

    fn built(&self, plan: &Blueprint, rng: &mut dyn RngCore) -> Result<DerivedNetwork, NetError> {
        DerivedNetwork::new(plan, self.registry, &self.place, rng)
    }
}
