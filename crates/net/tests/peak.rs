//! Predicted memory of networks laid out by hand, and of supernets whose links have weights,
//! against the bytes that their training requests.
//! The counting allocator serves a whole process, so these tests have one of their own.
#![allow(clippy::unwrap_used, reason = "a test that finds no value should stop there")]

use candle_core::{DType, Tensor};
use dartloom_net::memory::Workload;
use dartloom_net::{GraphNetwork, Supernet};
use dartloom_noise::Noise;
use dartloom_ops::{Mode, Model, Pass, Place, Registry};
use dartloom_space::hand_made::{Baseline, UNet};
use dartloom_space::{
    ArchWeights, Blueprint, Build, CellWeights, Lattice, OpSet, Outputs, Shape, Space, Stem,
};
use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

const MASK: Outputs = Outputs::Plane { channels: 2 };
const BATCH: usize = 4;
/// Baselines that take long and have the layers of the others.
const WIDE: [&str; 3] = ["resnet18", "resnet50", "resnet"];

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

/// The same for a supernet with a constant weight on every operation and link.
fn supernet_measured_by_predicted(space: &Space, side: usize) -> f64 {
    let before = ALLOCATOR.current_usage();
    ALLOCATOR.reset_peak_usage();
    let build = Build::new(8, 2, Shape::new(3, side, side)).with_outputs(MASK);
    let plan = Blueprint::supernet(space, build).unwrap();
    let registry = Registry::standard().unwrap();
    let mut rng = Noise::new(1).stream("weights", 0);
    let net = Supernet::new(&plan, &registry, &Place::default(), &mut rng).unwrap();
    let device = net.variables().device();
    let ops = space.op_set().len();
    let table = |edges: usize| {
        let ops = Tensor::full(0.3_f32, (edges, ops), device).unwrap();
        CellWeights { ops, edges: None }
    };
    let cells = space.cells().iter().map(|cell| table(cell.graph.edges().len())).collect();
    let line = |links: usize| Tensor::full(0.7_f32, links, device).unwrap();
    let links = space.network().choices().map(|choice| line(choice.links)).collect();
    let x = Tensor::ones((BATCH, 3, side, side), DType::F32, device).unwrap();
    let mut pass = Pass::new(Mode::train(), &mut rng);
    let y = net.forward(&x, &ArchWeights { cells, links }, &mut pass).unwrap().main;
    let gradients = y.sqr().unwrap().mean_all().unwrap().backward().unwrap();
    let peak = ALLOCATOR.peak_usage() - before;
    drop(gradients);
    let threads = std::thread::available_parallelism().unwrap().get();
    let found = net.memory(&Workload { threads, ..Workload::training(BATCH) });
    peak as f64 / (found.tensors() - found.moments) as f64
}

#[test]
fn peaks_are_predicted_within_15_percent() {
    let base = || OpSet::builtin("O_base").unwrap();
    let large = OpSet::builtin("O_large").unwrap();
    let spaces = [
        Space::unet(base(), 2, 2, Stem::cifar(1)),
        Space::darts_unet_pp(base(), 2, 2, Stem::cifar(1)),
        Space::lattice(base(), Lattice::auto_deeplab(3, 2), 2, Stem::cifar(1)),
        Space::lattice(base(), Lattice::dints(3, 2), 1, Stem::pyramid(2).unwrap()),
        Space::resnext_unet(large, 2, (2, 2), Stem::cifar(1)),
    ];
    let mut off = Vec::new();
    for space in spaces.map(Result::unwrap) {
        let ratio = supernet_measured_by_predicted(&space, 64);
        if !(0.85..1.15).contains(&ratio) {
            off.push((space.name().to_owned(), ratio));
        }
    }
    assert!(off.is_empty(), "{off:?}");
    let unets = [(16, None, 128), (8, Some(2), 64), (32, None, 64)];
    let unets = unets.map(|(base, depth, side)| (Baseline::UNet(UNet { base, depth }), side));
    let others = Baseline::known().into_iter().filter(|(name, _)| WIDE.iter().all(|w| w != name));
    let others = others.map(|(_, baseline)| (baseline, 64));
    let mut off = Vec::new();
    for (baseline, side) in unets.into_iter().chain(others) {
        let ratio = measured_by_predicted(&baseline, Shape::new(3, side, side));
        if !(0.85..1.15).contains(&ratio) {
            off.push((baseline, side, ratio));
        }
    }
    assert!(off.is_empty(), "{off:?}");
}
