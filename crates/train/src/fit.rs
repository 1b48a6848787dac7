//! Training a network from scratch.

mod config;
mod loss;

use std::collections::BTreeMap;

use candle_core::Tensor;
use dartloom_data::{BatchOrder, Dataset, Loader, check_repeats};
use dartloom_noise::Noise;
use dartloom_ops::{Mode, Model, Pass};
use dartloom_record::{Event, Flow, Identity, Where};
use dartloom_task::Task;
use rand::RngCore;
use serde::{Deserialize, Serialize};

use crate::{
    EpochReport, Evaluation, Finite, Judged, Learner, Optimiser, Position, Session, Snapshot,
    StepLoss, Stepper, TrainError, WeightOptimiser, evaluate_while, first_not_finite,
};

pub use config::{FitConfig, MOST_EPOCHS};

/// Images that a network does not learn from; it is judged with them after every epoch.
#[derive(Clone, Copy, Debug)]
pub enum HeldOut<'a> {
    /// Test images, used for the final report and for no choice: the metrics are `test_loss` and
    /// `test_` with the name of each score.
    Test(&'a dyn Dataset),
    /// Validation images, used for choices such as the best of several networks: the metrics are
    /// `valid_loss` and `valid_` with the name of each score.
    Validation(&'a dyn Dataset),
}

impl<'a> HeldOut<'a> {
    fn images(self) -> &'a dyn Dataset {
        match self {
            Self::Test(images) | Self::Validation(images) => images,
        }
    }

    /// The beginning of its metrics' names.
    const fn name(self) -> &'static str {
        match self {
            Self::Test(_) => "test",
            Self::Validation(_) => "valid",
        }
    }
}

/// The task and the data that a network is trained with.
#[derive(Clone, Copy, Debug)]
pub struct Problem<'a> {
    /// The task to learn.
    pub task: &'a dyn Task,
    /// The data to learn from.
    pub train: &'a dyn Dataset,
    /// The data to judge the network with after every epoch.
    pub held_out: Option<HeldOut<'a>>,
}

/// Held-out images and the batches they come in.
#[derive(Debug)]
struct Judge<'a> {
    held_out: HeldOut<'a>,
    loader: Loader<'a>,
}

/// A network in training: a [`Stepper`].
///
/// A step learns from the loss of the main head. An auxiliary head's loss is added with the weight
/// [`FitConfig::auxiliary`]; those of the heads of deep supervision
/// ([`Output::deep`](dartloom_ops::Output::deep)) are weighed with that of the main head as
/// [`DeepSupervision::new`](dartloom_task::losses::DeepSupervision::new) does.
/// Evaluation looks at the main head alone.
#[derive(Debug)]
pub struct Fit<'a> {
    phase: Where,
    model: &'a dyn Model,
    /// Identity of the network before the first step.
    network: Option<String>,
    config: FitConfig,
    noise: Noise,
    task: Box<dyn Task + 'a>,
    train: Loader<'a>,
    judge: Option<Judge<'a>>,
    optimiser: WeightOptimiser,
    running: Running,
}

/// Sums over the current epoch, saved so that a stop in its middle loses nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Running {
    loss: f64,
    steps: usize,
}

impl<'a> Fit<'a> {
    /// Prepares training of `model` on `train`, judged with `held_out` after every epoch; the task
    /// is the one that [`FitConfig::task`] makes of the targets.
    ///
    /// # Errors
    /// [`TrainError::Config`] naming the field, [`TrainError::Data`] when the random changes make
    /// no sense on such images, [`TrainError::Outputs`] for a model of other outputs than the
    /// task's, [`TrainError::TestImages`] for held-out images of another shape or task,
    /// [`DataError::Unrepeatable`](dartloom_data::DataError::Unrepeatable), [`TrainError::Task`],
    /// or the loader's error.
    pub fn new(
        phase: impl Into<Where>,
        model: &'a dyn Model,
        config: FitConfig,
        noise: Noise,
        train: &'a dyn Dataset,
        held_out: Option<HeldOut<'a>>,
    ) -> Result<Self, TrainError> {
        config.check_images(train)?;
        let task = config.task(train.targets())?;
        let parts = Parts { model, noise, task, train, held_out };
        Self::of(phase.into(), config, parts)
    }

