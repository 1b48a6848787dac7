//! The kernels of DARTS' operations and of U-Nets.

use candle_core::{DType, Device, Tensor, Var};
use dartloom::kernels::{
    BatchNormSpec, ConvSpec, ConvTransposeSpec, Interpolation, PoolSpec, Result, Statistics,
    avg_pool2d, batch_norm, conv_transpose2d, conv2d, max_pool2d, relu, resize2d,
};

use super::Plane;

/// A kernel: its name, its weights for a number of channels, what it does.
pub(super) struct Row {
    pub(super) name: &'static str,
    weights: fn(usize) -> Vec<[usize; 4]>,
    pub(super) forward: fn(&Operands) -> Result<Tensor>,
}

/// Channels of an image, and of DARTS' stem when it searches.
const IMAGE: usize = 3;
const STEM: usize = 48;

/// Every kernel; a new one is a new row.
pub(super) const ROWS: &[Row] = &[
    Row { name: "stem3x3", weights: |c| vec![[STEM, c, 3, 3]], forward: stem },
    Row { name: "conv1x1", weights: |c| vec![[c, c, 1, 1]], forward: pointwise },
    Row { name: "conv3x3", weights: |c| vec![[c, c, 3, 3]], forward: stem },
    Row { name: "convt2", weights: |c| vec![[c, c, 2, 2]], forward: transposed },
    Row { name: "bilinear2", weights: none, forward: doubled },
    Row { name: "dw3s1", weights: each::<3>, forward: depthwise::<3, 1, 1> },
    Row { name: "dw3s2", weights: each::<3>, forward: depthwise::<3, 2, 1> },
    Row { name: "dw5s1", weights: each::<5>, forward: depthwise::<5, 1, 1> },
    Row { name: "dw5s2", weights: each::<5>, forward: depthwise::<5, 2, 1> },
    Row { name: "dil3s1", weights: each::<3>, forward: depthwise::<3, 1, 2> },
    Row { name: "dil3s2", weights: each::<3>, forward: depthwise::<3, 2, 2> },
    Row { name: "dil5s1", weights: each::<5>, forward: depthwise::<5, 1, 2> },
    Row { name: "dil5s2", weights: each::<5>, forward: depthwise::<5, 2, 2> },
    Row { name: "maxpool3s1", weights: none, forward: |o| max_pool2d(&o.x, pool::<1>()) },
    Row { name: "maxpool3s2", weights: none, forward: |o| max_pool2d(&o.x, pool::<2>()) },
    Row { name: "avgpool3s1", weights: none, forward: |o| avg_pool2d(&o.x, pool::<1>(), false) },
    Row { name: "avgpool3s2", weights: none, forward: |o| avg_pool2d(&o.x, pool::<2>(), false) },
    Row { name: "bn", weights: none, forward: |o| o.norm(&o.x) },
    Row { name: "relu", weights: none, forward: |o| relu(&o.x) },
    Row { name: "add", weights: none, forward: |o| Ok((&o.x + &o.other)?) },
    Row {
        name: "sepconv3",
        weights: |c| vec![[c, 1, 3, 3], [c, c, 1, 1], [c, 1, 3, 3], [c, c, 1, 1]],
        forward: separable,
    },
];

impl Row {
    /// True for a kernel for inputs of so many channels.
    pub(super) fn takes(&self, channels: usize) -> bool {
        (self.name == "stem3x3") == (channels == IMAGE)
    }

    /// Values of its result for each pixel of inputs of so many channels.
    pub(super) fn outputs(&self, channels: usize) -> usize {
        let enlarged = ["convt2", "bilinear2"].contains(&self.name);
        let pixels = if enlarged { 4 } else { 1 };
        pixels * (self.weights)(channels).first().map_or(channels, |[outputs, ..]| *outputs)
    }
}

