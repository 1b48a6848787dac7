use candle_core::{DType, Device};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::{Place, Variables};

fn run(layer: &Layer, x: &Tensor, mode: Mode) -> Result<Tensor, OpError> {
    let mut variables = Variables::new(&Place::from(DType::F64));
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    Built::new(layer, variables.builder(&mut rng))?.forward(x, mode)
}

fn ramp(shape: &[usize]) -> Tensor {
    let count = shape.iter().product::<usize>();
    let values: Vec<f64> = (0..count).map(|i| i as f64).collect();
    Tensor::from_vec(values, shape, &Device::Cpu).unwrap()
}

fn values(tensor: &Tensor) -> Vec<f64> {
    tensor.flatten_all().unwrap().to_vec1().unwrap()
}

#[test]
fn zero_stops_values_that_are_not_finite() {
    let x = Tensor::full(f64::NAN, (1, 2, 5, 4), &Device::Cpu).unwrap();
    let y = run(&Layer::Zero { stride: Pair::both(2) }, &x, Mode::train()).unwrap();
    assert_eq!(y.dims(), [1, 2, 3, 2]);
    assert_eq!(values(&y), [0.0; 12]);
}

#[test]
fn global_pooling_is_the_mean_of_each_plane() {
    let y = run(&Layer::GlobalAvgPool, &ramp(&[2, 2, 2, 2]), Mode::eval()).unwrap();
    assert_eq!(y.dims(), [2, 2, 1, 1]);
    assert_eq!(values(&y), [1.5, 5.5, 9.5, 13.5]);
}

#[test]
fn a_fully_connected_layer_is_affine() {
    let mut variables = Variables::new(&Place::from(DType::F64));
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let layer = Layer::Linear { inputs: 4, outputs: 3 };
    let built = Built::new(&layer, variables.builder(&mut rng)).unwrap();
    let y = values(&built.forward(&ramp(&[1, 1, 2, 2]), Mode::eval()).unwrap());
    let weight = values(&variables.parameters()["weight"]);
    let bias = values(&variables.parameters()["bias"]);
    for (row, y) in y.iter().enumerate() {
        let dot: f64 = (0..4).map(|i| weight[4 * row + i] * i as f64).sum();
        approx::assert_relative_eq!(*y, dot + bias[row], max_relative = 1e-12);
    }
}

#[test]
fn a_factorized_reduce_sees_even_and_odd_pixels() {
    let mut variables = Variables::new(&Place::from(DType::F64));
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let layer = Layer::FactorizedReduce { inputs: 1, outputs: 2 };
    let built = Built::new(&layer, variables.builder(&mut rng)).unwrap();
    for name in ["even", "odd"] {
        let one = Tensor::ones((1, 1, 1, 1), DType::F64, &Device::Cpu).unwrap();
        variables.parameters()[name].set(&one).unwrap();
    }
    // Pixels (0, 0), (0, 2), (2, 0), (2, 2), then those one further down and right.
    let y = built.forward(&ramp(&[1, 1, 4, 4]), Mode::eval()).unwrap();
    assert_eq!(values(&y), [0.0, 2.0, 8.0, 10.0, 5.0, 7.0, 13.0, 15.0]);
}

#[test]
fn layers_that_no_recipe_makes_are_refused_without_a_panic() {
    let x = ramp(&[2, 2, 3, 3]);
    let conv = |groups, stride| Layer::Conv {
        inputs: 2,
        outputs: 2,
        kernel: Pair::both(1),
        stride: Pair::both(stride),
        dilation: Pair::both(1),
        padding: Pair::both(0),
        groups,
    };
    let layers = [
        conv(0, 1),
        conv(1, 0),
        conv(5, 1),
        Layer::FactorizedReduce { inputs: 2, outputs: 2 },
        Layer::FactorizedReduce { inputs: 2, outputs: 1 },
        Layer::Upsample { factor: Pair::both(0), resize: Resize::Bilinear },
        Layer::MaxPool { kernel: Pair::both(9), stride: Pair::both(1), padding: Pair::both(0) },
        Layer::Norm { channels: 3, affine: true },
        Layer::Linear { inputs: 5, outputs: 2 },
    ];
    for layer in layers {
        let result = run(&layer, &x, Mode::train());
        assert!(matches!(result, Err(OpError::Kernel(_) | OpError::Tensor(_))), "{layer:?}");
    }
    let zero = run(&Layer::Zero { stride: Pair::both(0) }, &x, Mode::train()).unwrap();
    assert_eq!(zero.dims(), x.dims());
    let empty = Tensor::zeros((1, 2, 0, 4), DType::F64, &Device::Cpu).unwrap();
    let reduce = Layer::FactorizedReduce { inputs: 2, outputs: 2 };
    assert!(run(&reduce, &empty, Mode::train()).is_err());
}

