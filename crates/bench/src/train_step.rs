//! One training step of a genotype's network.

use std::collections::BTreeMap;
use std::time::Instant;

use candle_core::{Tensor, Var};
use dartloom::data::Batch;
use dartloom::noise::Noise;
use dartloom::ops::{Mode, Model, Pass};
use dartloom::record::Where;
use dartloom::train::{
    Finite, FitConfig, Gradients, Learner, MeanLoss, Optimiser as _, Sgd, TrainError,
};
use dartloom::verdict::fit_workload;

use super::args::TrainStepArguments;
use super::batch::{Labels, batch};
use super::memory::{Baseline, mib};
use super::phases::Phases;
use super::report::{Figures, Report, Subject};
use super::{SEED, measure, parity};
use crate::error::BenchError;

/// Gradients of inputs and of weights each cost what a forward pass costs.
const PASSES: f64 = 3.0;
/// The learning rate at which DARTS begins to retrain.
const RATE: f64 = 0.025;

pub(super) fn run(arguments: &TrainStepArguments) -> Result<String, BenchError> {
    let size = arguments.network.size;
    let images = size.images;
    let config = config(arguments);
    let work = fit_workload(&config, rayon::current_num_threads());
    arguments.network.derived(arguments.aux).admit(images.batch, &work)?;
    if let Some(path) = &arguments.parity {
        return parity::train(arguments, path);
    }
    let before = Baseline::now();
    let data = batch(Labels::OfImages, "train", images.batch, images.input)?;
    let network = arguments.network.derived(arguments.aux).network()?;
    let mut training = Training::new(&network, config);
    let mut phases = Phases::default();
    let steps = measure::steps(arguments.pace, |measured| {
        let (loss, parts) = training.step(&data)?;
        if measured {
            phases.add(parts);
        }
        Ok(loss)
    })?;
    let cost = network.cost();
    let auxiliary = if arguments.aux { cost.auxiliary_macs } else { 0 };
    let subject = Subject {
        benchmark: "train-step",
        method: arguments.network.genotype.clone(),
        channels: Some(size.channels),
        layers: Some(size.layers),
        batch: images.batch,
        input: images.input.to_string(),
        parameters: network.variables().parameter_count(),
        macs: cost.macs.saturating_add(auxiliary),
        passes: (PASSES, PASSES),
        recompute: Some(arguments.recompute),
    };
    let rss_mib = before.peak_above();
    let predicted_mib = Some(mib(network.memory(&work).total()));
    let figures =
        Figures { seconds: steps.seconds, phases, rss_mib, predicted_mib, loss: steps.first };
    Report::new(subject, arguments.pace, figures)?.shown(arguments.pace.json)
}

/// The update rules of the step.
pub(super) fn config(arguments: &TrainStepArguments) -> FitConfig {
    let images = arguments.network.size.images;
    FitConfig {
        batch: images.batch,
        drop_path: arguments.drop_path,
        recompute: arguments.recompute.into(),
        ..FitConfig::default()
    }
}

/// A network in training, as `Fit` trains it, without a data set and with a clock.
pub(super) struct Training<'a> {
    model: &'a dyn Model,
    config: FitConfig,
    sgd: Sgd,
    phase: Where,
    made: u64,
}

impl<'a> Training<'a> {
    pub(super) fn new(model: &'a dyn Model, config: FitConfig) -> Self {
        Self { model, sgd: Sgd::new(config.sgd), config, phase: "train-step".into(), made: 0 }
    }

    /// The loss of a batch and the gradients of all weights.
    pub(super) fn gradients(&mut self, batch: &Batch) -> Result<(f64, Gradients), TrainError> {
        let loss = self.loss(batch)?;
        let learnt = self.learner().gradients("loss", &loss, [self.parameters()], || None)?;
        let [gradients] = learnt.gradients;
        Ok((learnt.loss, gradients))
    }

    fn learner(&self) -> Learner<'_> {
        Learner::alone(Finite { phase: &self.phase, epoch: 0, step: self.made as usize })
    }

    fn parameters(&self) -> &'a BTreeMap<String, Var> {
        self.model.variables().parameters()
    }

    fn loss(&mut self, batch: &Batch) -> Result<MeanLoss, TrainError> {
        let mean = self.mean_loss(batch)?;
        Ok(MeanLoss { mean, count: batch.targets.elem_count() as f64 })
    }

    fn mean_loss(&mut self, batch: &Batch) -> Result<Tensor, TrainError> {
        let mut noise = Noise::new(SEED).stream("drop-path", self.made);
        self.made += 1;
        let mut pass = Pass::new(Mode::train(), &mut noise);
        pass.execution = self.config.recompute.into();
        pass.drop_path = self.config.drop_path;
        let output = self.model.forward(&batch.inputs, &mut pass)?;
        let task = self.config.task(Labels::OfImages.targets())?;
        let loss = task.loss(&output.main, &batch.targets)?.mean()?;
        let Some(auxiliary) = output.auxiliary else { return Ok(loss) };
        let extra = task.loss(&auxiliary, &batch.targets)?.mean()?;
        Ok((loss + (extra * self.config.auxiliary)?)?)
    }

    /// The loss of a step and the seconds of its phases.
    fn step(&mut self, batch: &Batch) -> Result<(f64, Vec<(String, f64)>), BenchError> {
        self.timed_step(batch).map_err(BenchError::work)
    }

    fn timed_step(&mut self, batch: &Batch) -> Result<(f64, Vec<(String, f64)>), TrainError> {
        let start = Instant::now();
        let loss = self.loss(batch)?;
        let forward = Instant::now();
        let variables = self.parameters();
        let learner = self.learner();
        let learnt = learner.gradients("loss", &loss, [variables], || None)?;
        let backward = Instant::now();
        let [mut gradients] = learnt.gradients;
        learner.clip("gradient norm", &mut gradients, self.config.clip)?;
        self.sgd.step(variables, &gradients, RATE)?;
        let update = Instant::now();
        let marks = [("forward", start, forward), ("backward", forward, backward)];
        let marks = marks.into_iter().chain([("update", backward, update)]);
        let parts = marks
            .map(|(name, start, end)| (name.to_owned(), end.duration_since(start).as_secs_f64()));
        Ok((learnt.loss, parts.collect()))
    }
}
