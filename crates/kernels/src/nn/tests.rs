use std::collections::HashMap;

use candle_core::{DType, Device, Module, ModuleT, Tensor};
use candle_nn::{VarBuilder, VarMap};

use super::{AvgPool2d, BatchNorm, Conv2d, MaxPool2d};
use crate::probe::{bits, check, random, values};
use crate::{
    BatchNormSpec, ConvSpec, KernelError, PoolSpec, Statistics, avg_pool2d, batch_norm, conv2d,
    max_pool2d,
};

const SPEC: ConvSpec = ConvSpec { stride: (2, 1), dilation: (1, 1), padding: (1, 2), groups: 2 };

/// A builder that finds these tensors.
fn builder(tensors: &[(&str, &Tensor)]) -> VarBuilder<'static> {
    let tensors = tensors.iter().map(|&(name, tensor)| (name.to_owned(), tensor.clone()));
    let tensors: HashMap<String, Tensor> = tensors.collect();
    VarBuilder::from_tensors(tensors, DType::F64, &Device::Cpu)
}

fn trained(map: &VarMap) -> VarBuilder<'static> {
    VarBuilder::from_varmap(map, DType::F64, &Device::Cpu)
}

#[test]
fn a_convolution_is_the_function() {
    let x = random(&[2, 4, 6, 5], 1);
    let weight = random(&[6, 2, 3, 3], 2);
    let vb = builder(&[("weight", &weight)]);
    let layer = Conv2d::new((4, 6), (3, 3), SPEC, vb).unwrap();
    assert_eq!(bits(&layer.forward(&x).unwrap()), bits(&conv2d(&x, &weight, SPEC).unwrap()));
    assert!(layer.bias().is_none());
}

#[test]
fn gradients_of_a_convolution_with_bias() {
    let inputs = [random(&[2, 4, 6, 5], 1), random(&[6, 2, 3, 3], 2), random(&[6], 3)];
    check(&inputs, |t| {
        let vb = builder(&[("weight", &t[1]), ("bias", &t[2])]);
        Ok(Conv2d::with_bias((4, 6), (3, 3), SPEC, vb)?.forward(&t[0])?)
    });
}

#[test]
fn variables_of_a_convolution_have_their_shapes() {
    let map = VarMap::new();
    let layer = Conv2d::with_bias((4, 6), (1, 3), SPEC, trained(&map)).unwrap();
    assert_eq!(layer.weight().dims(), [6, 2, 1, 3]);
    assert_eq!(layer.bias().unwrap().dims(), [6]);
    assert_eq!(map.all_vars().len(), 2);
    let bound = 1.0 / 6f64.sqrt();
    assert!(values(layer.bias().unwrap()).iter().all(|bias| bias.abs() <= bound));
    let none = ConvSpec { groups: 0, ..SPEC };
    let error = Conv2d::new((4, 6), (1, 3), none, trained(&map)).unwrap_err();
    assert!(error.to_string().contains("groups"), "{error}");
}

#[test]
fn a_norm_is_the_function_in_training_and_behind_it() {
    let x = random(&[3, 4, 5, 2], 1);
    let map = VarMap::new();
    let layer = BatchNorm::new(4, BatchNormSpec::default(), trained(&map)).unwrap();
    let alone = BatchNorm::new(4, BatchNormSpec::default(), trained(&VarMap::new())).unwrap();
    for (train, statistics) in [(true, Statistics::Update), (false, Statistics::Freeze)] {
        let mean = alone.running_mean();
        let variance = alone.running_var();
        let spec = BatchNormSpec::default();
        let expected = batch_norm(&x, alone.affine(), mean, variance, statistics, spec).unwrap();
        assert_eq!(bits(&layer.forward_t(&x, train).unwrap()), bits(&expected));
        assert_eq!(bits(layer.running_mean()), bits(mean));
        assert_eq!(bits(layer.running_var()), bits(variance));
    }
}

#[test]
fn gradients_of_a_norm() {
    let inputs = [random(&[2, 3, 4, 3], 1), random(&[3], 2), random(&[3], 3)];
    let zeros = Tensor::zeros(3, DType::F64, &Device::Cpu).unwrap();
    let ones = Tensor::ones(3, DType::F64, &Device::Cpu).unwrap();
    for train in [true, false] {
        check(&inputs, |t| {
            let affine = [("weight", &t[1]), ("bias", &t[2])];
            let running = [("running_mean", &zeros), ("running_var", &ones)];
            let vb = builder(&[affine, running].concat());
            let layer = BatchNorm::new(3, BatchNormSpec::default(), vb)?;
            Ok(layer.forward_t(&t[0], train)?)
        });
    }
}

#[test]
fn running_statistics_are_in_the_files_of_the_map() {
    let x = random(&[3, 4, 5, 2], 1);
    let map = VarMap::new();
    let vb = trained(&map).pp("norm");
    let layer = BatchNorm::without_affine(4, BatchNormSpec::default(), vb).unwrap();
    assert!(layer.affine().is_none());
    layer.forward_t(&x, true).unwrap();
    let moved = layer.forward_t(&x, false).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("weights.safetensors");
    map.save(&file).unwrap();

    let mut other = VarMap::new();
    let vb = trained(&other).pp("norm");
    let read = BatchNorm::without_affine(4, BatchNormSpec::default(), vb).unwrap();
    assert_ne!(bits(&read.forward_t(&x, false).unwrap()), bits(&moved));
    other.load(&file).unwrap();
    assert_eq!(bits(&read.forward_t(&x, false).unwrap()), bits(&moved));
}

#[test]
fn batch_only_moves_nothing() {
    let x = random(&[3, 4, 5, 2], 1);
    let layer = BatchNorm::new(4, BatchNormSpec::default(), trained(&VarMap::new())).unwrap();
    let y = layer.forward_with(&x, Statistics::BatchOnly).unwrap();
    assert_eq!(values(layer.running_mean()), [0.0; 4]);
    assert_eq!(values(layer.running_var()), [1.0; 4]);
    assert_eq!(bits(&layer.forward_t(&x, true).unwrap()), bits(&y));
    assert_ne!(values(layer.running_mean()), [0.0; 4]);
}

#[test]
fn pools_are_the_functions() {
    let x = random(&[2, 3, 7, 6], 1);
    let spec = PoolSpec::square(3, 2, 1);
    let found = MaxPool2d { spec }.forward(&x).unwrap();
    assert_eq!(bits(&found), bits(&max_pool2d(&x, spec).unwrap()));
    for count_padding in [true, false] {
        let found = AvgPool2d { spec, count_padding }.forward(&x).unwrap();
        assert_eq!(bits(&found), bits(&avg_pool2d(&x, spec, count_padding).unwrap()));
    }
}

#[test]
fn square_specifications_have_equal_pairs() {
    let pool = PoolSpec { kernel: (3, 3), stride: (2, 2), padding: (1, 1) };
    assert_eq!(PoolSpec::square(3, 2, 1), pool);
    let conv = ConvSpec { stride: (2, 2), padding: (1, 1), ..ConvSpec::default() };
    assert_eq!(ConvSpec::square(2, 1), conv);
}

#[test]
fn errors_keep_their_words_through_candle() {
    let x = random(&[2, 3, 1, 1], 1);
    let error = MaxPool2d { spec: PoolSpec::square(5, 1, 0) }.forward(&x).unwrap_err();
    let expected = max_pool2d(&x, PoolSpec::square(5, 1, 0)).unwrap_err();
    assert!(matches!(expected, KernelError::KernelTooLarge { .. }));
    assert!(error.to_string().contains(&expected.to_string()), "{error}");
}
