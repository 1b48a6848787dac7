use candle_core::{DType, Device, Tensor, Var};

use super::{At, Norm, Tape};
use crate::error::Result;
use crate::probe::{bits, random, values};
use crate::{
    BatchNormSpec, ConvNorm, ConvSpec, ConvTransposeSpec, KernelError, PoolSpec, Statistics,
    avg_pool2d, batch_norm, concat_channels, conv_transpose2d, conv2d, conv2d_norm_relu,
    max_pool2d, relu, upsample_nearest2d,
};

const NORM: BatchNormSpec = BatchNormSpec { eps: 1e-5, momentum: 0.1 };

fn single(shape: &[usize], seed: u64) -> Tensor {
    random(shape, seed).to_dtype(DType::F32).unwrap()
}

/// The parameters of a small network of all kernels.
struct Network {
    first: Var,
    affine: [Var; 2],
    running: [Var; 4],
    up: [Var; 2],
    scale: [Var; 2],
    last: Var,
}

impl Network {
    fn new() -> Self {
        let var = |shape: &[usize], seed| Var::from_tensor(&single(shape, seed)).unwrap();
        let full = |value: f32, channels| {
            Var::from_tensor(&Tensor::full(value, channels, &Device::Cpu).unwrap()).unwrap()
        };
        Self {
            first: var(&[4, 3, 3, 3], 1),
            affine: [var(&[4], 2), var(&[4], 3)],
            running: [full(0.0, 4), full(1.0, 4), full(0.0, 8), full(1.0, 8)],
            up: [var(&[4, 4, 2, 2], 4), var(&[4], 5)],
            scale: [var(&[8], 6), var(&[8], 7)],
            last: var(&[2, 8, 1, 1], 8),
        }
    }

    fn block(&self) -> ConvNorm<'_> {
        ConvNorm {
            weight: &self.first,
            conv: ConvSpec::square(1, 1),
            affine: (&self.affine[0], &self.affine[1]),
            running: (&self.running[0], &self.running[1]),
            norm: NORM,
        }
    }

    fn norm(&self) -> Norm<'_> {
        Norm {
            affine: Some((&self.scale[0], &self.scale[1])),
            running: (&self.running[2], &self.running[3]),
            norm: NORM,
        }
    }

    /// On tensors: a small value in the middle, and the end.
    fn tensors(&self, x: &Tensor, statistics: Statistics) -> Result<[Tensor; 2]> {
        let wide = conv2d_norm_relu(x, self.block(), statistics)?;
        let small = max_pool2d(&wide, PoolSpec::square(2, 2, 0))?;
        let twice = (&small + &avg_pool2d(&small, PoolSpec::square(3, 1, 1), false)?)?;
        let spec = ConvTransposeSpec { stride: (2, 2), ..ConvTransposeSpec::default() };
        let up = conv_transpose2d(&twice, &self.up[0], Some(&self.up[1]), spec)?;
        let near = upsample_nearest2d(&small, (2, 2))?;
        let up = (up + near)?;
        let both = concat_channels(&wide, &up)?;
        let Norm { affine, running: (mean, variance), norm } = self.norm();
        let both = relu(&batch_norm(&both, affine, mean, variance, statistics, norm)?)?;
        Ok([twice, conv2d(&both, &self.last, ConvSpec::default())?])
    }

    /// The same on a tape.
    fn tape(&self, tape: &mut Tape, x: At, statistics: Statistics) -> Result<[At; 2]> {
        let wide = tape.conv2d_norm_relu(x, self.block(), statistics)?;
        let small = tape.max_pool2d(wide, PoolSpec::square(2, 2, 0))?;
        let mean = tape.avg_pool2d(small, PoolSpec::square(3, 1, 1), false)?;
        let twice = tape.sum(small, mean)?;
        let spec = ConvTransposeSpec { stride: (2, 2), ..ConvTransposeSpec::default() };
        let up = tape.conv_transpose2d(twice, &self.up[0], Some(&self.up[1]), spec)?;
        let near = tape.upsample_nearest2d(small, (2, 2))?;
        let up = tape.sum(up, near)?;
        let both = tape.concat_channels(wide, up)?;
        let both = tape.batch_norm(both, self.norm(), statistics)?;
        let both = tape.relu(both)?;
        Ok([twice, tape.conv2d(both, &self.last, ConvSpec::default())?])
    }

    fn parameters(&self) -> impl Iterator<Item = &Var> {
        let pairs = self.affine.iter().chain(&self.up).chain(&self.scale);
        [&self.first, &self.last].into_iter().chain(pairs)
    }
}

/// A loss that all parts of two outputs enter.
fn loss([a, b]: &[Tensor; 2]) -> Tensor {
    (a.sqr().unwrap().mean_all().unwrap() + b.sqr().unwrap().sum_all().unwrap()).unwrap()
}

