mod large_mean;

use candle_core::{DType, Device, Tensor, Var};
use proptest::prelude::*;

use super::{BatchNormSpec, Statistics, batch_norm};
use crate::probe::{
    agree, agrees_with_double, bits, check, distance, random, refused, same_on_any_threads, tensor,
    values,
};
use crate::{KernelError, Result, reference};

type Normalize = fn(
    &Tensor,
    Option<(&Tensor, &Tensor)>,
    &Var,
    &Var,
    Statistics,
    BatchNormSpec,
) -> Result<Tensor>;

const BOTH: [Normalize; 2] = [batch_norm, reference::batch_norm];

fn variable(values: &[f64]) -> Var {
    Var::from_tensor(&tensor(&[values.len()], values)).unwrap()
}

/// Running statistics that are neither zero nor one.
fn running(channels: usize, dtype: DType) -> (Var, Var) {
    let mean = random(&[channels], 21).to_dtype(dtype).unwrap();
    let variance = (random(&[channels], 22) + 1.5).unwrap().to_dtype(dtype).unwrap();
    (Var::from_tensor(&mean).unwrap(), Var::from_tensor(&variance).unwrap())
}

#[test]
fn hand_computed_values_and_running_statistics() {
    // Channel 0 holds 1, 2, 3, 6: mean 3, biased variance 3.5, unbiased 14/3.
    // Channel 1 holds 0, 0, 4, 4: mean 2, biased variance 4, unbiased 16/3.
    let x = tensor(&[2, 2, 1, 2], &[1.0, 2.0, 0.0, 0.0, 3.0, 6.0, 4.0, 4.0]);
    let gamma = tensor(&[2], &[2.0, 3.0]);
    let beta = tensor(&[2], &[0.5, -1.0]);
    let spec = BatchNormSpec { eps: 0.5, momentum: 0.25 };
    for normalize in BOTH {
        let mean = variable(&[1.0, -2.0]);
        let variance = variable(&[2.0, 1.0]);
        let affine = Some((&gamma, &beta));
        let y = normalize(&x, affine, &mean, &variance, Statistics::Update, spec).unwrap();
        let first = 2.0 / 2.0;
        let second = 3.0 / 4.5f64.sqrt();
        let expected = [
            -2.0 * first + 0.5,
            -first + 0.5,
            -2.0 * second - 1.0,
            -2.0 * second - 1.0,
            0.5,
            3.0 * first + 0.5,
            2.0 * second - 1.0,
            2.0 * second - 1.0,
        ];
        assert!(distance(&y, &tensor(&[2, 2, 1, 2], &expected)) < 1e-14);
        let expected = tensor(&[2], &[0.75 + 0.25 * 3.0, -1.5 + 0.25 * 2.0]);
        assert!(distance(&mean, &expected) < 1e-15);
        let expected = [0.75 * 2.0 + 0.25 * 14.0 / 3.0, 0.75 + 0.25 * 16.0 / 3.0];
        assert!(distance(&variance, &tensor(&[2], &expected)) < 1e-15);
    }
}

#[test]
fn freeze_normalizes_with_the_running_statistics() {
    let x = tensor(&[1, 1, 1, 3], &[1.0, 3.0, 5.0]);
    let gamma = tensor(&[1], &[4.0]);
    let beta = tensor(&[1], &[0.25]);
    let spec = BatchNormSpec { eps: 1.0, momentum: 0.1 };
    for normalize in BOTH {
        let mean = variable(&[1.0]);
        let variance = variable(&[3.0]);
        let affine = Some((&gamma, &beta));
        let y = normalize(&x, affine, &mean, &variance, Statistics::Freeze, spec).unwrap();
        assert_eq!(values(&y), [0.25, 4.25, 8.25]);
    }
}

#[test]
fn only_update_moves_the_running_statistics() {
    let x = random(&[2, 3, 4, 5], 1);
    for normalize in BOTH {
        for (statistics, moves) in [
            (Statistics::Freeze, false),
            (Statistics::BatchOnly, false),
            (Statistics::Update, true),
        ] {
            let (mean, variance) = running(3, DType::F64);
            let before = (bits(&mean), bits(&variance));
            let spec = BatchNormSpec::default();
            let y = normalize(&x, None, &mean, &variance, statistics, spec).unwrap();
            assert_eq!(y.dims(), x.dims());
            assert_eq!(bits(&mean) != before.0, moves, "{statistics:?} mean");
            assert_eq!(bits(&variance) != before.1, moves, "{statistics:?} variance");
        }
    }
}

