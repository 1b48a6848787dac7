use candle_core::{DType, Device, Tensor, Var};
use dartloom_kernels::testkit;
use dartloom_space::{Layer, Pair};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::{Place, Variables};

fn conv(inputs: usize, outputs: usize) -> Layer {
    Layer::Conv {
        inputs,
        outputs,
        kernel: Pair::both(3),
        stride: Pair::both(1),
        dilation: Pair::both(1),
        padding: Pair::both(1),
        groups: 1,
    }
}

fn norm(channels: usize) -> Layer {
    Layer::Norm { channels, affine: true }
}

/// All bits of some tensors.
fn bits(tensors: &[Tensor]) -> Vec<u64> {
    tensors.iter().flat_map(testkit::bits).collect()
}

/// A convolution, a norm and a ReLU that run as one, at the beginning, in the middle and at the end
/// of other layers, and what looks like a block and is none.
#[test]
fn a_block_is_its_layers_one_by_one() {
    let mut layers = vec![conv(3, 9), norm(9), Layer::Relu, conv(9, 8), norm(8), Layer::Relu];
    layers.extend([Layer::Relu, conv(8, 8), norm(8), conv(8, 8), Layer::Relu, norm(8)]);
    layers.extend([conv(8, 9), Layer::Norm { channels: 9, affine: false }, Layer::Relu]);
    layers.extend([Layer::pointwise(9, 4), norm(4), Layer::Relu]);
    for mode in [Mode::train(), Mode::eval()] {
        for dtype in [DType::F32, DType::F64] {
            let run = |watched: bool| {
                let mut variables = Variables::new(&Place::from(dtype));
                let mut rng = ChaCha8Rng::seed_from_u64(1);
                let sequence = Sequence::new(&layers, &mut variables.builder(&mut rng)).unwrap();
                let values: Vec<f64> =
                    (0..2 * 3 * 6 * 7).map(|i| f64::from(i * 37 % 101)).collect();
                let x = Tensor::from_vec(values, (2, 3, 6, 7), &Device::Cpu).unwrap();
                let x = (x / 50.0).unwrap().to_dtype(dtype).unwrap();
                let x = Var::from_tensor(&x).unwrap();
                let y = if watched {
                    sequence.forward_watched(&x, mode, &mut |_, _, output| Ok(output)).unwrap()
                } else {
                    sequence.forward(&x, mode).unwrap()
                };
                let gradients = y.sqr().unwrap().sum_all().unwrap().backward().unwrap();
                let parameters = variables.parameters().values();
                let of = |var: &Var| gradients.get(var).unwrap().clone();
                let found: Vec<Tensor> = parameters.chain([&x]).map(of).collect();
                let buffers = variables.buffers().values().map(|var| var.as_tensor().clone());
                bits(&[vec![y], found, buffers.collect()].concat())
            };
            assert!(run(false) == run(true), "{mode:?}, {dtype:?}");
        }
    }
}
