//! Predicted memory of networks laid out by hand against the bytes that their training requests.
//! The counting allocator serves a whole process, so these tests have one of their own.
#![allow(clippy::unwrap_used, reason = "a test that finds no value should stop there")]

use candle_core::{DType, Tensor};
use dartloom_net::memory::Workload;
use dartloom_net::{GraphNetwork, Model, Pass};
use dartloom_noise::Noise;
use dartloom_ops::{Mode, Place};
use dartloom_space::hand_made::{Baseline, UNet};
use dartloom_space::{Outputs, Shape};
use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

const MASK: Outputs = Outputs::Plane { channels: 2 };
const BATCH: usize = 4;

/// The bytes that a step requests at its peak, without momentum, over those predicted.
fn measured_by_predicted(baseline: &Baseline, input: Shape) -> f64 {
    let before = ALLOCATOR.current_usage();
    ALLOCATOR.reset_peak_usage();
    let outputs = if baseline.serves(MASK) { MASK } else { Outputs::Vector(10) };
    let graph = baseline.graph(input, outputs).unwrap();
    let mut rng = Noise::new(1).stream("weights", 0);
    let net = GraphNetwork::new(graph, &Place::default(), &mut rng).unwrap();
    let shape = (BATCH, input.channels, input.height, input.width);
    let x = Tensor::ones(shape, DType::F32, net.variables().device()).unwrap();
    let y = net.forward(&x, &mut Pass::new(Mode::train(), &mut rng)).unwrap().main;
    let gradients = y.sqr().unwrap().mean_all().unwrap().backward().unwrap();
    let peak = ALLOCATOR.peak_usage() - before;
    drop(gradients);
    let threads = std::thread::available_parallelism().unwrap().get();
    let found = net.memory(&Workload { threads, ..Workload::training(BATCH) });
    let predicted = found.tensors() - found.moments;
    peak as f64 / predicted as f64
}

#[test]
fn peaks_are_predicted_within_15_percent() {
    let unets = [(16, None, 128), (8, Some(2), 64), (32, None, 64)];
    let unets = unets.map(|(base, depth, side)| (Baseline::UNet(UNet { base, depth }), side));
    let others = Baseline::known().into_iter().map(|(_, baseline)| (baseline, 64));
    for (baseline, side) in unets.into_iter().chain(others) {
        let ratio = measured_by_predicted(&baseline, Shape::new(3, side, side));
        assert!((0.85..1.15).contains(&ratio), "{baseline:?} {side}: {ratio}");
    }
}
