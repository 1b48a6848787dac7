//! Networks of genotypes and hand-made ones.

use dartloom::net::DerivedNetwork;
use dartloom::net::baseline::{ResNet, ResNetSize};
use dartloom::net::memory::{self, Workload};
use dartloom::noise::Noise;
use dartloom::ops::{Place, Registry};
use dartloom::space::{AuxHead, Blueprint, Build, Layout, Repeats, Shape, Stem};

use super::args::Baseline;
use super::{CLASSES, SEED};
use crate::error::BenchError;
use dartloom_engine::{genotype, room};

/// A genotype in a size.
#[derive(Debug)]
pub(super) struct Derived<'a> {
    pub(super) genotype: &'a str,
    pub(super) channels: usize,
    pub(super) layers: usize,
    pub(super) input: Shape,
    pub(super) aux: bool,
}

impl Derived<'_> {
    /// The network of the genotype in a chain behind the stem for small images.
    pub(super) fn network(&self) -> Result<DerivedNetwork, BenchError> {
        let registry = Registry::standard().map_err(BenchError::work)?;
        let mut rng = Noise::new(SEED).stream("weights", 0);
        DerivedNetwork::new(&self.plan(&registry)?, &registry, &Place::default(), &mut rng)
            .map_err(BenchError::input)
    }

    /// Refuses a network that needs more memory than there is to run as `work` says, but for its
    /// batch.
    pub(super) fn admit(&self, batch: usize, work: &Workload) -> Result<(), BenchError> {
        let registry = Registry::standard().map_err(BenchError::work)?;
        let plan = self.plan(&registry)?;
        let needs = |batch| {
            let work = Workload { batch, ..*work };
            memory::predict(&plan, &registry, &work).map(|found| found.total())
        };
        needs(batch).map_err(BenchError::input)?;
        let what = || format!("{} on batches of {batch}", self.genotype);
        Ok(room::admit(what, batch, |batch| needs(batch).ok())?)
    }

    fn plan(&self, registry: &Registry) -> Result<Blueprint, BenchError> {
        let genotype = genotype::resolve(self.genotype)?;
        if *genotype.layout() == Layout::Space {
            return Err(BenchError::NoChain { found: self.genotype.to_owned() });
        }
        let chain = genotype
            .chain(self.layers, Stem::cifar(3), None, Repeats::InTurn)
            .map_err(BenchError::input)?;
        let chain = if self.aux { chain.with_aux(AuxHead::Cifar) } else { chain };
        let network = chain.network().map_err(BenchError::input)?;
        let build = Build::new(self.channels, CLASSES as usize, self.input);
        Blueprint::derived(&genotype, &network, registry.catalog(), build)
            .map_err(BenchError::input)
    }
}

impl Baseline {
    fn size(self) -> ResNetSize {
        match self {
            Self::ResNet18 => ResNetSize::resnet18(),
            Self::TinyResNet => ResNetSize::tiny(),
        }
    }

    /// As typed.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::ResNet18 => "resnet18",
            Self::TinyResNet => "tiny-resnet",
        }
    }

    /// Refuses batches whose images, with what the first layers make of them, do not fit into the
    /// memory there is.
    pub(super) fn admit(self, batch: usize, input: Shape) -> Result<(), BenchError> {
        // What a convolution reads and what it puts out are there at once.
        let wide = Shape { channels: self.size().width, ..input }.elements().saturating_mul(2);
        let values = input.elements().saturating_add(wide);
        let needs = |batch: usize| values.checked_mul(batch as u64)?.checked_mul(4);
        let what = || format!("{} on batches of {batch}", self.name());
        Ok(room::admit(what, batch, needs)?)
    }
}

/// A hand-made network.
pub(super) fn baseline(which: Baseline, input: Shape) -> Result<ResNet, BenchError> {
    let mut rng = Noise::new(SEED).stream("weights", 0);
    ResNet::new(which.size(), input, CLASSES as usize, &Place::default(), &mut rng)
        .map_err(BenchError::input)
}
