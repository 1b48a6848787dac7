//! A forward pass in evaluation mode.

use dartloom::net::memory::Workload;
use dartloom::noise::Noise;
use dartloom::ops::{Mode, Model, Pass};

use super::args::InferArguments;
use super::batch::{Labels, batch};
use super::memory::Baseline;
use super::network::baseline;
use super::phases::Phases;
use super::report::{Figures, Report, Subject};
use super::{SEED, measure};
use crate::error::BenchError;

pub(super) fn run(arguments: &InferArguments) -> Result<String, BenchError> {
    let size = arguments.network.size;
    let images = size.images;
    admit(arguments)?;
    let before = Baseline::now();
    let data = batch(Labels::OfImages, "valid", images.batch, images.input)?;
    let network = network(arguments)?;
    let mut noise = Noise::new(SEED).stream("evaluation", 0);
    let steps = measure::steps(arguments.pace, |_| {
        let mut pass = Pass::new(Mode::eval(), &mut noise);
        network.forward(&data.inputs, &mut pass).map(drop).map_err(BenchError::work)
    })?;
    let derived = arguments.baseline.is_none();
    let subject = Subject {
        benchmark: "infer",
        method: match arguments.baseline {
            None => arguments.network.genotype.clone(),
            Some(baseline) => baseline.name().to_owned(),
        },
        channels: derived.then_some(size.channels),
        layers: derived.then_some(size.layers),
        batch: images.batch,
        input: images.input.to_string(),
        parameters: network.variables().parameter_count(),
        macs: network.cost().macs,
        passes: (1.0, 1.0),
        recompute: None,
    };
    let rss_mib = before.peak_above();
    let phases = Phases::default();
    let figures =
        Figures { seconds: steps.seconds, phases, rss_mib, predicted_mib: None, loss: None };
    Report::new(subject, arguments.pace, figures)?.shown(arguments.pace.json)
}

fn network(arguments: &InferArguments) -> Result<Box<dyn Model>, BenchError> {
    let images = arguments.network.size.images;
    if let Some(which) = arguments.baseline {
        return Ok(Box::new(baseline(which, images.input)?));
    }
    Ok(Box::new(arguments.network.derived(false).network()?))
}

fn admit(arguments: &InferArguments) -> Result<(), BenchError> {
    let images = arguments.network.size.images;
    match arguments.baseline {
        Some(which) => which.admit(images.batch, images.input),
        None => {
            let threads = rayon::current_num_threads();
            let work = Workload { threads, ..Workload::inference(images.batch) };
            arguments.network.derived(false).admit(images.batch, &work)
        }
    }
}
