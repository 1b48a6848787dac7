//! A bilevel search over epochs, with everything a run needs.

use std::collections::BTreeMap;

use candle_core::{DType, Device, Tensor};
use dartloom_data::{Augment, BatchOrder, Dataset, Loader, Transform as _};
use dartloom_decode::{Decoded, Decoder};
use dartloom_net::Supernet;
use dartloom_noise::Noise;
use dartloom_ops::{Mode, Registry};
use dartloom_relax::Progress;
use dartloom_space::{Blueprint, Build, Genotype, Space, WeightTable};
use dartloom_task::usual;
use dartloom_train::{
    EpochReport, Identity, MOST_EPOCHS, Optimiser, Position, Snapshot, StepLoss, Stepper,
    TrainError, evaluate,
};
use serde::{Deserialize, Serialize};

use crate::entropies::entropies;
use crate::prune::Pruning;
use crate::rehearsal::{check_build, decoded, rehearse};
use crate::stop::{Effect, Findings, Observed, StopConfig, StopRule, Stopped, Watch};
use crate::{
    Architecture, Bilevel, BilevelConfig, Choices, Gap, Parts, PruneConfig, SearchError,
    discretisation_gap, identity, prune,
};

/// How long and with which batches a supernet is searched.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SearchConfig {
    /// Passes over the weights' images.
    pub epochs: usize,
    /// Images per batch.
    pub batch: usize,
    /// Update rules.
    pub bilevel: BilevelConfig,
    /// Random crops of training batches: zeros added on each side before cropping.
    pub crop_padding: usize,
    /// Random horizontal flips of training batches.
    pub flip: bool,
    /// When to stop before the last epoch, and what to warn of.
    pub stop: Vec<StopConfig>,
    /// When candidates are removed; never when `None`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prune: Option<PruneConfig>,
}

impl Default for SearchConfig {
    /// DARTS on CIFAR-10: 50 epochs of batches of 64, whose images are cropped (`crop_padding: 4`)
    /// and mirrored (`flip: true`). Neither suits every kind of image: mirroring a 2 does not give
    /// a digit, and a border of 4 is much of a plane of 8x8.
    fn default() -> Self {
        Self {
            epochs: 50,
            batch: 64,
            bilevel: BilevelConfig::default(),
            crop_padding: 4,
            flip: true,
            stop: Vec::new(),
            prune: None,
        }
    }
}

impl SearchConfig {
    /// Random changes to batches.
    pub fn augment(&self) -> Augment {
        Augment { crop_padding: self.crop_padding, flip: self.flip, cutout: 0 }
    }

    /// Refuses values that make no sense, and those that make none with these images.
    ///
    /// # Errors
    /// [`SearchError::Config`] or [`SearchError::Data`] naming the field.
    pub fn check_images(&self, data: &Parts<'_>) -> Result<(), SearchError> {
        self.check()?;
        for (images, expected) in [
            (data.train.len(), "no more than the images that move weights"),
            (data.valid.len(), "no more than the images that move logits"),
        ] {
            if self.batch > images {
                let found = format!("{} of {images} images", self.batch);
                return Err(SearchError::Config { field: "batch", expected, found });
            }
        }
        Ok(self.augment().check(data.train.shape(), data.train.targets())?)
    }

    /// Refuses values that make no sense.
    ///
    /// # Errors
    /// [`SearchError::Config`] naming the field.
    pub fn check(&self) -> Result<(), SearchError> {
        let refuse = |field, expected, found: usize| {
            Err(SearchError::Config { field, expected, found: found.to_string() })
        };
        match self {
            _ if self.epochs == 0 => refuse("epochs", "at least 1", self.epochs),
            _ if self.epochs > MOST_EPOCHS => refuse("epochs", "at most 1048576", self.epochs),
            _ if self.batch < 2 => refuse("batch", "at least 2", self.batch),
            _ if self.bilevel.warm_up >= self.epochs => {
                refuse("bilevel.warm_up", "fewer epochs than the search has", self.bilevel.warm_up)
            }
            _ => {
                for (index, stop) in self.stop.iter().enumerate() {
                    let rule = stop.rule().check();
                    rule.map_err(|error| error.within(format!("stop.{index}")))?;
                }
                let warm_up = self.bilevel.warm_up;
                let prune = self.prune.map_or(Ok(()), |prune| prune.check(self.epochs, warm_up));
                prune.map_err(|error| error.within("prune"))?;
                self.bilevel.check().map_err(|error| error.within("bilevel"))
            }
        }
    }
}

