//! The kernels of DARTS' operations, forward and with gradients: `cargo bench -p dartloom-kernels`.
//!
//! `dartloom bench kernels` measures the same rows without repetition statistics.
#![allow(missing_docs, reason = "criterion's macros make public functions without documentation")]
#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on fails")]

use std::time::Duration;

use candle_core::{DType, Device, Tensor, Var};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use dartloom_kernels::{
    BatchNormSpec, ConvSpec, PoolSpec, Result, Statistics, avg_pool2d, batch_norm, conv2d,
    max_pool2d, relu,
};

const BATCHES: [usize; 2] = [16, 64];
/// Channels and side of the inputs in DARTS' search network.
const PLANES: [(usize, usize); 3] = [(16, 32), (32, 16), (64, 8)];
/// Channels of an image, and of the stem behind it.
const STEM: (usize, usize) = (3, 48);

/// A kernel on an input, with its own weights.
type Kernel = Box<dyn Fn(&Tensor) -> Result<Tensor>>;

/// A trainable tensor of fixed values.
fn tracked(shape: &[usize], scale: f64) -> Tensor {
    let count = shape.iter().product();
    let value = |i: usize| (scale * (1.0 + 12.9898 * i as f64).sin()) as f32;
    let values: Vec<f32> = (0..count).map(value).collect();
    let tensor = Tensor::from_vec(values, shape, &Device::Cpu).unwrap();
    Var::from_tensor(&tensor).unwrap().as_tensor().clone()
}

fn dense(inputs: usize, outputs: usize, kernel: usize) -> Kernel {
    let weight = tracked(&[outputs, inputs, kernel, kernel], 0.3);
    let padding = (kernel / 2, kernel / 2);
    Box::new(move |x| conv2d(x, &weight, ConvSpec { padding, ..ConvSpec::default() }))
}

fn depthwise(channels: usize, kernel: usize, stride: usize, dilation: usize) -> Kernel {
    let weight = tracked(&[channels, 1, kernel, kernel], 0.3);
    let padding = dilation * (kernel - 1) / 2;
    let spec = ConvSpec {
        stride: (stride, stride),
        dilation: (dilation, dilation),
        padding: (padding, padding),
        groups: channels,
    };
    Box::new(move |x| conv2d(x, &weight, spec))
}

fn norm(channels: usize) -> Kernel {
    let mean = Var::zeros(channels, DType::F32, &Device::Cpu).unwrap();
    let variance = Var::ones(channels, DType::F32, &Device::Cpu).unwrap();
    let spec = BatchNormSpec::default();
    Box::new(move |x| batch_norm(x, None, &mean, &variance, Statistics::Update, spec))
}

fn separable(channels: usize) -> Kernel {
    let half = || [depthwise(channels, 3, 1, 1), dense(channels, channels, 1), norm(channels)];
    let layers: Vec<Kernel> = half().into_iter().chain(half()).collect();
    Box::new(move |x| {
        let mut y = x.clone();
        for (index, layer) in layers.iter().enumerate() {
            y = if index % 3 == 0 { layer(&relu(&y)?)? } else { layer(&y)? };
        }
        Ok(y)
    })
}

/// Every kernel for inputs of `channels` channels.
fn kernels(channels: usize, shape: &[usize]) -> Vec<(String, Kernel)> {
    let mut all: Vec<(String, Kernel)> = vec![
        ("conv1x1".to_owned(), dense(channels, channels, 1)),
        ("bn".to_owned(), norm(channels)),
        ("relu".to_owned(), Box::new(relu)),
        ("sepconv3".to_owned(), separable(channels)),
    ];
    let other = tracked(shape, 0.5);
    all.push(("add".to_owned(), Box::new(move |x| Ok((x + &other)?))));
    for stride in [1, 2] {
        for kernel in [3, 5] {
            all.push((format!("dw{kernel}s{stride}"), depthwise(channels, kernel, stride, 1)));
            all.push((format!("dil{kernel}s{stride}"), depthwise(channels, kernel, stride, 2)));
        }
        let spec = PoolSpec { kernel: (3, 3), stride: (stride, stride), padding: (1, 1) };
        all.push((format!("maxpool3s{stride}"), Box::new(move |x| max_pool2d(x, spec))));
        all.push((format!("avgpool3s{stride}"), Box::new(move |x| avg_pool2d(x, spec, false))));
    }
    all
}

fn measure(criterion: &mut Criterion, name: &str, x: &Tensor, kernel: &Kernel) {
    let mut group = criterion.benchmark_group(name);
    let dims: Vec<String> = x.dims().iter().map(usize::to_string).collect();
    let shape = dims.join("x");
    let forward = BenchmarkId::new("forward", &shape);
    group.bench_function(forward, |bencher| bencher.iter(|| kernel(x).unwrap()));
    let both = BenchmarkId::new("gradients", &shape);
    // From a result that is no scalar, backward starts with ones.
    group.bench_function(both, |bencher| bencher.iter(|| kernel(x).unwrap().backward().unwrap()));
    group.finish();
}

fn all(criterion: &mut Criterion) {
    for batch in BATCHES {
        let image = tracked(&[batch, STEM.0, 32, 32], 1.0);
        measure(criterion, "stem3x3", &image, &dense(STEM.0, STEM.1, 3));
        for (channels, side) in PLANES {
            let shape = [batch, channels, side, side];
            let x = tracked(&shape, 1.0);
            for (name, kernel) in kernels(channels, &shape) {
                measure(criterion, &name, &x, &kernel);
            }
        }
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(100))
        .measurement_time(Duration::from_millis(500));
    targets = all
}
criterion_main!(benches);
