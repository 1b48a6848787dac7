//! One step of a search.

use std::sync::Arc;

use candle_core::{DType, Device};
use dartloom::net::{Supernet, memory};
use dartloom::noise::Noise;
use dartloom::ops::Registry;
use dartloom::relax::Relaxation;
use dartloom::search::{Architecture, Bilevel, BilevelConfig, Choices, PassObserver};
use dartloom::train::Position;

use super::args::SearchStepArguments;
use super::batch::batch;
use super::memory::{Baseline, mib};
use super::method::Ablation;
use super::phases::{Clock, Phases};
use super::report::{Figures, Report, Subject};
use super::{SEED, measure, parity};
use crate::error::BenchError;
use dartloom_engine::room;

pub(super) fn run(arguments: &SearchStepArguments) -> Result<String, BenchError> {
    admit(arguments)?;
    if let Some(path) = &arguments.parity {
        return parity::search(arguments, path);
    }
    let before = Baseline::now();
    let train = batch("train", arguments.batch, arguments.input)?;
    let valid = batch("valid", arguments.batch, arguments.input)?;
    let mut bilevel = bilevel(arguments, arguments.method.relaxation())?;
    let clock = Arc::new(Clock::default());
    bilevel.core.observer = Some(Arc::clone(&clock) as Arc<dyn PassObserver>);
    // What the first step does once is no phase of a step.
    bilevel.check(Position::default(), 1).map_err(BenchError::work)?;
    let mut phases = Phases::default();
    let mut index = 0;
    let steps = measure::steps(arguments.pace, |measured| {
        // One long epoch, so that the learning rate stays as it is.
        let at = Position { epoch: 0, step: index };
        index += 1;
        let report = bilevel.step(at, 1, &train, Some(&valid)).map_err(BenchError::work)?;
        let parts = clock.take();
        // There are as many passes without a cell as cells.
        if measured && arguments.ablation == Ablation::None {
            phases.add(parts);
        }
        Ok(report.train_loss())
    })?;
    let cost = bilevel.core.supernet.cost();
    let subject = Subject {
        benchmark: "search-step",
        method: arguments.method.name().to_owned(),
        channels: Some(arguments.channels),
        layers: Some(arguments.layers),
        batch: arguments.batch,
        input: arguments.input.to_string(),
        parameters: cost.parameters,
        macs: cost.macs,
        passes: arguments.method.passes(arguments.ablation, arguments.layers),
        recompute: Some(arguments.recompute),
    };
    let rss_mib = before.peak_above();
    let logits =
        bilevel.core.architecture.logits().values().map(|var| var.elem_count() as u64).sum();
    let threads = rayon::current_num_threads();
    let work = bilevel.core.config().workload(arguments.batch, logits, threads);
    let predicted_mib = Some(mib(bilevel.core.supernet.memory(&work).total()));
    let figures =
        Figures { seconds: steps.seconds, phases, rss_mib, predicted_mib, loss: steps.first };
    Report::new(subject, arguments.pace, figures)?.shown(arguments.pace.json)
}

/// Refuses a search that needs more memory than there is.
fn admit(arguments: &SearchStepArguments) -> Result<(), BenchError> {
    let SearchStepArguments { method, channels, layers, batch, input, .. } = arguments;
    let plan = method.blueprint(&method.space(*layers)?, *channels, *input)?;
    let registry = Registry::standard().map_err(BenchError::work)?;
    let relaxation: Arc<dyn Relaxation> = method.relaxation();
    let logits = Choices::from(relaxation).logits(&plan);
    let config = config(arguments);
    let needs = |batch| {
        let work = config.workload(batch, logits, rayon::current_num_threads());
        memory::predict(&plan, &registry, &work).map(|found| found.total())
    };
    needs(*batch).map_err(BenchError::input)?;
    let what = || format!("a search step of {} on batches of {batch}", method.name());
    Ok(room::admit(what, *batch, |batch| needs(batch).ok())?)
}

/// The update rules of its steps.
fn config(arguments: &SearchStepArguments) -> BilevelConfig {
    let recompute = arguments.recompute.into();
    BilevelConfig { recompute, ..arguments.method.config(arguments.ablation) }
}

/// A search of the method that has made no step.
pub(super) fn bilevel(
    arguments: &SearchStepArguments,
    relaxation: Arc<dyn Relaxation>,
) -> Result<Bilevel, BenchError> {
    let space = arguments.method.space(arguments.layers)?;
    let plan = arguments.method.blueprint(&space, arguments.channels, arguments.input)?;
    let noise = Noise::new(SEED);
    let registry = Registry::standard().map_err(BenchError::work)?;
    let device = Device::Cpu;
    let dtype = DType::F32;
    let mut rng = noise.stream("weights", 0);
    let supernet =
        Supernet::new(&plan, &registry, &device, dtype, &mut rng).map_err(BenchError::input)?;
    let mut rng = noise.stream("logits", 0);
    let architecture = Architecture::new(&space, relaxation, &device, dtype, &mut rng)
        .map_err(BenchError::work)?;
    Bilevel::new(supernet, architecture, config(arguments), noise).map_err(BenchError::work)
}