/// A [`Stepper`] that searches: train batches move weights, validation batches move logits.
#[derive(Debug)]
pub struct SupernetSearch<'a> {
    phase: String,
    pub(crate) space: &'a Space,
    pub(crate) registry: &'a Registry,
    pub(crate) build: Build,
    decoder: &'a dyn Decoder,
    pub(crate) bilevel: Bilevel,
    pub(crate) config: SearchConfig,
    pub(crate) noise: Noise,
    pub(crate) train: Loader<'a>,
    valid: Loader<'a>,
    pub(crate) scoring: Loader<'a>,
    watches: Vec<Watch<'a>>,
    pub(crate) memory: Memory,
}

/// What a search remembers beside its tensors, saved with them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Memory {
    /// Sums over the current epoch, so that a stop in its middle loses nothing.
    running: Running,
    /// The best epoch so far.
    best: Option<BestEpoch>,
    /// What rules are asked about: epochs in which the logits moved, if there is a rule.
    #[serde(default)]
    history: Vec<Observed>,
    /// The rule that ended the search.
    #[serde(default)]
    stopped: Option<Stopped>,
    /// Which candidates are left, where some may be gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) pruning: Option<Pruning>,
}

/// The architecture of the epoch with the highest validation accuracy (the first of equals).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BestEpoch {
    /// The epoch, from 0.
    pub epoch: usize,
    /// Accuracy of the supernet on the validation images.
    pub accuracy: f64,
    /// The architecture decoded at its end.
    pub genotype: Genotype,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Running {
    train_loss: f64,
    arch_loss: f64,
    steps: usize,
    arch_steps: usize,
    /// What cells contribute, where it is measured.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    contributions: Vec<f64>,
}

/// The parts a [`SupernetSearch`] is made of.
#[derive(Debug)]
pub struct SearchParts<'a> {
    /// The space.
    pub space: &'a Space,
    /// Its operations.
    pub registry: &'a Registry,
    /// How logits become weights.
    pub choices: Choices,
    /// How weights become a genotype.
    pub decoder: &'a dyn Decoder,
    /// Base channels, classes, image shape.
    pub build: Build,
    /// Images for weights and logits.
    pub data: &'a Parts<'a>,
}

impl<'a> SupernetSearch<'a> {
    /// Creates supernet and logits; `phase` is the search's name in events.
    ///
    /// What others wrote is tried before anything is trained: the relaxation and the penalties at
    /// the beginning, the middle and the end of the search, the decoder on the first weights.
    ///
    /// # Errors
    /// [`SearchError::Config`] naming the field that makes no sense or that differs from the images,
    /// [`TrainError::Outputs`], [`OpError::Unregistered`](dartloom_ops::OpError::Unregistered) and
    /// its like for operations that the registry lacks, [`SearchError::Relaxation`] for a relaxation
    /// or penalty that breaks its contract, or the error of a part.
    pub fn new(
        phase: impl Into<String>,
        parts: SearchParts<'a>,
        config: SearchConfig,
        noise: Noise,
    ) -> Result<Self, SearchError> {
        config.check_images(parts.data)?;
        prune::check(config.prune.as_ref(), &parts.choices, parts.build.partial)?;
        parts.registry.check(parts.space.op_set())?;
        check_build(parts.build, &parts.data.train)?;
        let (space, device) = (parts.space, Device::Cpu);
        let (registry, build) = (parts.registry, parts.build);
        let plan = Blueprint::supernet(space, parts.build)?;
        let mut weights = noise.stream("weights", 0);
        let supernet = Supernet::new(&plan, parts.registry, &device, DType::F32, &mut weights)?;
        let mut logits = noise.stream("logits", 0);
        let architecture =
            Architecture::new(space, parts.choices, &device, DType::F32, &mut logits)?;
        let bilevel = Bilevel::new(supernet, architecture, config.bilevel.clone(), noise)?;
        rehearse(&bilevel.architecture, space, parts.decoder, config.epochs, noise)?;
        let data = parts.data;
        let train = batches(&data.train, &config, noise.child("train batches"))?;
        let valid = batches(&data.valid, &config, noise.child("valid batches"))?;
        let scoring = Loader::new(&data.valid, config.batch)?;
        Ok(Self {
            phase: phase.into(),
            space,
            registry,
            build,
            decoder: parts.decoder,
            bilevel,
            watches: config.stop.iter().map(Watch::from).collect(),
            config,
            noise,
            train,
            valid,
            scoring,
            memory: Memory::default(),
        })
    }

