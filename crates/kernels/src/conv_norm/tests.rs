use candle_core::{DType, Device, Tensor, Var};

use super::{ConvNorm, conv2d_norm_relu};
use crate::probe::{agrees_with_double, check, random, refused, same_on_any_threads, values};
use crate::{BatchNormSpec, ConvSpec, KernelError, Statistics, reference};

const MODES: [Statistics; 3] = [Statistics::Update, Statistics::Freeze, Statistics::BatchOnly];

/// Input shape, weight shape, specification: minimal filtering, unfolded, pointwise, depthwise.
fn cases() -> Vec<([usize; 4], [usize; 4], ConvSpec)> {
    vec![
        ([2, 9, 6, 5], [11, 9, 3, 3], ConvSpec::square(1, 1)),
        ([2, 3, 7, 6], [4, 3, 3, 3], ConvSpec::square(2, 1)),
        ([3, 5, 4, 4], [6, 5, 1, 1], ConvSpec::square(1, 0)),
        ([2, 4, 6, 6], [4, 1, 3, 3], ConvSpec { groups: 4, ..ConvSpec::square(1, 1) }),
    ]
}

/// Mean and variance before a call.
fn running(channels: usize, dtype: DType) -> [Var; 2] {
    let mean = random(&[channels], 5).to_dtype(dtype).unwrap();
    let variance = (random(&[channels], 6) + 1.5).unwrap().to_dtype(dtype).unwrap();
    [Var::from_tensor(&mean).unwrap(), Var::from_tensor(&variance).unwrap()]
}

fn inputs(input: &[usize], weight: &[usize]) -> [Tensor; 4] {
    let channels = weight[0];
    let scale = (random(&[channels], 3) + 1.5).unwrap();
    [random(input, 1), random(weight, 2), scale, random(&[channels], 4)]
}

fn fused(t: &[Tensor], conv: ConvSpec, mode: Statistics, of: &[Var; 2]) -> crate::Result<Tensor> {
    let norm = BatchNormSpec::default();
    let running = (&of[0], &of[1]);
    let layer = ConvNorm { weight: &t[1], conv, affine: (&t[2], &t[3]), running, norm };
    conv2d_norm_relu(&t[0], layer, mode)
}

fn by_reference(
    t: &[Tensor],
    conv: ConvSpec,
    mode: Statistics,
    of: &[Var; 2],
) -> crate::Result<Tensor> {
    let z = reference::conv2d(&t[0], &t[1], conv)?;
    let affine = Some((&t[2], &t[3]));
    let spec = BatchNormSpec::default();
    reference::relu(&reference::batch_norm(&z, affine, &of[0], &of[1], mode, spec)?)
}

#[test]
fn one_operation_is_three() {
    for (input, weight, conv) in cases() {
        for mode in MODES {
            agrees_with_double(
                &inputs(&input, &weight),
                2e-5,
                |t| fused(t, conv, mode, &running(weight[0], DType::F32)),
                |t| by_reference(t, conv, mode, &running(weight[0], DType::F64)),
            );
        }
    }
}

#[test]
fn gradients_in_double_precision_are_central_differences() {
    let (input, weight, conv) = cases().remove(2);
    for mode in [Statistics::Freeze, Statistics::BatchOnly] {
        check(&inputs(&input, &weight), |t| fused(t, conv, mode, &running(weight[0], DType::F64)));
    }
}

#[test]
fn running_statistics_move_as_those_of_the_norm() {
    let (input, weight, conv) = cases().remove(0);
    let single: Vec<Tensor> =
        inputs(&input, &weight).iter().map(|t| t.to_dtype(DType::F32).unwrap()).collect();
    for mode in MODES {
        let own = running(weight[0], DType::F32);
        let other = running(weight[0], DType::F32);
        fused(&single, conv, mode, &own).unwrap();
        by_reference(&single, conv, mode, &other).unwrap();
        for (own, other) in own.iter().zip(&other) {
            for (own, other) in values(own).iter().zip(values(other)) {
                approx::assert_abs_diff_eq!(*own, other, epsilon = 1e-6);
            }
        }
    }
}

#[test]
fn threads_do_not_change_a_byte() {
    let conv = ConvSpec::square(1, 1);
    let all = inputs(&[5, 17, 12, 14], &[20, 17, 3, 3]);
    same_on_any_threads(&all, |t| {
        fused(t, conv, Statistics::BatchOnly, &running(20, t[0].dtype()))
    });
}

#[test]
fn wrong_arguments_are_named_and_move_nothing() {
    let single = |t: Tensor| t.to_dtype(DType::F32).unwrap();
    let all = inputs(&[2, 9, 4, 4], &[11, 9, 3, 3]).map(single);
    let own = running(11, DType::F32);
    let conv = ConvSpec::square(1, 1);
    let mut short = all.clone();
    short[2] = Tensor::ones(3, DType::F32, &Device::Cpu).unwrap();
    let error = refused(fused(&short, conv, Statistics::Update, &own));
    assert!(matches!(error, KernelError::Channels { argument: "gamma", .. }), "{error}");
    let error = refused(fused(&all, conv, Statistics::Update, &running(4, DType::F32)));
    assert!(matches!(error, KernelError::Channels { argument: "running mean", .. }), "{error}");
    let mut single_value = inputs(&[1, 9, 3, 3], &[11, 9, 3, 3]).map(single);
    let error = refused(fused(&single_value, ConvSpec::default(), Statistics::Update, &own));
    assert!(matches!(error, KernelError::TooFewValues { .. }), "{error}");
    single_value[0] = Tensor::ones((1, 8, 3, 3), DType::F32, &Device::Cpu).unwrap();
    let error = refused(fused(&single_value, conv, Statistics::Update, &own));
    assert!(matches!(error, KernelError::Channels { argument: "weight", .. }), "{error}");
    assert_eq!(values(&own[0]), values(&running(11, DType::F32)[0]));
}
