//! A bilevel search over epochs, with everything a run needs.

mod config;
mod epoch;
mod memory;
mod probing;
mod stepper;

use candle_core::Tensor;
use dartloom_data::{BatchOrder, Dataset, Loader, Parts};
use dartloom_decode::{Decoded, Decoder};
use dartloom_net::{DerivedNetwork, Setting};
use dartloom_noise::Noise;
use dartloom_ops::Registry;
use dartloom_record::{Flow, Where};
use dartloom_relax::Progress;
use dartloom_space::{ArchWeights, Build, Genotype, Space, WeightTable};
use dartloom_task::Task;
use dartloom_train::Stepper as _;

pub use self::config::SearchConfig;
pub use self::memory::BestEpoch;
use self::memory::Memory;
use crate::gap::gap_while;
use crate::rehearsal::{check_build, decoded, rehearse};
use crate::stop::{Effect, StopRule, Stopped, Watch};
use crate::{
    Architecture, Bilevel, Choices, Gap, Judge, SearchError, Strategy, discretisation_gap,
    hand_made, prune,
};

/// A [`Stepper`](dartloom_train::Stepper) that searches: train batches move weights, validation
/// batches move logits.
#[derive(Debug)]
pub struct SupernetSearch<'a> {
    phase: Where,
    setting: Setting<'a>,
    decoder: &'a dyn Decoder,
    bilevel: Bilevel<'a>,
    config: SearchConfig,
    noise: Noise,
    train: Loader<'a>,
    valid: Loader<'a>,
    scoring: Loader<'a>,
    task: &'a dyn Task,
    watches: Vec<Watch<'a>>,
    memory: Memory,
    /// `true` if the strategy is not the configuration's.
    own_strategy: bool,
}

/// The parts a [`SupernetSearch`] is made of.
#[derive(Debug)]
pub struct SearchParts<'a> {
    /// The space.
    pub space: &'a Space,
    /// Its operations.
    pub registry: &'a Registry,
    /// The way from logits to weights.
    pub choices: Choices,
    /// The way from weights to a genotype.
    pub decoder: &'a dyn Decoder,
    /// Base channels, classes, image shape.
    pub build: Build,
    /// Images for weights and logits.
    pub data: &'a Parts<'a>,
    /// The task to learn from them.
    pub task: &'a dyn Task,
}

impl<'a> SupernetSearch<'a> {
    /// Creates supernet and logits; `phase` is the search's name in events.
    ///
    /// Custom parts are tried before anything is trained: the relaxation and the penalties at the
    /// beginning, the middle and the end of the search, the decoder on the first weights.
    ///
    /// # Errors
    /// [`SearchError::Config`] naming a field that is invalid or that differs from the images,
    /// [`TrainError::Outputs`](dartloom_train::TrainError::Outputs),
    /// [`OpError::Unregistered`](dartloom_ops::OpError::Unregistered) and its like for operations
    /// that the registry lacks, [`SearchError::Relaxation`] for a relaxation or penalty that breaks
    /// its contract, or the error of a part.
    pub fn new(
        phase: impl Into<Where>,
        parts: SearchParts<'a>,
        config: SearchConfig,
        noise: Noise,
    ) -> Result<Self, SearchError> {
        config.check_images(parts.data)?;
        prune::check(config.prune.as_ref(), &parts.choices, parts.build.partial)?;
        parts.registry.check(parts.space.op_set())?;
        check_build(parts.build, parts.task, &parts.data.train)?;
        let SearchParts { space, registry, build, task, .. } = parts;
        let setting = Setting::new(space, registry, build);
        let mut weights = noise.stream("weights", 0);
        let supernet = setting.supernet(&mut weights)?;
        hand_made::take(&supernet, space, &parts.choices)?;
        let mut logits = noise.stream("logits", 0);
        let architecture = Architecture::new(space, parts.choices, &setting.place, &mut logits)?;
        let phase = phase.into();
        let bilevel =
            Bilevel::new(supernet, architecture, Box::new(task), config.bilevel.clone(), noise)?
                .in_phase(phase.clone());
        rehearse(&bilevel.core.architecture, space, parts.decoder, config.epochs, noise)?;
        let data = parts.data;
        let train = batches(&data.train, &config, noise.child("train batches"))?;
        let valid = batches(&data.valid, &config, noise.child("valid batches"))?;
        let scoring = Loader::new(&data.valid, config.batch)?;
        Ok(Self {
            phase,
            setting,
            decoder: parts.decoder,
            bilevel,
            watches: config.stop.iter().map(Watch::from).collect(),
            config,
            noise,
            train,
            valid,
            scoring,
            task,
            memory: Memory::default(),
            own_strategy: false,
        })
    }

    /// The same search with one more rule, asked after those of the configuration.
    ///
    /// A checkpoint knows the rule only by its [`identity`](StopRule::identity): the rule must be
    /// given again on resuming.
    #[must_use]
    pub fn with_stop_rule(mut self, effect: Effect, rule: Box<dyn StopRule + 'a>) -> Self {
        self.watches.push(Watch { effect, rule });
        self
    }

    /// The same search with an update rule in place of the configuration's.
    ///
    /// A checkpoint knows the rule only by its [`identity`](Strategy::identity): the rule must be
    /// given again on resuming.
    #[must_use]
    pub fn with_strategy(mut self, strategy: Box<dyn Strategy>) -> Self {
        self.bilevel = self.bilevel.with_strategy(strategy);
        self.own_strategy = true;
        self
    }