    /// The same search with one more rule, asked after those of the configuration.
    ///
    /// A checkpoint knows the rule by its [`identity`](StopRule::identity) alone: whoever resumes gives
    /// it again.
    #[must_use]
    pub fn with_stop_rule(mut self, effect: Effect, rule: Box<dyn StopRule + 'a>) -> Self {
        self.watches.push(Watch { effect, rule });
        self
    }

    /// Supernet, logits and optimisers.
    pub fn bilevel(&self) -> &Bilevel {
        &self.bilevel
    }

    /// The architecture weights at the end of `epoch`.
    ///
    /// # Errors
    /// When a weight is not finite.
    pub fn table(&self, epoch: usize) -> Result<WeightTable, SearchError> {
        let mut noise = self.noise.stream("relaxation", epoch as u64);
        self.bilevel.architecture.table(self.progress(epoch), &mut noise)
    }

    /// The architecture decoded at the end of `epoch`, which matters to relaxations that change with
    /// the epochs; [`architecture`](Self::architecture) is that of a finished search.
    ///
    /// # Errors
    /// The decoder's error, and [`DecodeError::Genotype`](dartloom_decode::DecodeError::Genotype)
    /// when what it has found is not of the space.
    pub fn decode(&self, epoch: usize) -> Result<Decoded, SearchError> {
        Ok(decoded(self.decoder, self.space, &self.table(epoch)?)?)
    }

    /// The architecture found: that of the [last epoch](Self::end), or of the one that a rule has
    /// stopped the search in.
    ///
    /// # Errors
    /// As [`decode`](Self::decode).
    pub fn architecture(&self) -> Result<Decoded, SearchError> {
        self.decode(self.end())
    }

    /// The epoch with the highest validation accuracy so far.
    pub fn best(&self) -> Option<&BestEpoch> {
        self.memory.best.as_ref()
    }

    /// The rule that has ended the search before its last epoch, and when.
    pub fn stopped(&self) -> Option<&Stopped> {
        self.memory.stopped.as_ref()
    }

    /// The epoch to decode a finished search at: the one it was stopped in, so that the architecture
    /// is the one that the rule has seen, or else the number of epochs.
    pub fn end(&self) -> usize {
        self.stopped().map_or(self.config.epochs, |stopped| stopped.epoch)
    }

    /// The discretisation gap of `genotype` on the validation images.
    ///
    /// # Errors
    /// As [`discretisation_gap`].
    pub fn gap(&self, genotype: &Genotype) -> Result<Gap, SearchError> {
        let epoch = self.end();
        let mut noise = self.noise.stream("relaxation", epoch as u64);
        let weights = self.bilevel.architecture.weights(self.progress(epoch), &mut noise)?;
        let loader = &self.scoring;
        discretisation_gap(&self.bilevel.supernet, self.space, &weights, genotype, loader)
    }

    /// Multiply-adds that the whole search spends on training passes: three forward passes' worth
    /// for every pass with a gradient. Epochs that a rule has saved cost nothing; removed candidates
    /// count as if they were there. More than can be counted is 2^64 - 1.
    pub fn training_macs(&self) -> u64 {
        let cells = self.space.cells().len() as u64;
        let ablation = self.config.bilevel.ablation.map_or(0, |ablation| ablation.passes(cells));
        let passes = ablation
            + match self.config.bilevel.order {
                crate::Order::First => 3,
                crate::Order::Second => 12,
                crate::Order::Joint => 0,
            };
        let epochs = self.stopped().map_or(self.config.epochs, |stopped| stopped.epoch + 1);
        let (epochs, steps) = (epochs as u64, self.steps_per_epoch() as u64);
        let warm_up = (self.config.bilevel.warm_up as u64).min(epochs);
        let images = self.train.batch_size() as u64;
        // Once pruning has decided, logits rest.
        let searched = self.config.prune.map_or(epochs, |prune| prune.finish_at as u64).min(epochs);
        let moved = (searched - warm_up.min(searched)).saturating_mul(passes);
        let runs = epochs.saturating_mul(3).saturating_add(moved);
        let macs = self.bilevel.supernet.cost().macs;
        [images, steps, runs].into_iter().fold(macs, u64::saturating_mul)
    }

