//! Spaces, data and supernets as small as possible.

use std::sync::Arc;

use candle_core::{DType, Device, Tensor};
pub(crate) use dartloom_data::testkit::first_digits;
use dartloom_data::{Batch, Dataset, Parts};
use dartloom_decode::TopK;
use dartloom_kernels::testkit;
use dartloom_net::Supernet;
use dartloom_noise::Noise;
pub(crate) use dartloom_ops::testkit::registry;
use dartloom_ops::{Mode, Place, Registry};
use dartloom_relax::{Progress, Relaxation, Softmax};
use dartloom_search::{Architecture, Bilevel, BilevelConfig, Choices, SearchParts};
pub(crate) use dartloom_space::testkit::{chain as space, four_ops, ops, two_ops};
use dartloom_space::{Blueprint, Build, Layer, Shape, Space};
use dartloom_task::{Classification, Task};
use rand::Rng;

pub(crate) const EPOCHS: usize = 4;

/// A network for digits.
pub(crate) fn build(data: &dyn Dataset, channels: usize) -> Build {
    dartloom_task::build(channels, ten(), data)
}

/// DARTS on digits, two channels wide.
pub(crate) fn darts<'a>(
    space: &'a Space,
    registry: &'a Registry,
    data: &'a Parts<'a>,
) -> SearchParts<'a> {
    const DARTS: TopK = TopK::darts();
    SearchParts {
        space,
        registry,
        choices: softmax().into(),
        decoder: &DARTS,
        build: build(&data.train, 2),
        data,
        task: ten(),
    }
}

/// A space of one node per cell in f64 on images of 8x8. Without rectifiers the loss is smooth in
/// everything, so differences mean something.
pub(crate) fn bench(config: BilevelConfig, relaxation: Arc<dyn Relaxation>) -> Bilevel<'static> {
    bench_of(config, relaxation.into())
}

/// The same with more than a relaxation.
pub(crate) fn bench_of(config: BilevelConfig, choices: Choices) -> Bilevel<'static> {
    let registry = registry();
    let names = ["none", "skip_connect", "avg_pool_3x3", "sep_conv_3x3"];
    let space = space(ops("smooth", &names), 1);
    let build = Build::new(2, 3, Shape::new(1, 8, 8));
    let mut plan = Blueprint::supernet(&space, build).unwrap();
    let smooth = |layers: &mut Vec<Layer>| layers.retain(|layer| !matches!(layer, Layer::Relu));
    for cell in &mut plan.cells {
        cell.ports.iter_mut().flat_map(|p| &mut p.links).for_each(|link| smooth(&mut link.layers));
        let candidates = cell.edges.iter_mut().flat_map(|edge| &mut edge.candidates);
        candidates.filter_map(|candidate| candidate.layers.as_mut()).for_each(smooth);
    }
    let noise = Noise::new(11);
    let place = Place::from(DType::F64);
    let mut weights = noise.stream("weights", 0);
    let supernet = Supernet::new(&plan, &registry, &place, &mut weights).unwrap();
    let mut logits = noise.stream("logits", 0);
    let architecture = Architecture::new(&space, choices, &place, &mut logits).unwrap();
    // Logits of order 1 instead of 1e-3, so that no weight is like another.
    for var in architecture.logits().values() {
        var.set(&(var.as_tensor().detach() * 700.0).unwrap()).unwrap();
    }
    Bilevel::new(supernet, architecture, classes(3), config, noise).unwrap()
}

/// One of so many classes for an image.
pub(crate) fn classes(count: usize) -> Box<dyn Task> {
    Box::new(Classification::new(count).unwrap())
}

/// The task of the digits.
pub(crate) fn ten() -> &'static dyn Task {
    Box::leak(classes(10))
}

pub(crate) fn softmax() -> Arc<dyn Relaxation> {
    Arc::new(Softmax::default())
}

/// Six random images in f64 for [`bench`].
pub(crate) fn batch(seed: u64) -> Batch {
    let mut rng = Noise::new(seed).stream("batch", 0);
    let pixels: Vec<f64> = (0..6 * 64).map(|_| rng.random_range(-1.0..1.0)).collect();
    let labels: Vec<u32> = (0..6).map(|_| rng.random_range(0..3)).collect();
    let images = Tensor::from_vec(pixels, (6, 1, 8, 8), &Device::Cpu).unwrap();
    Batch::new(images, Tensor::from_vec(labels, 6, &Device::Cpu).unwrap()).unwrap()
}

/// The loss on a batch, without touching any statistics.
pub(crate) fn loss(bilevel: &Bilevel<'_>, batch: &Batch) -> Tensor {
    let logits =
        bilevel.core.forward(Progress::start(EPOCHS), &batch.inputs, Mode::probe()).unwrap();
    bilevel.core.task.loss(&logits, &batch.targets).unwrap().mean().unwrap()
}

/// Central differences of `value` in every logit, in the order of cells, edges and operations.
pub(crate) fn differences(
    architecture: &Architecture,
    step: f64,
    mut value: impl FnMut() -> f64,
) -> Vec<f64> {
    let mut found = Vec::new();
    for var in architecture.logits().values() {
        let start = var.flatten_all().unwrap().to_vec1::<f64>().unwrap();
        for index in 0..start.len() {
            let mut at = |offset: f64| {
                let mut moved = start.clone();
                moved[index] += offset;
                var.set(&Tensor::from_vec(moved, var.shape(), &Device::Cpu).unwrap()).unwrap();
                value()
            };
            found.push((at(step) - at(-step)) / (2.0 * step));
        }
        var.set(&Tensor::from_vec(start, var.shape(), &Device::Cpu).unwrap()).unwrap();
    }
    found
}

/// Values of named tensors, in name order.
pub(crate) fn flat<'a>(tensors: impl IntoIterator<Item = &'a Tensor>) -> Vec<f64> {
    tensors.into_iter().flat_map(testkit::values).collect()
}

pub(crate) fn bits<'a>(tensors: impl IntoIterator<Item = &'a Tensor>) -> Vec<u64> {
    flat(tensors).into_iter().map(f64::to_bits).collect()
}

/// Parameters and buffers of the supernet.
pub(crate) fn all_bits(bilevel: &Bilevel<'_>) -> Vec<u64> {
    bits(bilevel.core.supernet.variables().snapshot().unwrap().values())
}

pub(crate) fn parameter_bits(bilevel: &Bilevel<'_>) -> Vec<u64> {
    bits(bilevel.core.supernet.variables().parameters().values().map(|var| var.as_tensor()))
}

pub(crate) fn logit_bits(bilevel: &Bilevel<'_>) -> Vec<u64> {
    bits(bilevel.core.architecture.snapshot().unwrap().values())
}

/// Euclidean distance.
pub(crate) fn distance(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
}