/// Values between the centres of two pixels, and the gradient by central differences.
#[test]
fn bilinear_enlargement_interpolates_and_is_differentiable() {
    let enlarge =
        Layer::Upsample { factor: Pair { height: 1, width: 2 }, resize: Resize::Bilinear };
    let x = Tensor::new(&[[[[0.0_f64, 4.0]]]], &Device::Cpu).unwrap();
    let y = run(&enlarge, &x, Mode::eval()).unwrap().flatten_all().unwrap();
    assert_eq!(y.to_vec1::<f64>().unwrap(), [0.0, 1.0, 3.0, 4.0]);
    let both = Layer::Upsample { factor: Pair { height: 2, width: 3 }, resize: Resize::Bilinear };
    let values: Vec<f64> = (0..12).map(|i| (f64::from(i) * 1.3).sin()).collect();
    let value = |values: &[f64]| -> f64 {
        let x = Tensor::from_vec(values.to_vec(), (1, 2, 2, 3), &Device::Cpu).unwrap();
        let y = run(&both, &x, Mode::eval()).unwrap();
        y.sqr().unwrap().sum_all().unwrap().to_scalar().unwrap()
    };
    let x = Tensor::from_vec(values.clone(), (1, 2, 2, 3), &Device::Cpu).unwrap();
    let x = candle_core::Var::from_tensor(&x).unwrap();
    let y = run(&both, &x, Mode::train()).unwrap();
    assert_eq!(y.dims(), [1, 2, 4, 9]);
    let store = y.sqr().unwrap().sum_all().unwrap().backward().unwrap();
    let found = store.get(&x).unwrap().flatten_all().unwrap().to_vec1::<f64>().unwrap();
    for (element, found) in found.into_iter().enumerate() {
        let moved = |by: f64| {
            let mut moved = values.clone();
            moved[element] += by;
            value(&moved)
        };
        let difference = (moved(1e-5) - moved(-1e-5)) / 2e-5;
        assert!((found - difference).abs() < 1e-7, "{element}: {found} and {difference}");
    }
}

/// Every pixel is multiplied with all taps of its channel and added where the block stands.
#[test]
fn a_transposed_convolution_puts_blocks_side_by_side() {
    let mut variables = Variables::new(&Place::from(DType::F64));
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let factor = Pair::new(2, 3);
    let layer = Layer::ConvTranspose { inputs: 2, outputs: 3, factor, bias: true };
    let built = Built::new(&layer, variables.builder(&mut rng)).unwrap();
    let x = ramp(&[2, 2, 2, 2]);
    let y = built.forward(&x, Mode::eval()).unwrap();
    assert_eq!(y.dims(), [2, 3, 4, 6]);
    let weight = values(&variables.parameters()["weight"]);
    let bias = values(&variables.parameters()["bias"]);
    let mut expected = vec![0.0; 2 * 3 * 4 * 6];
    for (index, sum) in expected.iter_mut().enumerate() {
        let n = index / 72;
        let o = index / 24 % 3;
        let i = index / 6 % 4;
        let j = index % 6;
        *sum = bias[o];
        for c in 0..2 {
            let pixel = 8 * n + 4 * c + 2 * (i / 2) + j / 3;
            *sum += pixel as f64 * weight[18 * c + 6 * o + 3 * (i % 2) + j % 3];
        }
    }
    for (found, expected) in values(&y).iter().zip(&expected) {
        approx::assert_relative_eq!(*found, *expected, max_relative = 1e-12);
    }
}

/// Against candle's transposed convolution, gradients included.
#[test]
fn a_transposed_convolution_has_the_gradients_of_candle() {
    let mut variables = Variables::new(&Place::from(DType::F64));
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let layer = Layer::ConvTranspose { inputs: 3, outputs: 2, factor: Pair::both(2), bias: false };
    let built = Built::new(&layer, variables.builder(&mut rng)).unwrap();
    let weight = variables.parameters()["weight"].clone();
    let x = Var::from_tensor(&ramp(&[2, 3, 3, 2])).unwrap();
    let scale = ramp(&[2, 2, 6, 4]);
    let gradients = |y: Tensor| {
        let all = (y * &scale).unwrap().sum_all().unwrap().backward().unwrap();
        [values(all.get(&x).unwrap()), values(all.get(&weight).unwrap())]
    };
    let own = built.forward(x.as_tensor(), Mode::train()).unwrap();
    let candle = x.conv_transpose2d(weight.as_tensor(), 0, 0, 2, 1).unwrap();
    assert_eq!(own.dims(), candle.dims());
    for (own, candle) in gradients(own).iter().zip(gradients(candle)) {
        for (found, expected) in own.iter().zip(candle) {
            approx::assert_relative_eq!(*found, expected, max_relative = 1e-12);
        }
    }
}

#[test]
fn a_bias_is_added_to_its_channel() {
    let mut variables = Variables::new(&Place::from(DType::F64));
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let built = Built::new(&Layer::Bias { channels: 2 }, variables.builder(&mut rng)).unwrap();
    let bias = &variables.parameters()["bias"];
    assert_eq!(values(bias), [0.0; 2]);
    bias.set(&Tensor::new(&[10.0, 20.0], &Device::Cpu).unwrap()).unwrap();
    let y = built.forward(&ramp(&[1, 2, 1, 2]), Mode::train()).unwrap();
    assert_eq!(values(&y), [10.0, 11.0, 22.0, 23.0]);
    let gradients = y.sum_all().unwrap().backward().unwrap();
    assert_eq!(values(gradients.get(bias).unwrap()), [2.0; 2]);
}