    /// Prepares training of `model` for a custom task.
    ///
    /// # Errors
    /// As [`new`](Self::new), [`TrainError::Task`] for targets of another task, and
    /// [`TrainError::Config`] for a [`FitConfig::smoothing`] of a task that has none
    /// ([`Task::smoothed`]).
    pub fn solving(
        phase: impl Into<Where>,
        model: &'a dyn Model,
        config: FitConfig,
        noise: Noise,
        problem: Problem<'a>,
    ) -> Result<Self, TrainError> {
        let Problem { task, train, held_out } = problem;
        config.check_images(train)?;
        let task: Box<dyn Task + 'a> = match task.smoothed(config.smoothing)? {
            Some(smoothed) if config.smoothing > 0.0 => smoothed,
            Some(_) => Box::new(task),
            None => {
                config.check_unsmoothed()?;
                Box::new(task)
            }
        };
        let parts = Parts { model, noise, task, train, held_out };
        Self::of(phase.into(), config, parts)
    }

    fn of(phase: Where, config: FitConfig, parts: Parts<'a>) -> Result<Self, TrainError> {
        let Parts { model, noise, task, train, held_out } = parts;
        if let Some(held_out) = held_out {
            check_alike(train, held_out.images())?;
            check_repeats(held_out.images())?;
        }
        check_repeats(train)?;
        task.check(&train.targets())?;
        check_outputs(model, &*task)?;
        let loader = Loader::new(train, config.batch)?
            .order(BatchOrder::Shuffled)
            .seed(noise.child("train batches").seed())
            .drop_last(true)
            .augment(config.augment());
        let judge = held_out.map(|held_out| {
            let loader = Loader::new(held_out.images(), config.batch)?;
            Ok::<_, TrainError>(Judge { held_out, loader })
        });
        let judge = judge.transpose()?;
        let optimiser = WeightOptimiser::new(config.weight_step, config.sgd, config.adam);
        let running = Running::default();
        let network = model.identity();
        let train = loader;
        Ok(Self { phase, model, network, config, noise, task, train, judge, optimiser, running })
    }

    /// Loss and scores on the held-out images; `None` when there are none.
    ///
    /// # Errors
    /// When the network fails; [`TrainError::NotFinite`] when its loss is not finite, because its
    /// scores would then be meaningless.
    pub fn evaluate(&self) -> Result<Option<Evaluation>, TrainError> {
        let end = Position { epoch: self.config.epochs, step: 0 };
        Ok(match self.judge(end, &mut || Flow::Continue)? {
            Judged::Found(found) => Some(found),
            Judged::Nothing | Judged::Stopped => None,
        })
    }

    /// The same after the last epoch of a session, whose observer is asked between batches whether
    /// to go on, and told [`Event::Stopped`] where it says no.
    ///
    /// # Errors
    /// As [`evaluate`](Self::evaluate), and those of the observer.
    pub fn evaluate_in(&self, session: &mut Session<'_>) -> Result<Judged, TrainError> {
        let end = Position { epoch: self.config.epochs, step: 0 };
        let found = self.judge(end, &mut || session.observer().go_on())?;
        if found == Judged::Stopped {
            let Position { epoch, step } = end;
            let stopped = Event::Stopped { phase: self.phase.clone(), epoch, step };
            // It has stopped: whether the observer would go on no longer matters.
            let _ = session.observer().on_event(&stopped)?;
        }
        Ok(found)
    }

    fn judge(&self, at: Position, go_on: &mut dyn FnMut() -> Flow) -> Result<Judged, TrainError> {
        let Some(judge) = &self.judge else { return Ok(Judged::Nothing) };
        let mut noise = self.noise.stream("evaluation", 0);
        let forward = |images: &Tensor| -> Result<Tensor, TrainError> {
            let mut pass = self.pass(Mode::eval(), &mut noise);
            Ok(self.model.forward(images, &mut pass)?.main)
        };
        let found = evaluate_while(&judge.loader, &*self.task, go_on, forward)?;
        let Some(found) = found else { return Ok(Judged::Stopped) };
        let what = match judge.held_out {
            HeldOut::Test(_) => "loss on the test images",
            HeldOut::Validation(_) => "loss on the validation images",
        };
        let guard = Finite { phase: &self.phase, epoch: at.epoch, step: at.step };
        guard.check(what, found.loss, || None)?;
        Ok(Judged::Found(found))
    }

    /// Reports an epoch whose evaluation is done.
    fn close(&mut self, epoch: usize, judged: Option<Evaluation>) -> EpochReport {
        let running = std::mem::take(&mut self.running);
        let mut metrics = BTreeMap::from([
            ("rate".to_owned(), self.config.rate.at(epoch, self.config.epochs)),
            ("train_loss".to_owned(), running.loss / running.steps.max(1) as f64),
        ]);
        if let (Some(judge), Some(found)) = (&self.judge, judged) {
            let name = judge.held_out.name();
            metrics.insert(format!("{name}_loss"), found.loss);
            let scores = found.scores.iter();
            metrics.extend(scores.map(|(score, value)| (format!("{name}_{score}"), value)));
        }
        EpochReport { metrics, ..EpochReport::default() }
    }

    fn pass<'n>(&self, mode: Mode, noise: &'n mut dyn RngCore) -> Pass<'n> {
        Pass { execution: self.config.recompute.into(), ..Pass::new(mode, noise) }
    }

    fn locate(&self, images: &Tensor) -> Option<String> {
        let mut noise = self.noise.stream("locate", 0);
        first_not_finite(|watch| {
            let mut pass = Pass::new(Mode::probe(), &mut noise);
            pass.watch = Some(watch);
            self.model.forward(images, &mut pass)
        })
    }
}

