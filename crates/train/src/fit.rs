//! Training a network from scratch.

use std::collections::BTreeMap;

use candle_core::Tensor;
use dartloom_data::{Augment, BatchOrder, Dataset, Loader, Task, check_repeats};
use dartloom_net::memory::Workload;
use dartloom_net::{Model, Pass};
use dartloom_ops::Mode;
use rand::RngCore;
use serde::{Deserialize, Serialize};

use crate::evaluate::scalar;
use crate::{
    EpochReport, Evaluation, Finite, Gradients, Identity, Noise, Optimiser, Position, Recompute,
    Schedule, Sgd, SgdConfig, Snapshot, StepLoss, Stepper, TrainError, cross_entropy, evaluate,
    first_not_finite,
};

/// How a network is trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FitConfig {
    /// Passes over the training images.
    pub epochs: usize,
    /// Images per step.
    pub batch: usize,
    /// Learning rate.
    pub rate: Schedule,
    /// Momentum and weight decay.
    pub sgd: SgdConfig,
    /// Largest gradient norm.
    pub clip: f64,
    /// Drop-path probability `p`; it rises linearly, `p * epoch / epochs`, from 0 towards `p`.
    pub drop_path: f64,
    /// Weight of the auxiliary head's loss.
    pub auxiliary: f64,
    /// Label smoothing.
    pub smoothing: f64,
    /// Random crops: zeros added on each side before cropping.
    pub crop_padding: usize,
    /// Random horizontal flips.
    pub flip: bool,
    /// Side of the square that cutout blanks; 0 is off.
    pub cutout: usize,
    /// What cells keep for the backward pass.
    pub recompute: Recompute,
}

impl Default for FitConfig {
    /// DARTS' retraining on CIFAR-10 (batch 96, 0.025 to 0, clip 5, drop-path 0.2, auxiliary 0.4,
    /// cutout 16), 600 epochs.
    fn default() -> Self {
        Self {
            epochs: 600,
            batch: 96,
            rate: Schedule::Cosine { from: 0.025, to: 0.0 },
            sgd: SgdConfig::default(),
            clip: 5.0,
            drop_path: 0.2,
            auxiliary: 0.4,
            smoothing: 0.0,
            crop_padding: 4,
            flip: true,
            cutout: 16,
            recompute: Recompute::default(),
        }
    }
}

/// The most epochs that anything is trained for: steps, images and multiply-adds are counted.
pub const MOST_EPOCHS: usize = 1 << 20;

impl FitConfig {
    /// What a training step asks of memory, on `threads` threads.
    pub fn workload(&self, threads: usize) -> Workload {
        Workload {
            execution: self.recompute.into(),
            threads,
            drop_path: self.drop_path > 0.0,
            ..Workload::training(self.batch)
        }
    }

    /// Refuses values that make no sense.
    ///
    /// # Errors
    /// [`TrainError::Config`] naming the field.
    pub fn check(&self) -> Result<(), TrainError> {
        let share = |value: f64| (0.0..1.0).contains(&value);
        let weight = |value: f64| value.is_finite() && value >= 0.0;
        let refuse = |field, expected, found: &dyn std::fmt::Debug| {
            Err(TrainError::Config { field, expected, found: format!("{found:?}") })
        };
        match self {
            _ if self.epochs == 0 => refuse("epochs", "at least 1", &self.epochs),
            _ if self.epochs > MOST_EPOCHS => refuse("epochs", "at most 1048576", &self.epochs),
            _ if self.batch < 2 => refuse("batch", "at least 2", &self.batch),
            _ if !self.rate.is_valid() => refuse("rate", "finite rates of 0 or more", &self.rate),
            _ if self.clip.is_nan() || self.clip <= 0.0 => {
                refuse("clip", "a positive norm", &self.clip)
            }
            _ if !share(self.drop_path) => {
                refuse("drop_path", "0 or more and less than 1", &self.drop_path)
            }
            _ if !share(self.smoothing) => {
                refuse("smoothing", "0 or more and less than 1", &self.smoothing)
            }
            _ if !weight(self.auxiliary) => {
                refuse("auxiliary", "a finite weight of 0 or more", &self.auxiliary)
            }
            _ => self.sgd.check(),
        }
    }
}