#[test]
fn batch_only_and_update_normalize_alike() {
    let x = random(&[2, 3, 4, 5], 1);
    let (mean, variance) = running(3, DType::F64);
    let run = |statistics| {
        batch_norm(&x, None, &mean, &variance, statistics, BatchNormSpec::default()).unwrap()
    };
    assert_eq!(bits(&run(Statistics::Update)), bits(&run(Statistics::BatchOnly)));
}

#[test]
fn gradients_are_central_differences() {
    let spec = BatchNormSpec::default();
    let modes = [Statistics::BatchOnly, Statistics::Freeze];
    for shape in [[2, 3, 3, 5], [1, 5, 2, 2], [4, 2, 1, 1], [3, 1, 3, 4], [1, 2, 1, 9]] {
        let channels = shape[1];
        let (mean, variance) = running(channels, DType::F64);
        let all = [random(&shape, 1), random(&[channels], 2), random(&[channels], 3)];
        for statistics in modes {
            for normalize in BOTH {
                check(&all, |t| {
                    let affine = Some((&t[1], &t[2]));
                    normalize(&t[0], affine, &mean, &variance, statistics, spec)
                });
                check(&all[..1], |t| normalize(&t[0], None, &mean, &variance, statistics, spec));
            }
        }
    }
}

#[test]
fn an_update_after_a_frozen_pass_does_not_reach_its_gradient() {
    let x = random(&[2, 2, 3, 3], 1);
    for normalize in BOTH {
        let gradient = |disturb: bool| {
            let (mean, variance) = running(2, DType::F64);
            let gamma = Var::ones(2, DType::F64, &Device::Cpu).unwrap();
            let beta = Tensor::zeros(2, DType::F64, &Device::Cpu).unwrap();
            let spec = BatchNormSpec::default();
            let affine = Some((gamma.as_tensor(), &beta));
            let y = normalize(&x, affine, &mean, &variance, Statistics::Freeze, spec).unwrap();
            if disturb {
                normalize(&x, None, &mean, &variance, Statistics::Update, spec).unwrap();
            }
            bits(y.sqr().unwrap().backward().unwrap().get(&gamma).unwrap())
        };
        assert_eq!(gradient(false), gradient(true));
    }
}

#[test]
fn the_running_statistics_get_no_gradient() {
    let (mean, variance) = running(2, DType::F64);
    let x = Var::from_tensor(&random(&[2, 2, 3, 3], 1)).unwrap();
    for statistics in [Statistics::Update, Statistics::Freeze] {
        let spec = BatchNormSpec::default();
        let y = batch_norm(&x, None, &mean, &variance, statistics, spec).unwrap();
        let store = y.backward().unwrap();
        assert!(store.get(&x).is_some());
        assert!(store.get(&mean).is_none() && store.get(&variance).is_none());
    }
}