    /// Supernet, logits and optimisers.
    pub fn bilevel(&self) -> &Bilevel<'a> {
        &self.bilevel
    }

    /// The architecture weights at the end of `epoch`.
    ///
    /// # Errors
    /// When a weight is not finite.
    pub fn table(&self, epoch: usize) -> Result<WeightTable, SearchError> {
        let mut noise = self.noise.stream("relaxation", epoch as u64);
        self.bilevel.core.architecture.table(self.progress(epoch), &mut noise)
    }

    /// The architecture decoded at the end of `epoch`, which matters to relaxations that change
    /// with the epochs; [`architecture`](Self::architecture) is that of a finished search.
    ///
    /// # Errors
    /// The decoder's error, and [`DecodeError::Genotype`](dartloom_decode::DecodeError::Genotype)
    /// when its genotype is not of the space.
    pub fn decode(&self, epoch: usize) -> Result<Decoded, SearchError> {
        Ok(decoded(self.decoder, self.setting.space, &self.table(epoch)?)?)
    }

    /// The architecture found: that of the [last epoch](Self::end), or of the one that a rule has
    /// stopped the search in; with [`SearchConfig::best_from`], that of the [best](Self::best)
    /// epoch from there on, without notes, if the search got there.
    ///
    /// # Errors
    /// As [`decode`](Self::decode).
    pub fn architecture(&self) -> Result<Decoded, SearchError> {
        match &self.memory.best {
            Some(best) if self.config.best_from.is_some() => {
                Ok(Decoded { genotype: best.genotype.clone(), notes: Vec::new() })
            }
            _ => self.decode(self.end()),
        }
    }

    /// The epoch with the best validation score so far, from [`SearchConfig::best_from`] on; `None`
    /// before there is a score.
    pub fn best(&self) -> Option<&BestEpoch> {
        self.memory.best.as_ref()
    }

    /// The rule that has ended the search before its last epoch, and when.
    pub fn stopped(&self) -> Option<&Stopped> {
        self.memory.stopped.as_ref()
    }

    /// The epoch to decode a finished search at: the one it was stopped in, so that the
    /// architecture is the one that the rule has seen, or else the number of epochs.
    pub fn end(&self) -> usize {
        self.stopped().map_or(self.config.epochs, |stopped| stopped.epoch)
    }

    /// The discretisation gap of `genotype` on the validation images.
    ///
    /// # Errors
    /// As [`discretisation_gap`].
    pub fn gap(&self, genotype: &Genotype) -> Result<Gap, SearchError> {
        let weights = self.weights_at_end()?;
        let judge = Judge { task: self.task, loader: &self.scoring };
        let supernet = &self.bilevel.core.supernet;
        discretisation_gap(supernet, self.setting.space, &weights, genotype, judge)
    }

    /// The same, asking `go_on` between batches; `None` if the answer was to stop.
    ///
    /// # Errors
    /// As [`gap`](Self::gap).
    pub fn gap_while(
        &self,
        genotype: &Genotype,
        go_on: &mut dyn FnMut() -> Flow,
    ) -> Result<Option<Gap>, SearchError> {
        let weights = self.weights_at_end()?;
        let judge = Judge { task: self.task, loader: &self.scoring };
        let supernet = &self.bilevel.core.supernet;
        gap_while(supernet, self.setting.space, (&weights, genotype), judge, go_on)
    }

    fn weights_at_end(&self) -> Result<ArchWeights<Tensor>, SearchError> {
        let epoch = self.end();
        let mut noise = self.noise.stream("relaxation", epoch as u64);
        self.bilevel.core.architecture.weights(self.progress(epoch), &mut noise)
    }

    /// The network of a genotype with the variables and running statistics it has in the supernet:
    /// not trained from the beginning, but only by the search.
    ///
    /// Its layers are those of the search
    /// ([`Blueprint::subnet`](dartloom_space::Blueprint::subnet)). After
    /// [pruning](crate::PruneConfig) its output is that of the supernet for the remaining genotype;
    /// for any other genotype, it is that of the supernet with hard weights.
    ///
    /// # Errors
    /// When `genotype` does not belong to the space or leaves a node of its output empty, or when
    /// the operations see only some of the channels.
    pub fn network(&self, genotype: &Genotype) -> Result<DerivedNetwork, SearchError> {
        Ok(self.setting.inherit(&self.bilevel.core.supernet, genotype)?)
    }

    /// Multiply-adds that the whole search spends on training passes: three forward passes' worth
    /// for every pass with a gradient. Epochs saved by a rule cost nothing; removed candidates
    /// count as if they were there. The result is at most 2^64 - 1.
    pub fn training_macs(&self) -> u64 {
        let cells = self.setting.space.cells().len() as u64;
        let passes = self.bilevel.strategy().passes(cells);
        let epochs = self.stopped().map_or(self.config.epochs, |stopped| stopped.epoch + 1);
        let epochs = epochs as u64;
        let steps = self.steps_per_epoch() as u64;
        let warm_up = (self.config.bilevel.warm_up as u64).min(epochs);
        let images = self.train.batch_size() as u64;
        // Once pruning has decided, logits rest.
        let searched = self.config.prune.map_or(epochs, |prune| prune.finish_at as u64).min(epochs);
        let moved = (searched - warm_up.min(searched)).saturating_mul(passes);
        let runs = epochs.saturating_mul(3).saturating_add(moved);
        let macs = self.bilevel.core.supernet.cost().macs;
        [images, steps, runs].into_iter().fold(macs, u64::saturating_mul)
    }

    fn progress(&self, epoch: usize) -> Progress {
        Progress { epoch, epochs: self.config.epochs }
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