/// A network in training: a [`Stepper`].
#[derive(Debug)]
pub struct Fit<'a> {
    phase: String,
    model: &'a dyn Model,
    /// What the network was before the first step.
    network: Option<String>,
    config: FitConfig,
    noise: Noise,
    train: Loader<'a>,
    test: Option<Loader<'a>>,
    sgd: Sgd,
    running: Running,
}

/// Sums over the current epoch, saved so that a stop in its middle loses nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Running {
    loss: f64,
    steps: usize,
}

impl<'a> Fit<'a> {
    /// Prepares training of `model` on `train`, evaluated on `test` after every epoch.
    ///
    /// # Errors
    /// [`TrainError::Config`], [`TrainError::Classes`] for a model of other classes than the
    /// labels', [`TrainError::TestImages`] for test images of another shape or task,
    /// [`DataError::Unrepeatable`](dartloom_data::DataError::Unrepeatable), or the loader's error.
    pub fn new(
        phase: impl Into<String>,
        model: &'a dyn Model,
        config: FitConfig,
        noise: Noise,
        train: &'a dyn Dataset,
        test: Option<&'a dyn Dataset>,
    ) -> Result<Self, TrainError> {
        config.check()?;
        if let Some(test) = test {
            check_alike(train, test)?;
            check_repeats(test)?;
        }
        check_repeats(train)?;
        check_classes(model, train)?;
        let augment =
            Augment { crop_padding: config.crop_padding, flip: config.flip, cutout: config.cutout };
        let batch = config.batch.min(train.len());
        let loader = Loader::new(train, batch)?
            .order(BatchOrder::Shuffled)
            .seed(noise.child("train batches").seed())
            .drop_last(true)
            .augment(augment);
        let test = test.map(|test| Loader::new(test, batch)).transpose()?;
        let sgd = Sgd::new(config.sgd);
        let (phase, running, network) = (phase.into(), Running::default(), model.identity());
        Ok(Self { phase, model, network, config, noise, train: loader, test, sgd, running })
    }

    /// Loss and accuracy on the test images.
    ///
    /// # Errors
    /// When there are none, or the network fails.
    pub fn evaluate(&self) -> Result<Option<Evaluation>, TrainError> {
        let mut noise = self.noise.stream("evaluation", 0);
        let forward = |images: &Tensor| -> Result<Tensor, TrainError> {
            let mut pass = self.pass(Mode::eval(), &mut noise);
            Ok(self.model.forward(images, &mut pass)?.logits)
        };
        self.test.as_ref().map(|test| evaluate(test, forward)).transpose()
    }

    fn pass<'n>(&self, mode: Mode, noise: &'n mut dyn RngCore) -> Pass<'n> {
        Pass { execution: self.config.recompute.into(), ..Pass::new(mode, noise) }
    }

    fn forward(
        &self,
        images: &Tensor,
        labels: &Tensor,
        at: Position,
    ) -> Result<Tensor, TrainError> {
        let counter = (at.epoch * self.steps_per_epoch() + at.step) as u64;
        let mut noise = self.noise.stream("drop-path", counter);
        let mut pass = self.pass(Mode::train(), &mut noise);
        pass.drop_path = self.config.drop_path * at.epoch as f64 / self.config.epochs as f64;
        let output = self.model.forward(images, &mut pass)?;
        self.check_logits(&output.logits, labels)?;
        let loss = cross_entropy(&output.logits, labels, self.config.smoothing)?;
        match output.auxiliary {
            Some(auxiliary) => {
                let extra = cross_entropy(&auxiliary, labels, self.config.smoothing)?;
                Ok((loss + (extra * self.config.auxiliary)?)?)
            }
            None => Ok(loss),
        }
    }

    /// Refuses the output of a model of one's own that is no batch of logits.
    fn check_logits(&self, logits: &Tensor, labels: &Tensor) -> Result<(), TrainError> {
        let Task::Classification { classes } = self.train.dataset().task() else { return Ok(()) };
        let expected = [labels.elem_count(), classes];
        if logits.dims() == expected {
            return Ok(());
        }
        Err(TrainError::Logits { expected: expected.to_vec(), found: logits.dims().to_vec() })
    }

    #[allow(clippy::result_large_err, reason = "the watch's type belongs to the networks' crate")]
    fn locate(&self, images: &Tensor) -> Option<String> {
        let mut noise = self.noise.stream("locate", 0);
        first_not_finite(|watch| {
            let mut pass = Pass::new(Mode::probe(), &mut noise);
            pass.watch = Some(watch);
            self.model.forward(images, &mut pass)
        })
    }
}