/// Operands of kernels; everything but the running statistics is differentiated.
pub(super) struct Operands {
    x: Tensor,
    other: Tensor,
    weights: Vec<Tensor>,
    mean: Var,
    variance: Var,
    channels: usize,
}

impl Operands {
    pub(super) fn new(row: &Row, batch: usize, plane: Plane) -> candle_core::Result<Self> {
        let Plane { channels, side } = plane;
        let shape = [batch, channels, side, side];
        let weights = (row.weights)(channels);
        let weights: candle_core::Result<_> =
            weights.iter().map(|shape| tracked(shape, 0.3)).collect();
        Ok(Self {
            x: tracked(&shape, 1.0)?,
            other: tracked(&shape, 0.5)?,
            weights: weights?,
            mean: Var::zeros(channels, DType::F32, &Device::Cpu)?,
            variance: Var::ones(channels, DType::F32, &Device::Cpu)?,
            channels,
        })
    }

    fn norm(&self, x: &Tensor) -> Result<Tensor> {
        let mean = &self.mean;
        let variance = &self.variance;
        let spec = BatchNormSpec::default();
        batch_norm(x, None, mean, variance, Statistics::Update, spec)
    }
}

/// Values that repeat only after millions.
fn tracked(shape: &[usize; 4], scale: f64) -> candle_core::Result<Tensor> {
    let count = shape.iter().product();
    let value = |i: usize| (scale * (1.0 + 12.9898 * i as f64).sin()) as f32;
    let values: Vec<f32> = (0..count).map(value).collect();
    let var = Var::from_tensor(&Tensor::from_vec(values, &shape[..], &Device::Cpu)?)?;
    Ok(var.as_tensor().clone())
}

fn none(_: usize) -> Vec<[usize; 4]> {
    Vec::new()
}

fn each<const K: usize>(channels: usize) -> Vec<[usize; 4]> {
    vec![[channels, 1, K, K]]
}

fn stem(operands: &Operands) -> Result<Tensor> {
    let spec = ConvSpec { padding: (1, 1), ..ConvSpec::default() };
    conv2d(&operands.x, &operands.weights[0], spec)
}

/// Windows side by side, as a U-Net has them.
fn transposed(operands: &Operands) -> Result<Tensor> {
    let spec = ConvTransposeSpec::square(2, 0);
    conv_transpose2d(&operands.x, &operands.weights[0], None, spec)
}

/// Twice the size, between the centres of pixels.
fn doubled(operands: &Operands) -> Result<Tensor> {
    let (_, _, height, width) = operands.x.dims4()?;
    resize2d(&operands.x, (2 * height, 2 * width), Interpolation::Bilinear)
}

fn pointwise(operands: &Operands) -> Result<Tensor> {
    conv2d(&operands.x, &operands.weights[0], ConvSpec::default())
}

/// The specification of a depthwise convolution padded to keep the size at stride 1.
fn each_channel<const K: usize, const S: usize, const D: usize>(channels: usize) -> ConvSpec {
    let padding = D * (K - 1) / 2;
    ConvSpec { stride: (S, S), dilation: (D, D), padding: (padding, padding), groups: channels }
}

fn depthwise<const K: usize, const S: usize, const D: usize>(
    operands: &Operands,
) -> Result<Tensor> {
    let spec = each_channel::<K, S, D>(operands.channels);
    conv2d(&operands.x, &operands.weights[0], spec)
}

fn pool<const S: usize>() -> PoolSpec {
    PoolSpec { kernel: (3, 3), stride: (S, S), padding: (1, 1) }
}

fn separable(operands: &Operands) -> Result<Tensor> {
    let spec = each_channel::<3, 1, 1>(operands.channels);
    let mut y = operands.x.clone();
    for pair in operands.weights.chunks_exact(2) {
        y = conv2d(&relu(&y)?, &pair[0], spec)?;
        y = operands.norm(&conv2d(&y, &pair[1], ConvSpec::default())?)?;
    }
    Ok(y)
}
