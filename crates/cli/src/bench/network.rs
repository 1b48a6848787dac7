//! Networks of genotypes and hand-made ones.

use candle_core::{DType, Device};
use dartloom::net::DerivedNetwork;
use dartloom::net::baseline::{ResNet, ResNetSize};
use dartloom::ops::Registry;
use dartloom::space::{AuxHead, Blueprint, Build, Compat, Layout, Shape, Stem};
use dartloom::train::Noise;

use super::args::Baseline;
use super::{CLASSES, SEED};
use crate::error::CliError;
use crate::genotype;

/// Which genotype in which size.
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
    pub(super) fn network(&self) -> Result<DerivedNetwork, CliError> {
        let genotype = genotype::resolve(self.genotype)?;
        if *genotype.layout() == Layout::Space {
            return Err(CliError::NoChain { found: self.genotype.to_owned() });
        }
        let chain = genotype
            .chain(self.layers, Stem::cifar(3), None, Compat::Paper)
            .map_err(CliError::input)?;
        let chain = if self.aux { chain.with_aux(AuxHead::Cifar) } else { chain };
        let network = chain.network().map_err(CliError::input)?;
        let registry = Registry::standard().map_err(CliError::work)?;
        let build = Build::new(self.channels, CLASSES, self.input);
        let plan = Blueprint::derived(&genotype, &network, registry.catalog(), build)
            .map_err(CliError::input)?;
        let mut rng = Noise::new(SEED).stream("weights", 0);
        DerivedNetwork::new(&plan, &registry, &Device::Cpu, DType::F32, &mut rng)
            .map_err(CliError::input)
    }
}

/// A hand-made network.
pub(super) fn baseline(which: Baseline, input: Shape) -> Result<ResNet, CliError> {
    let size = match which {
        Baseline::ResNet18 => ResNetSize::resnet18(),
        Baseline::TinyResNet => ResNetSize::tiny(),
    };
    let mut rng = Noise::new(SEED).stream("weights", 0);
    ResNet::new(size, input, CLASSES, &Device::Cpu, &mut rng).map_err(CliError::input)
}
