//! The legs of one seed.

use candle_core::{DType, Device};
use dartloom_metrics::{Clock, Event, Observer};
use dartloom_net::baseline::ResNet;
use dartloom_net::{DerivedNetwork, Model};
use dartloom_space::{Blueprint, Build, Chain, Compat, Genotype, Layout, Shape};
use dartloom_train::{Fit, Noise, Outcome, RunDir, Session, TrainError, digest, drive};
use serde::{Deserialize, Serialize};

use super::{Comparison, Stopwatch};
use crate::stop::Stopped;
use crate::{Gap, Parts, RandomSearch, SearchError, SearchParts, SupernetSearch};

/// What a leg ended with.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LegResult {
    /// Digest of the configuration the result belongs to.
    pub configuration: String,
    /// What it took.
    pub seconds: f64,
    /// Multiply-adds spent on training.
    pub training_macs: u64,
    /// The architecture found (searches) or trained (retraining of one).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub genotype: Option<Genotype>,
    /// Test accuracy (retraining).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accuracy: Option<f64>,
    /// Trainable numbers (retraining).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameters: Option<u64>,
    /// Multiply-adds per image (retraining).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub macs: Option<u64>,
    /// Discretisation gap (gradient search).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gap: Option<Gap>,
    /// Architectures tried (random search).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tried: Option<usize>,
    /// The rule that ended the search before its last epoch (gradient search).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<Stopped>,
}

/// All legs of one seed.
pub struct Contest<'a> {
    pub(super) comparison: &'a Comparison<'a>,
    pub(super) seed: u64,
    pub(super) dir: RunDir,
    pub(super) observer: &'a mut dyn Observer,
    pub(super) clock: Clock<'a>,
}

impl std::fmt::Debug for Contest<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Contest").field("seed", &self.seed).finish_non_exhaustive()
    }
}

/// Results of one seed, by contender.
#[derive(Clone, Debug)]
pub(super) struct SeedResults {
    pub(super) search: LegResult,
    pub(super) random: LegResult,
    /// Retrained: searched, random, baseline.
    pub(super) trained: [LegResult; 3],
}

/// What is retrained.
#[derive(Clone, Copy)]
enum Entrant<'a> {
    Derived(&'a Genotype),
    Baseline,
}

/// The architecture that a search's leg has found.
fn found<'a>(leg: &'a LegResult, file: &str) -> Result<&'a Genotype, SearchError> {
    leg.genotype.as_ref().ok_or_else(|| SearchError::Stored {
        file: file.to_owned(),
        expected: "the genotype that was found",
        found: "none".to_owned(),
    })
}