fn on_tape(network: &Network, x: &Tensor, statistics: Statistics) -> [Tensor; 2] {
    let mut tape = Tape::default();
    let image = tape.input(x).unwrap();
    let outputs = network.tape(&mut tape, image, statistics).unwrap();
    tape.finish(&outputs).unwrap().try_into().unwrap()
}

/// Gradients that are sums of several may be added in another order.
fn near(found: &Tensor, expected: &Tensor) {
    assert_eq!(found.dims(), expected.dims());
    let largest = values(expected).iter().fold(0.0, |most: f64, value| most.max(value.abs()));
    for (found, expected) in values(found).iter().zip(values(expected)) {
        assert!((found - expected).abs() <= 1e-5 * largest, "{found} {expected} of {largest}");
    }
}

#[test]
fn it_computes_what_the_kernels_compute_on_tensors() {
    for statistics in [Statistics::Update, Statistics::BatchOnly, Statistics::Freeze] {
        let x = Var::from_tensor(&single(&[2, 3, 8, 6], 9)).unwrap();
        let networks = [Network::new(), Network::new()];
        let plain = networks[0].tensors(&x, statistics).unwrap();
        let taped = on_tape(&networks[1], &x, statistics);
        for (plain, taped) in plain.iter().zip(&taped) {
            assert_eq!(bits(taped), bits(plain));
        }
        let expected = loss(&plain).backward().unwrap();
        let found = loss(&taped).backward().unwrap();
        near(found.get(&x).unwrap(), expected.get(&x).unwrap());
        for (own, other) in networks[1].parameters().zip(networks[0].parameters()) {
            near(found.get(own).unwrap(), expected.get(other).unwrap());
        }
        for (own, other) in networks[1].running.iter().zip(&networks[0].running) {
            assert_eq!(bits(own), bits(other));
        }
    }
}

#[test]
fn an_output_outside_of_the_loss_has_no_part_in_it() {
    let network = Network::new();
    let x = single(&[2, 3, 8, 6], 9);
    let [middle, _] = on_tape(&network, &x, Statistics::BatchOnly);
    let found = middle.sum_all().unwrap().backward().unwrap();
    assert!(found.get(&network.first).is_some());
    assert!(found.get(&network.last).is_none());
}

#[test]
fn constant_parameters_have_no_gradient_and_tracked_inputs_have() {
    let network = Network::new();
    let x = Var::from_tensor(&single(&[1, 3, 4, 4], 9)).unwrap();
    let run = |x: &Tensor| {
        let mut tape = Tape::with_constant_parameters();
        let image = tape.input(x).unwrap();
        let [_, last] = network.tape(&mut tape, image, Statistics::Freeze).unwrap();
        tape.let_go(image);
        tape.finish(&[last]).unwrap().remove(0)
    };
    let found = run(&x).sum_all().unwrap().backward().unwrap();
    assert!(found.get(&x).is_some() && found.get(&network.first).is_none());
    let apart = run(&x.as_tensor().detach());
    assert!(!apart.track_op());
    assert_eq!(bits(&apart), bits(&run(&x)));
}

#[test]
fn a_value_may_be_handed_out_twice() {
    let network = Network::new();
    let mut tape = Tape::default();
    let image = tape.input(&single(&[1, 3, 4, 4], 9)).unwrap();
    let [_, last] = network.tape(&mut tape, image, Statistics::Freeze).unwrap();
    let twice = tape.finish(&[last, last]).unwrap();
    assert_eq!(bits(&twice[0]), bits(&twice[1]));
    let both = (&twice[0] + &twice[1]).unwrap().sum_all().unwrap().backward().unwrap();
    let once = on_tape(&network, &single(&[1, 3, 4, 4], 9), Statistics::Freeze);
    let once = once[1].sum_all().unwrap().backward().unwrap();
    let doubled = (once.get(&network.first).unwrap() * 2.0).unwrap();
    near(both.get(&network.first).unwrap(), &doubled);
}

#[test]
fn misuse_is_refused() {
    let mut tape = Tape::default();
    let double = tape.input(&random(&[1, 3, 4, 4], 1));
    assert!(matches!(double, Err(KernelError::UnsupportedElementType { .. })));
    let image = tape.input(&single(&[1, 3, 4, 4], 1)).unwrap();
    let other = tape.input(&single(&[1, 3, 4, 5], 1)).unwrap();
    let error = tape.sum(image, other).unwrap_err();
    assert!(matches!(error, KernelError::Shape { .. }), "{error}");
    let made = tape.relu(image).unwrap();
    tape.let_go(made);
    assert!(tape.relu(made).is_err());
    tape.let_go(image);
    assert!(tape.relu(image).is_ok());

    let network = Network::new();
    let [_, last] = on_tape(&network, &single(&[1, 3, 4, 4], 9), Statistics::Freeze);
    let loss = last.sum_all().unwrap();
    loss.backward().unwrap();
    assert!(loss.backward().is_err());
}