    pub(crate) fn progress(&self, epoch: usize) -> Progress {
        Progress { epoch, epochs: self.config.epochs }
    }

    fn metrics(&mut self, epoch: usize) -> Result<BTreeMap<String, f64>, SearchError> {
        let running = std::mem::take(&mut self.memory.running);
        let progress = self.progress(epoch);
        let bilevel = &self.bilevel;
        let task = usual(self.scoring.dataset().targets()).map_err(TrainError::from)?;
        let valid = evaluate(&self.scoring, &*task, |images| -> Result<Tensor, SearchError> {
            bilevel.forward(progress, images, Mode::eval())
        })?;
        let mut metrics = BTreeMap::from([
            ("train_loss".to_owned(), running.train_loss / running.steps.max(1) as f64),
            ("valid_loss".to_owned(), valid.loss),
            ("rate".to_owned(), self.config.bilevel.rate.at(epoch, self.config.epochs)),
        ]);
        let scores = valid.scores.iter();
        metrics.extend(scores.map(|(score, value)| (format!("valid_{score}"), value)));
        if running.arch_steps > 0 {
            let mean = running.arch_loss / running.arch_steps as f64;
            metrics.insert("arch_loss".to_owned(), mean);
        }
        for (cell, sum) in self.space.cells().iter().zip(&running.contributions) {
            let mean = sum / running.arch_steps.max(1) as f64;
            metrics.insert(format!("contribution_{}", cell.name), mean);
        }
        Ok(metrics)
    }

    /// Asks the rules about the epoch that `observed` ends.
    fn ask(&mut self, observed: Observed) -> Result<Findings, SearchError> {
        let epoch = observed.epoch;
        if self.watches.is_empty() || epoch < self.config.bilevel.warm_up {
            return Ok(Findings::default());
        }
        let memory = &mut self.memory;
        memory.history.push(observed);
        let last = epoch + 1 >= self.config.epochs;
        let findings = Watch::ask(&self.watches, self.space, &memory.history, last)?;
        memory.stopped = findings.stop.clone().map(|reason| Stopped { epoch, reason });
        Ok(findings)
    }
}

