//! One step of a search.

use std::sync::Arc;

use dartloom::net::{Supernet, memory};
use dartloom::noise::Noise;
use dartloom::ops::{Place, Registry};
use dartloom::relax::Relaxation;
use dartloom::search::{Architecture, Bilevel, BilevelConfig, Choices, PassObserver};
use dartloom::task::usual;
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
    let size = arguments.size;
    let images = size.images;
    admit(arguments)?;
    if let Some(path) = &arguments.parity {
        return parity::search(arguments, path);
    }
    let before = Baseline::now();
    let labels = arguments.method.labels();
    let train = batch(labels, "train", images.batch, images.input)?;
    let valid = batch(labels, "valid", images.batch, images.input)?;
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
        channels: Some(size.channels),
        layers: Some(size.layers),
        batch: images.batch,
        input: images.input.to_string(),
        parameters: cost.parameters,
        macs: cost.macs,
        passes: arguments.method.passes(arguments.ablation, size.layers),
        recompute: Some(arguments.recompute),
    };
    let rss_mib = before.peak_above();
    let logits =
        bilevel.core.architecture.logits().values().map(|var| var.elem_count() as u64).sum();
    let threads = rayon::current_num_threads();
    let work = bilevel.core.config().workload(images.batch, logits, threads);
    let predicted_mib = Some(mib(bilevel.core.supernet.memory(&work).total()));
    let figures =
        Figures { seconds: steps.seconds, phases, rss_mib, predicted_mib, loss: steps.first };
    Report::new(subject, arguments.pace, figures)?.shown(arguments.pace.json)
}

/// Refuses a search that needs more memory than there is.
fn admit(arguments: &SearchStepArguments) -> Result<(), BenchError> {
    let SearchStepArguments { method, size, .. } = arguments;
    let images = size.images;
    let plan = method.blueprint(&method.space(size.layers)?, size.channels, images.input)?;
    let registry = Registry::standard().map_err(BenchError::work)?;
    let relaxation: Arc<dyn Relaxation> = method.relaxation();
    let logits = Choices::from(relaxation).logits(&plan);
    let config = config(arguments);
    let needs = |batch| {
        let work = config.workload(batch, logits, rayon::current_num_threads());
        memory::predict(&plan, &registry, &work).map(|found| found.total())
    };
    needs(images.batch).map_err(BenchError::input)?;
    let what = || format!("a search step of {} on batches of {}", method.name(), images.batch);
    Ok(room::admit(what, images.batch, |batch| needs(batch).ok())?)
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
) -> Result<Bilevel<'static>, BenchError> {
    let size = arguments.size;
    let images = size.images;
    let space = arguments.method.space(size.layers)?;
    let plan = arguments.method.blueprint(&space, size.channels, images.input)?;
    let noise = Noise::new(SEED);
    let registry = Registry::standard().map_err(BenchError::work)?;
    let place = Place::default();
    let mut rng = noise.stream("weights", 0);
    let supernet = Supernet::new(&plan, &registry, &place, &mut rng).map_err(BenchError::input)?;
    let mut rng = noise.stream("logits", 0);
    let architecture =
        Architecture::new(&space, relaxation, &place, &mut rng).map_err(BenchError::work)?;
    let task = usual(arguments.method.labels().targets()).map_err(BenchError::work)?;
    Bilevel::new(supernet, architecture, task, config(arguments), noise).map_err(BenchError::work)
}