fn check_classes(model: &dyn Model, data: &dyn Dataset) -> Result<(), TrainError> {
    match (data.task(), model.classes()) {
        (Task::Classification { classes: expected }, Some(found)) if found != expected => {
            Err(TrainError::Classes { expected, found })
        }
        _ => Ok(()),
    }
}

/// Refuses images to judge with of another shape or task than those to train with.
///
/// # Errors
/// [`TrainError::TestImages`].
pub fn check_alike(train: &dyn Dataset, test: &dyn Dataset) -> Result<(), TrainError> {
    if train.shape() == test.shape() && train.task() == test.task() {
        return Ok(());
    }
    let said = |data: &dyn Dataset| format!("{}, {:?}", data.shape(), data.task());
    Err(TrainError::TestImages { expected: said(train), found: said(test) })
}

impl Stepper for Fit<'_> {
    type Error = TrainError;

    fn phase(&self) -> &str {
        &self.phase
    }

    fn epochs(&self) -> usize {
        self.config.epochs
    }

    fn steps_per_epoch(&self) -> usize {
        self.train.batches_per_epoch()
    }

    fn step(&mut self, at: Position) -> Result<StepLoss, TrainError> {
        let batch = self.train.batch(at.epoch, at.step)?;
        let loss = self.forward(&batch.images, &batch.labels, at)?;
        let guard = Finite { phase: &self.phase, epoch: at.epoch, step: at.step };
        let value = guard.check("loss", scalar(&loss)?, || self.locate(&batch.images))?;
        let variables = self.model.variables().parameters();
        let mut gradients = Gradients::take(&mut loss.backward()?, variables);
        let norm = gradients.clip_norm(self.config.clip)?;
        guard.check("gradient norm", norm, || gradients.first_not_finite().map(str::to_owned))?;
        let rate = self.config.rate.at(at.epoch, self.config.epochs);
        self.sgd.step(variables, &gradients, rate)?;
        self.running.loss += value;
        self.running.steps += 1;
        Ok(StepLoss { loss: value, arch_loss: None })
    }

    fn end_epoch(&mut self, epoch: usize) -> Result<EpochReport, TrainError> {
        let running = std::mem::take(&mut self.running);
        let mut metrics = BTreeMap::from([
            ("rate".to_owned(), self.config.rate.at(epoch, self.config.epochs)),
            ("train_loss".to_owned(), running.loss / running.steps.max(1) as f64),
        ]);
        if let Some(Evaluation { loss, accuracy }) = self.evaluate()? {
            metrics.insert("test_loss".to_owned(), loss);
            metrics.insert("test_accuracy".to_owned(), accuracy);
        }
        Ok(EpochReport { metrics, ..EpochReport::default() })
    }

    fn snapshot(&self) -> Result<Snapshot, TrainError> {
        let values = serde_json::json!({ "running": self.running });
        let variables = self.model.variables().snapshot()?;
        Ok(Snapshot::new(values).with("variables", variables).with("sgd", self.sgd.state()))
    }

    fn identity(&self) -> Result<Identity, TrainError> {
        let test = self.test.as_ref().map(|test| test.dataset().digest()).transpose()?;
        Ok(Identity::new()
            .with("training", &self.config)?
            .with("seed", &self.noise.seed())?
            .with("training images", &self.train.dataset().digest()?)?
            .with("test images", &test)?
            .with_code("network", "Model::identity", self.network.clone()))
    }

    fn restore(&mut self, mut snapshot: Snapshot) -> Result<(), TrainError> {
        let running = serde_json::from_value(snapshot.values["running"].clone());
        let running = running.map_err(|error| TrainError::State {
            expected: "running sums of an epoch".to_owned(),
            found: error.to_string(),
        })?;
        let (variables, sgd) = (snapshot.take("variables")?, snapshot.take("sgd")?);
        self.sgd.restore(sgd)?;
        self.model.variables().load(&variables)?;
        self.running = running;
        Ok(())
    }
}