impl Stepper for SupernetSearch<'_> {
    type Error = SearchError;

    fn phase(&self) -> &str {
        &self.phase
    }

    fn epochs(&self) -> usize {
        self.config.epochs
    }

    fn steps_per_epoch(&self) -> usize {
        self.train.batches_per_epoch()
    }

    fn is_over(&self) -> bool {
        self.memory.stopped.is_some()
    }

    fn step(&mut self, at: Position) -> Result<StepLoss, SearchError> {
        let train = self.train.batch(at.epoch, at.step)?;
        // A fresh random validation batch per step, as the released code draws.
        let draw = at.epoch * self.steps_per_epoch() + at.step;
        let valid = self.valid.batch(draw, 0)?;
        let valid = (!self.is_decided()).then_some(&valid);
        let report = self.bilevel.step(at, self.config.epochs, &train, valid)?;
        let (loss, arch_loss) = (report.train_loss(), report.arch_loss());
        self.memory.running.train_loss += loss;
        self.memory.running.steps += 1;
        if let Some(loss) = arch_loss {
            self.memory.running.arch_loss += loss;
            self.memory.running.arch_steps += 1;
        }
        if let Some(ablation) = &report.ablation {
            let sums = &mut self.memory.running.contributions;
            sums.resize(ablation.marginal.len(), 0.0);
            sums.iter_mut().zip(&ablation.marginal).for_each(|(sum, marginal)| *sum += marginal);
        }
        Ok(StepLoss { loss, arch_loss })
    }

    fn end_epoch(&mut self, epoch: usize) -> Result<EpochReport, SearchError> {
        let mut metrics = self.metrics(epoch)?;
        let table = self.table(epoch)?;
        let free = self.bilevel.architecture.is_free();
        let entropies = if free { BTreeMap::new() } else { entropies(self.space, &table)? };
        for (cell, entropy) in &entropies {
            let mean = entropy.edges.iter().sum::<f64>() / entropy.edges.len().max(1) as f64;
            metrics.insert(format!("entropy_{cell}"), mean);
        }
        let decoded = decoded(self.decoder, self.space, &table)?;
        let objective =
            usual(self.scoring.dataset().targets()).map_err(TrainError::from)?.objective();
        let accuracy = metrics.get(&format!("valid_{}", objective.name)).copied();
        let accuracy = accuracy.unwrap_or(f64::NAN);
        let best = self.memory.best.as_ref();
        if best.is_none_or(|best| objective.better(accuracy, best.accuracy)) {
            let genotype = decoded.genotype.clone();
            self.memory.best = Some(BestEpoch { epoch, accuracy, genotype });
        }
        let free = parameter_free(&decoded.genotype, self.space);
        metrics.insert("parameter_free_operations".to_owned(), free as f64);
        self.prune(epoch, &table, &mut metrics);
        let notes = decoded.notes.iter().map(ToString::to_string).collect();
        let genotype =
            serde_json::to_value(&decoded.genotype).map_err(|error| TrainError::State {
                expected: "a genotype as JSON".to_owned(),
                found: error.to_string(),
            })?;
        let loss = Some(metrics["valid_loss"]).filter(|loss| loss.is_finite());
        let observed =
            Observed { epoch, weights: table, genotype: decoded.genotype, accuracy, loss };
        let findings = self.ask(observed)?;
        if !self.watches.is_empty() {
            metrics.insert("stop_rules_holding".to_owned(), findings.holding as f64);
        }
        let (architecture, rules) = (Some((genotype, notes)), findings.reports);
        Ok(EpochReport { metrics, entropies, architecture, rules })
    }

    fn snapshot(&self) -> Result<Snapshot, SearchError> {
        let values = serde_json::to_value(&self.memory).map_err(|error| TrainError::State {
            expected: "a memory with a JSON form".to_owned(),
            found: error.to_string(),
        })?;
        Ok(Snapshot::new(values)
            .with("variables", self.bilevel.supernet.variables().snapshot()?)
            .with("logits", self.bilevel.architecture.snapshot()?)
            .with("sgd", self.bilevel.sgd.state())
            .with("adam", self.bilevel.logits.state())
            .with("leak", self.bilevel.leak.state()))
    }

    fn identity(&self) -> Result<Identity, SearchError> {
        let identity = Identity::new()
            .with("search", &self.config)?
            .with("network", &self.build)?
            .with("seed", &self.noise.seed())?
            .with("training images", &self.train.dataset().digest()?)?
            .with("validation images", &self.valid.dataset().digest()?)?
            .with_code("decoder", "Decoder::identity", self.decoder.identity());
        let identity = identity::space(identity, self.space, self.registry)?;
        let mut identity = self.bilevel.architecture.choices().identified(identity)?;
        // The configuration has said its own.
        for (index, watch) in self.watches.iter().enumerate().skip(self.config.stop.len()) {
            let said = watch.rule.identity().map(|said| format!("{:?} {said}", watch.effect));
            identity =
                identity.with_code(&format!("stop rule {index}"), "StopRule::identity", said);
        }
        Ok(identity)
    }

    fn restore(&mut self, mut snapshot: Snapshot) -> Result<(), SearchError> {
        let memory = serde_json::from_value(snapshot.values.clone());
        let memory = memory.map_err(|error| TrainError::State {
            expected: "what a search remembers".to_owned(),
            found: error.to_string(),
        })?;
        let (variables, logits) = (snapshot.take("variables")?, snapshot.take("logits")?);
        let (sgd, adam) = (snapshot.take("sgd")?, snapshot.take("adam")?);
        self.bilevel.leak.restore(snapshot.take("leak")?);
        self.bilevel.sgd.restore(sgd)?;
        self.bilevel.logits.restore(adam)?;
        self.bilevel.architecture.load(&logits)?;
        self.bilevel.supernet.variables().load(&variables)?;
        self.memory = memory;
        let kept = self.memory.pruning.as_ref().map(|pruning| pruning.kept.clone());
        self.bilevel.architecture.keep(kept);
        Ok(())
    }
}

fn batches<'a>(
    data: &'a dyn Dataset,
    config: &SearchConfig,
    noise: Noise,
) -> Result<Loader<'a>, SearchError> {
    let loader = Loader::new(data, config.batch)?;
    let loader = loader.order(BatchOrder::Shuffled).seed(noise.seed()).drop_last(true);
    Ok(loader.augment(config.augment()))
}

/// Genes without weights: many of them are a sign of collapse.
fn parameter_free(genotype: &Genotype, space: &Space) -> usize {
    let free = |op: &str| space.op_set().get(op).is_ok_and(|spec| spec.is_parameter_free());
    genotype.cells().iter().flat_map(|cell| &cell.genes).filter(|gene| free(&gene.op)).count()
}
