//! One training step of the hand-made U-Net.

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use dartloom::data::Batch;
use dartloom::net::memory::Workload;
use dartloom::net::{GraphNetwork, baseline};
use dartloom::noise::Noise;
use dartloom::ops::{Mode, Model as _, Pass, Place};
use dartloom::record::Where;
use dartloom::space::Shape;
use dartloom::space::hand_made::{Baseline, UNet};
use dartloom::task::usual;
use dartloom::train::{
    Finite, FitConfig, Gradients, Learner, MeanLoss, Optimiser as _, Sgd, SgdConfig, TrainError,
};
use dartloom::verdict::fit_workload;
use dartloom_engine::room;

use super::args::{Pace, count};
use super::batch::{Labels, batch};
use super::memory::{Baseline as Before, mib};
use super::phases::Phases;
use super::report::{Figures, Report, Subject};
use super::{SEED, measure, parity};
use crate::error::BenchError;

/// Gradients of inputs and of weights each cost what a forward pass costs.
const PASSES: f64 = 3.0;
/// The learning rate, and the momentum without weight decay.
const RATE: f64 = 0.01;
const SGD: SgdConfig = SgdConfig { momentum: 0.9, weight_decay: 0.0 };
/// A class for every pixel.
pub(super) const LABELS: Labels = Labels::OfPixels;

#[derive(Debug, Args)]
pub(crate) struct UnetStepArguments {
    /// Channels of the first level.
    #[arg(long, value_name = "C", default_value = "16", value_parser = count)]
    pub(crate) channels: usize,
    /// Halvings of the image.
    #[arg(long, value_name = "D", default_value = "4", value_parser = count)]
    pub(crate) depth: usize,
    /// Images of a batch.
    #[arg(long, value_name = "B", default_value = "4", value_parser = count)]
    pub(crate) batch: usize,
    /// Shape of an image.
    #[arg(long, value_name = "CxHxW", default_value = "3x128x128")]
    pub(crate) input: Shape,
    /// Make one step from the weights and the batch in this file, and print its loss and gradients
    /// instead of times.
    #[arg(long, value_name = "FILE.safetensors", conflicts_with_all = ["steps", "warm_up"])]
    pub(crate) parity: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) pace: Pace,
}

pub(super) fn run(arguments: &UnetStepArguments) -> Result<String, BenchError> {
    let config = FitConfig { batch: arguments.batch, ..FitConfig::default() };
    let work = fit_workload(&config, rayon::current_num_threads());
    let network = arguments.network()?;
    arguments.admit(&network, &work)?;
    if let Some(path) = &arguments.parity {
        return parity::unet(arguments, path);
    }
    drop(network);
    let before = Before::now();
    let data = batch(LABELS, "train", arguments.batch, arguments.input)?;
    let network = arguments.network()?;
    let mut training = Training::new(&network);
    let mut phases = Phases::default();
    let steps = measure::steps(arguments.pace, |measured| {
        let (loss, parts) = training.step(&data).map_err(BenchError::work)?;
        if measured {
            phases.add(parts);
        }
        Ok(loss)
    })?;
    let subject = Subject {
        benchmark: "unet-step",
        method: "unet".to_owned(),
        channels: Some(arguments.channels),
        layers: Some(arguments.depth),
        batch: arguments.batch,
        input: arguments.input.to_string(),
        parameters: network.variables().parameter_count(),
        macs: network.cost().macs,
        passes: (PASSES, PASSES),
        recompute: None,
    };
    let rss_mib = before.peak_above();
    let predicted_mib = Some(mib(network.memory(&work).total()));
    let figures =
        Figures { seconds: steps.seconds, phases, rss_mib, predicted_mib, loss: steps.first };
    Report::new(subject, arguments.pace, figures)?.shown(arguments.pace.json)
}

impl UnetStepArguments {
    pub(super) fn network(&self) -> Result<GraphNetwork, BenchError> {
        let which = Baseline::UNet(UNet { base: self.channels, depth: Some(self.depth) });
        let mut rng = Noise::new(SEED).stream("weights", 0);
        baseline::baseline(&which, self.input, LABELS.outputs(), &Place::default(), &mut rng)
            .map_err(BenchError::input)
    }

    /// Refuses a batch that does not fit into the memory there is.
    fn admit(&self, network: &GraphNetwork, work: &Workload) -> Result<(), BenchError> {
        let what = || format!("the U-Net on batches of {}", self.batch);
        let needs = |batch| Some(network.memory(&Workload { batch, ..*work }).total());
        Ok(room::admit(what, self.batch, needs)?)
    }
}

/// A U-Net in training.
pub(super) struct Training<'a> {
    network: &'a GraphNetwork,
    sgd: Sgd,
    phase: Where,
    made: u64,
}

impl<'a> Training<'a> {
    pub(super) fn new(network: &'a GraphNetwork) -> Self {
        Self { network, sgd: Sgd::new(SGD), phase: "unet-step".into(), made: 0 }
    }

    /// The loss of a batch and the gradients of all weights.
    pub(super) fn gradients(&mut self, batch: &Batch) -> Result<(f64, Gradients), TrainError> {
        let loss = self.loss(batch)?;
        let parameters = self.network.variables().parameters();
        let learnt = self.learner().gradients("loss", &loss, [parameters], || None)?;
        let [gradients] = learnt.gradients;
        Ok((learnt.loss, gradients))
    }

    fn learner(&self) -> Learner<'_> {
        Learner::alone(Finite { phase: &self.phase, epoch: 0, step: self.made as usize })
    }

    fn loss(&mut self, batch: &Batch) -> Result<MeanLoss, TrainError> {
        let mut noise = Noise::new(SEED).stream("pass", self.made);
        self.made += 1;
        let mut pass = Pass::new(Mode::train(), &mut noise);
        let output = self.network.forward(&batch.inputs, &mut pass)?;
        let task = usual(LABELS.targets())?;
        Ok(MeanLoss::try_from(&task.loss(&output.main, &batch.targets)?)?)
    }

    /// The loss of a step and the seconds of its phases.
    fn step(&mut self, batch: &Batch) -> Result<(f64, Vec<(String, f64)>), TrainError> {
        let start = Instant::now();
        let loss = self.loss(batch)?;
        let forward = Instant::now();
        let parameters = self.network.variables().parameters();
        let learnt = self.learner().gradients("loss", &loss, [parameters], || None)?;
        drop(loss);
        let backward = Instant::now();
        let [gradients] = learnt.gradients;
        self.sgd.step(parameters, &gradients, RATE)?;
        let update = Instant::now();
        let marks = [("forward", start, forward), ("backward", forward, backward)];
        let marks = marks.into_iter().chain([("update", backward, update)]);
        let parts = marks
            .map(|(name, start, end)| (name.to_owned(), end.duration_since(start).as_secs_f64()));
        Ok((learnt.loss, parts.collect()))
    }
}