/// The parts that a training is made of, besides its configuration.
struct Parts<'a> {
    model: &'a dyn Model,
    noise: Noise,
    task: Box<dyn Task + 'a>,
    train: &'a dyn Dataset,
    held_out: Option<HeldOut<'a>>,
}

fn check_outputs(model: &dyn Model, task: &dyn Task) -> Result<(), TrainError> {
    match (task.outputs(), model.outputs()) {
        (expected, Some(found)) if found != expected => {
            Err(TrainError::Outputs { expected, found })
        }
        _ => Ok(()),
    }
}

/// Refuses test images whose shape or task differs from the training images.
///
/// # Errors
/// [`TrainError::TestImages`].
pub fn check_alike(train: &dyn Dataset, test: &dyn Dataset) -> Result<(), TrainError> {
    if train.shape() == test.shape() && train.targets() == test.targets() {
        return Ok(());
    }
    let said = |data: &dyn Dataset| format!("{}, {}", data.shape(), data.targets());
    Err(TrainError::TestImages { expected: said(train), found: said(test) })
}

impl Stepper for Fit<'_> {
    type Error = TrainError;

    fn phase(&self) -> Where {
        self.phase.clone()
    }

    fn epochs(&self) -> usize {
        self.config.epochs
    }

    fn steps_per_epoch(&self) -> usize {
        self.train.batches_per_epoch()
    }

    fn step(&mut self, at: Position) -> Result<StepLoss, TrainError> {
        let batch = self.train.batch(at.epoch, at.step)?;
        let loss = self.forward(&batch, at)?;
        let guard = Finite { phase: &self.phase, epoch: at.epoch, step: at.step };
        let learner = Learner::alone(guard);
        let variables = self.model.variables().parameters();
        let locate = || self.locate(&batch.inputs);
        let learnt = learner.gradients("loss", &loss, [variables], locate)?;
        let [mut gradients] = learnt.gradients;
        learner.clip("gradient norm", &mut gradients, self.config.clip)?;
        let rate = self.config.rate.at(at.epoch, self.config.epochs);
        self.optimiser.step(variables, &gradients, rate)?;
        self.running.loss += learnt.loss;
        self.running.steps += 1;
        Ok(StepLoss { loss: learnt.loss, arch_loss: None })
    }

    fn end_epoch(&mut self, epoch: usize) -> Result<EpochReport, TrainError> {
        let report = self.end_epoch_while(epoch, &mut || Flow::Continue)?;
        Ok(report.unwrap_or_default())
    }

    fn end_epoch_while(
        &mut self,
        epoch: usize,
        go_on: &mut dyn FnMut() -> Flow,
    ) -> Result<Option<EpochReport>, TrainError> {
        let end = Position { epoch, step: self.steps_per_epoch() };
        Ok(match self.judge(end, go_on)? {
            Judged::Found(found) => Some(self.close(epoch, Some(found))),
            Judged::Nothing => Some(self.close(epoch, None)),
            Judged::Stopped => None,
        })
    }

    fn snapshot(&self) -> Result<Snapshot, TrainError> {
        let values = serde_json::json!({ "running": self.running });
        let variables = self.model.variables().snapshot()?;
        let moments = self.optimiser.state();
        let snapshot = Snapshot::new(values).with("variables", variables);
        Ok(snapshot.with(self.optimiser.group(), moments))
    }

    fn identity(&self) -> Result<Identity, TrainError> {
        let judge = self.judge.as_ref();
        let held_out = judge.map(|judge| judge.loader.dataset().digest()).transpose()?;
        Ok(Identity::new()
            .with("training", &self.config)?
            .with("seed", &self.noise.seed())?
            .with_code("task", "Task::identity", self.task.identity())
            .with("training images", &self.train.dataset().digest()?)?
            .with("held-out images", &held_out)?
            .with_code("network", "Model::identity", self.network.clone()))
    }

    fn restore(&mut self, mut snapshot: Snapshot) -> Result<(), TrainError> {
        let running = serde_json::from_value(snapshot.values["running"].clone());
        let running = running.map_err(|error| TrainError::State {
            expected: "running sums of an epoch".to_owned(),
            found: error.to_string(),
        })?;
        let variables = snapshot.take("variables")?;
        let moments = snapshot.take(self.optimiser.group())?;
        self.optimiser.restore(moments)?;
        self.model.variables().load(&variables)?;
        self.running = running;
        Ok(())
    }
}