#[test]
fn a_large_mean_does_not_swallow_the_variance() {
    // In single precision, the sum of squares less the squared mean would give 0 or worse.
    let small = random(&[4, 1, 16, 16], 8).to_dtype(DType::F32).unwrap();
    let shifted = (&small + 4096.0).unwrap();
    let (mean, variance) = running(1, DType::F32);
    let spec = BatchNormSpec { momentum: 1.0, ..BatchNormSpec::default() };
    batch_norm(&shifted, None, &mean, &variance, Statistics::Update, spec).unwrap();
    let exact = values(&shifted);
    let center = exact.iter().sum::<f64>() / exact.len() as f64;
    let expected =
        exact.iter().map(|x| (x - center).powi(2)).sum::<f64>() / (exact.len() as f64 - 1.0);
    approx::assert_relative_eq!(values(&variance)[0], expected, max_relative = 1e-6);
    approx::assert_relative_eq!(values(&mean)[0], center, max_relative = 1e-7);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn kernel_is_reference(
        shape in (2usize..5, 1usize..12, 1usize..9, 2usize..9),
        affine in any::<bool>(),
        frozen in any::<bool>(),
    ) {
        let channels = shape.1;
        let x = random(&[shape.0, channels, shape.2, shape.3], 1);
        let inputs = [x, random(&[channels], 2), random(&[channels], 3)];
        let statistics = if frozen { Statistics::Freeze } else { Statistics::Update };
        let run = |normalize: Normalize| move |t: &[Tensor]| {
            let (mean, variance) = running(channels, t[0].dtype());
            let affine = affine.then(|| (&t[1], &t[2]));
            let spec = BatchNormSpec::default();
            let y = normalize(&t[0], affine, &mean, &variance, statistics, spec)?;
            // The running statistics join the result, so that they are compared too.
            let mean = mean.as_tensor().copy()?.detach().reshape((1, channels, 1, 1))?;
            let variance = variance.as_tensor().copy()?.detach().reshape((1, channels, 1, 1))?;
            Ok(y.broadcast_add(&mean)?.broadcast_add(&variance)?)
        };
        let inputs = if affine { &inputs[..] } else { &inputs[..1] };
        agree(inputs, run(batch_norm), run(reference::batch_norm));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn single_precision_is_the_double_reference(
        shape in (1usize..6, 1usize..12, 1usize..18, 1usize..18),
        affine in any::<bool>(),
        frozen in any::<bool>(),
    ) {
        let channels = shape.1;
        prop_assume!(frozen || shape.0 * shape.2 * shape.3 > 1);
        let statistics = if frozen { Statistics::Freeze } else { Statistics::BatchOnly };
        // With few values per channel the variance may vanish; this keeps slopes of order one.
        let spec = BatchNormSpec { eps: 0.1, ..BatchNormSpec::default() };
        let shape = [shape.0, shape.1, shape.2, shape.3];
        let mut inputs = vec![random(&shape, 1), random(&[channels], 2), random(&[channels], 3)];
        inputs.truncate(if affine { 3 } else { 1 });
        let call = |normalize: Normalize| {
            move |t: &[Tensor]| {
                let (mean, variance) = running(channels, t[0].dtype());
                let affine = t.get(1).zip(t.get(2));
                normalize(&t[0], affine, &mean, &variance, statistics, spec)
            }
        };
        agrees_with_double(&inputs, 2e-5, call(batch_norm), call(reference::batch_norm));
    }
}

#[test]
fn threads_do_not_change_a_byte() {
    let (mean, variance) = running(7, DType::F64);
    let inputs = [random(&[13, 7, 9, 11], 1), random(&[7], 2), random(&[7], 3)];
    same_on_any_threads(&inputs, |t| {
        let dtype = t[0].dtype();
        let mean = Var::from_tensor(&mean.to_dtype(dtype)?.copy()?)?;
        let variance = Var::from_tensor(&variance.to_dtype(dtype)?.copy()?)?;
        let affine = Some((&t[1], &t[2]));
        let spec = BatchNormSpec::default();
        batch_norm(&t[0], affine, &mean, &variance, Statistics::Update, spec)
    });
}

#[test]
fn a_single_value_has_no_variance() {
    let x = random(&[1, 3, 1, 1], 1);
    for normalize in BOTH {
        let (mean, variance) = running(3, DType::F64);
        let before = (bits(&mean), bits(&variance));
        let spec = BatchNormSpec::default();
        for statistics in [Statistics::Update, Statistics::BatchOnly] {
            let error = refused(normalize(&x, None, &mean, &variance, statistics, spec));
            assert!(matches!(error, KernelError::TooFewValues { .. }), "{error}");
        }
        assert_eq!((bits(&mean), bits(&variance)), before);
        normalize(&x, None, &mean, &variance, Statistics::Freeze, spec).unwrap();
    }
}

#[test]
fn wrong_arguments_are_named() {
    let x = random(&[2, 3, 2, 2], 1);
    let (mean, variance) = running(3, DType::F64);
    let plain = BatchNormSpec::default();
    let call = |x: &Tensor, affine, mean: &Var, variance: &Var, spec| {
        refused(batch_norm(x, affine, mean, variance, Statistics::Update, spec))
    };
    let error = call(&random(&[2, 3], 1), None, &mean, &variance, plain);
    assert!(matches!(error, KernelError::Rank { argument: "input", .. }), "{error}");
    let four = random(&[4], 1);
    let three = random(&[3], 1);
    let error = call(&x, Some((&four, &three)), &mean, &variance, plain);
    assert!(matches!(
        error,
        KernelError::Channels { argument: "gamma", expected: 3, found: 4, .. }
    ));
    let error = call(&x, Some((&three, &four)), &mean, &variance, plain);
    assert!(matches!(error, KernelError::Channels { argument: "beta", .. }), "{error}");
    let (long, _) = running(5, DType::F64);
    let error = call(&x, None, &long, &variance, plain);
    assert!(matches!(error, KernelError::Channels { argument: "running mean", found: 5, .. }));
    let (_, single) = running(3, DType::F32);
    let error = call(&x, None, &mean, &single, plain);
    assert!(matches!(error, KernelError::ElementType { argument: "running variance", .. }));
    let error = call(&x, None, &mean, &variance, BatchNormSpec { eps: f64::NAN, ..plain });
    assert!(matches!(error, KernelError::Parameter { parameter: "eps", .. }), "{error}");
    let error = call(&x, None, &mean, &variance, BatchNormSpec { momentum: 1.5, ..plain });
    assert!(matches!(error, KernelError::Parameter { parameter: "momentum", .. }), "{error}");
}