impl Contest<'_> {
    pub(super) fn run(&mut self) -> Result<Option<SeedResults>, SearchError> {
        let noise = Noise::new(self.seed);
        let comparison = self.comparison;
        let parts = comparison.config.split.parts(comparison.train, noise.child("split").seed())?;
        let Some(search) = self.search(&parts, noise.child("search"))? else { return Ok(None) };
        let budget = search.training_macs;
        let Some(random) = self.random(&parts, noise.child("random"), budget)? else {
            return Ok(None);
        };
        let mut trained: [LegResult; 3] = Default::default();
        let entrants = [
            ("retrain-searched", Entrant::Derived(found(&search, "search.json")?)),
            ("retrain-random", Entrant::Derived(found(&random, "random.json")?)),
            ("retrain-baseline", Entrant::Baseline),
        ];
        for (slot, (leg, entrant)) in entrants.into_iter().enumerate() {
            let Some(result) = self.retrain(leg, entrant, noise)? else { return Ok(None) };
            trained[slot] = result;
        }
        Ok(Some(SeedResults { search, random, trained }))
    }

    fn search(
        &mut self,
        parts: &Parts<'_>,
        noise: Noise,
    ) -> Result<Option<LegResult>, SearchError> {
        const LEG: &str = "search";
        if let Some(result) = self.stored(LEG)? {
            return Ok(Some(result));
        }
        let comparison = self.comparison;
        let config = comparison.config.search.clone();
        let parts = SearchParts {
            space: comparison.space,
            registry: comparison.registry,
            choices: comparison.choices.clone(),
            decoder: comparison.decoder,
            build: Build {
                partial: comparison.config.partial,
                ..self.build(comparison.config.channels)
            },
            data: parts,
        };
        let mut search = SupernetSearch::new(self.phase(LEG), parts, config, noise)?;
        let digest = self.digest(LEG)?;
        let mut watch = Stopwatch::new(&mut *self.observer, self.clock, &self.dir, LEG)?;
        let checkpoint = Some(self.dir.file("search.safetensors"));
        let mut session = Session { observer: &mut watch, checkpoint, digest };
        if drive(&mut search, &mut session)? != Outcome::Finished {
            watch.store()?;
            return Ok(None);
        }
        let seconds = watch.seconds();
        let last = search.end();
        let decoded = search.decode(last)?;
        let gap = search.gap(&decoded.genotype)?;
        self.dir.write("weights.json", &json("weights.json", &search.table(last)?)?)?;
        self.dir.write("genotype.json", &json("genotype.json", &decoded.genotype)?)?;
        // The retrained genotype is the last one; the best epoch's is kept for whoever prefers it.
        self.dir.write("best-epoch.json", &json("best-epoch.json", &search.best())?)?;
        let result = LegResult {
            seconds,
            training_macs: search.training_macs(),
            genotype: Some(decoded.genotype),
            gap: Some(gap),
            stopped: search.stopped().cloned(),
            ..LegResult::default()
        };
        self.finish(LEG, result)
    }

    fn random(
        &mut self,
        parts: &Parts<'_>,
        noise: Noise,
        budget: u64,
    ) -> Result<Option<LegResult>, SearchError> {
        const LEG: &str = "random";
        if let Some(result) = self.stored(LEG)? {
            return Ok(Some(result));
        }
        let comparison = self.comparison;
        let random = RandomSearch {
            space: comparison.space,
            registry: comparison.registry,
            build: self.build(comparison.config.channels),
            data: parts,
            config: comparison.config.random.clone(),
            budget,
            noise,
        };
        let (phase, digest) = (self.phase(LEG), self.digest(LEG)?);
        let dir = self.dir.inside(LEG)?;
        let mut watch = Stopwatch::new(&mut *self.observer, self.clock, &self.dir, LEG)?;
        let mut session = Session { observer: &mut watch, checkpoint: None, digest };
        let Some(outcome) = random.run(&phase, &dir, &mut session)? else {
            watch.store()?;
            return Ok(None);
        };
        let result = LegResult {
            seconds: watch.seconds(),
            training_macs: outcome.training_macs(),
            genotype: outcome.best().map(|best| best.genotype.clone()),
            tried: Some(outcome.candidates.len()),
            ..LegResult::default()
        };
        self.finish(LEG, result)
    }

    fn retrain(
        &mut self,
        leg: &str,
        entrant: Entrant<'_>,
        noise: Noise,
    ) -> Result<Option<LegResult>, SearchError> {
        if let Some(result) = self.stored(leg)? {
            return Ok(Some(result));
        }
        let comparison = self.comparison;
        let (model, genotype): (Box<dyn Model>, _) = match entrant {
            Entrant::Derived(genotype) => {
                (Box::new(self.derived(genotype, leg, noise)?), Some(genotype.clone()))
            }
            Entrant::Baseline => (Box::new(self.baseline(noise)?), None),
        };
        let config = comparison.config.retrain.fit.clone();
        let epochs = config.epochs as u64;
        // One noise for all contenders of a seed: they see the same batches, which pairs them.
        let noise = noise.child("retrain");
        let (train, test) = (comparison.train, comparison.test);
        let mut fit = Fit::new(self.phase(leg), &model, config, noise, train, Some(test))?;
        let digest = self.digest(leg)?;
        let checkpoint = Some(self.dir.file(&format!("{leg}.safetensors")));
        let mut watch = Stopwatch::new(&mut *self.observer, self.clock, &self.dir, leg)?;
        let mut session = Session { observer: &mut watch, checkpoint, digest };
        if drive(&mut fit, &mut session)? != Outcome::Finished {
            watch.store()?;
            return Ok(None);
        }
        let (seconds, cost) = (watch.seconds(), model.cost());
        let result = LegResult {
            seconds,
            training_macs: 3 * cost.macs * train.len() as u64 * epochs,
            genotype,
            accuracy: fit.evaluate()?.map(|evaluation| evaluation.accuracy),
            parameters: Some(cost.parameters - cost.unused_parameters),
            macs: Some(cost.macs),
            ..LegResult::default()
        };
        self.finish(leg, result)
    }

    fn derived(
        &self,
        genotype: &Genotype,
        leg: &str,
        noise: Noise,
    ) -> Result<DerivedNetwork, SearchError> {
        let comparison = self.comparison;
        let retrain = &comparison.config.retrain;
        let network = match genotype.layout() {
            Layout::Space => genotype.network_in(comparison.space)?,
            _ => {
                let stem = comparison.space.network().stem().clone();
                let thirds = Some(Chain::thirds(retrain.layers));
                genotype.chain(retrain.layers, stem, thirds, Compat::Paper)?.network()?
            }
        };
        let ops = comparison.registry.catalog();
        let plan = Blueprint::derived(genotype, &network, ops, self.build(retrain.channels))?;
        let mut rng = noise.child(leg).stream("weights", 0);
        let registry = comparison.registry;
        Ok(DerivedNetwork::new(&plan, registry, &Device::Cpu, DType::F32, &mut rng)?)
    }

    fn baseline(&self, noise: Noise) -> Result<ResNet, SearchError> {
        let Build { classes, input, .. } = self.build(1);
        let size = self.comparison.config.baseline.size();
        let mut rng = noise.child("baseline").stream("weights", 0);
        Ok(ResNet::new(size, input, classes, &Device::Cpu, &mut rng)?)
    }

    fn build(&self, channels: usize) -> Build {
        let shape = self.comparison.train.shape();
        let classes = match self.comparison.train.task() {
            dartloom_data::Task::Classification { classes } => classes,
            _ => 0,
        };
        let input = Shape::new(shape.channels, shape.height, shape.width);
        Build::new(channels, classes, input)
    }

    fn phase(&self, leg: &str) -> String {
        format!("seed {} {leg}", self.seed)
    }

    /// What a leg's files belong to: everything but the list of seeds.
    fn digest(&self, leg: &str) -> Result<String, TrainError> {
        let Comparison { space, choices, decoder, train, test, .. } = self.comparison;
        let config =
            super::ComparisonConfig { seeds: Vec::new(), ..self.comparison.config.clone() };
        // All hold configuration and no state, so their debug form names them.
        let method = format!("{choices:?} {decoder:?}");
        let data = [train, test].map(|data| (data.len(), data.shape().to_string()));
        digest(&(leg, self.seed, config, space, method, data))
    }

    fn stored(&self, leg: &str) -> Result<Option<LegResult>, SearchError> {
        let file = format!("{leg}.json");
        let Some(text) = self.dir.read(&file)? else { return Ok(None) };
        let refused = |expected, found| SearchError::Stored { file, expected, found };
        let result: LegResult = match serde_json::from_str(&text) {
            Ok(result) => result,
            Err(error) => return Err(refused("the result of a leg", error.to_string())),
        };
        if result.configuration != self.digest(leg)? {
            let found = format!("one of configuration {}", result.configuration);
            return Err(refused("a result of this configuration", found));
        }
        Ok(Some(result))
    }

    fn finish(&mut self, leg: &str, result: LegResult) -> Result<Option<LegResult>, SearchError> {
        let file = format!("{leg}.json");
        let result = LegResult { configuration: self.digest(leg)?, ..result };
        self.dir.write(&file, &json(&file, &result)?)?;
        let mut metrics =
            std::collections::BTreeMap::from([("seconds".to_owned(), result.seconds)]);
        metrics.extend(result.accuracy.map(|accuracy| ("test_accuracy".to_owned(), accuracy)));
        metrics.extend(result.gap.map(|gap| ("discretisation_gap".to_owned(), gap.loss())));
        // The leg is done and stored; a wish to stop is heard at the next leg's first event.
        let _ =
            self.observer.on_event(&Event::PhaseFinished { phase: self.phase(leg), metrics })?;
        Ok(Some(result))
    }
}

pub(super) fn json(file: &str, value: &impl Serialize) -> Result<Vec<u8>, SearchError> {
    let mut bytes = serde_json::to_vec_pretty(value).map_err(|error| SearchError::Stored {
        file: file.to_owned(),
        expected: "a value that can be written",
        found: error.to_string(),
    })?;
    bytes.push(b'\n');
    Ok(bytes)
}
