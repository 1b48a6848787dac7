//! Networks trained from the beginning.

use candle_core::{DType, Device};
use dartloom_net::baseline::ResNet;
use dartloom_net::{DerivedNetwork, Model};
use dartloom_space::{Blueprint, Build, Chain, Compat, Genotype, Layout, Space};
use dartloom_train::{Fit, Noise, Outcome, Session, drive};

use super::{Contest, LegResult};
use crate::SearchError;
use crate::comparison::Stopwatch;

/// What is retrained.
#[derive(Clone, Copy)]
pub(super) enum Entrant<'a> {
    /// An architecture, its space, and the purpose of the noise that its weights are drawn from.
    Derived(&'a Genotype, &'a Space, &'static str),
    /// The hand-made network.
    Baseline,
}

impl<'a> Entrant<'a> {
    /// What a method found. Methods share their noise: equal architectures are equal networks.
    pub(super) const fn searched(genotype: &'a Genotype, space: &'a Space) -> Self {
        Self::Derived(genotype, space, "retrain-searched")
    }

    /// What random search found.
    pub(super) const fn random(genotype: &'a Genotype, space: &'a Space) -> Self {
        Self::Derived(genotype, space, "retrain-random")
    }

    pub(super) fn genotype(self) -> Option<&'a Genotype> {
        match self {
            Self::Derived(genotype, ..) => Some(genotype),
            Self::Baseline => None,
        }
    }

    pub(super) fn space(self) -> Option<&'a Space> {
        match self {
            Self::Derived(_, space, _) => Some(space),
            Self::Baseline => None,
        }
    }
}

impl Contest<'_> {
    pub(super) fn retrain(
        &mut self,
        leg: &str,
        entrant: Entrant<'_>,
        noise: Noise,
    ) -> Result<Option<LegResult>, SearchError> {
        let identity = self.retrained(leg, entrant)?;
        match self.stored(leg, &identity)? {
            None if !self.looks => {}
            stored => return Ok(stored),
        }
        let comparison = self.comparison;
        let model: Box<dyn Model> = match entrant {
            Entrant::Derived(genotype, space, purpose) => {
                Box::new(self.derived(genotype, space, noise.child(purpose))?)
            }
            Entrant::Baseline => Box::new(self.baseline(noise)?),
        };
        let config = comparison.config.retrain.fit.clone();
        let epochs = config.epochs as u64;
        // One noise for all contenders of a seed: they see the same batches, which pairs them.
        let noise = noise.child("retrain");
        let (train, test) = (comparison.train, comparison.test);
        let mut fit = Fit::new(self.phase(leg), &model, config, noise, train, Some(test))?;
        let checkpoint = self.dir.file(&format!("{leg}.safetensors"));
        let mut watch = Stopwatch::new(&mut *self.observer, self.clock, &self.dir, leg)?;
        let mut session = Session::new(&mut watch).saved_at(checkpoint);
        if drive(&mut fit, &mut session)? != Outcome::Finished {
            watch.store()?;
            return Ok(None);
        }
        let (seconds, cost) = (watch.seconds(), model.cost());
        let result = LegResult {
            seconds,
            training_macs: 3 * cost.macs * train.len() as u64 * epochs,
            genotype: entrant.genotype().cloned(),
            accuracy: fit.evaluate()?.map(|evaluation| evaluation.accuracy),
            parameters: Some(cost.parameters - cost.unused_parameters),
            macs: Some(cost.macs),
            ..LegResult::default()
        };
        self.finish(leg, &identity, result, &[])
    }

    fn derived(
        &self,
        genotype: &Genotype,
        space: &Space,
        noise: Noise,
    ) -> Result<DerivedNetwork, SearchError> {
        let comparison = self.comparison;
        let retrain = &comparison.config.retrain;
        let network = match genotype.layout() {
            Layout::Space => genotype.network_in(space)?,
            _ => {
                let stem = space.network().stem().clone();
                let thirds = Some(Chain::thirds(retrain.layers));
                genotype.chain(retrain.layers, stem, thirds, Compat::Paper)?.network()?
            }
        };
        let ops = comparison.registry.catalog();
        let plan =
            Blueprint::derived(genotype, &network, ops, self.comparison.build(retrain.channels))?;
        let mut rng = noise.stream("weights", 0);
        let registry = comparison.registry;
        Ok(DerivedNetwork::new(&plan, registry, &Device::Cpu, DType::F32, &mut rng)?)
    }

    fn baseline(&self, noise: Noise) -> Result<ResNet, SearchError> {
        let Build { classes, input, .. } = self.comparison.build(1);
        let size = self.comparison.config.baseline.size();
        let mut rng = noise.child("baseline").stream("weights", 0);
        Ok(ResNet::new(size, input, classes, &Device::Cpu, &mut rng)?)
    }
}
