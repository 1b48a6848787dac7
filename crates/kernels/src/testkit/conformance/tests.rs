use candle_core::{DType, Device, Tensor};

use super::{ConformanceError, Kernels, check_kernels};
use crate::{PoolSpec, Result, Statistics, reference};

#[test]
fn own_kernels_conform_on_the_cpu() {
    check_kernels(&Device::Cpu, &Kernels::PUBLIC).unwrap();
}

#[test]
fn the_reference_conforms_on_the_cpu() {
    check_kernels(&Device::Cpu, &Kernels::REFERENCE).unwrap();
}

/// Fails where there is no GPU: whoever builds the tests with the feature `cuda` asks for one.
#[cfg(feature = "cuda")]
#[test]
fn the_reference_conforms_on_a_gpu() {
    let gpu = Device::new_cuda(0).expect("the feature `cuda` is on, so the tests need a GPU");
    check_kernels(&gpu, &Kernels::REFERENCE).unwrap();
    check_kernels(&gpu, &Kernels::PUBLIC).unwrap();
}

/// The suite's verdict on the public kernels with one of them replaced.
fn verdict(kernels: Kernels) -> ConformanceError {
    match check_kernels(&Device::Cpu, &kernels) {
        Err(ConformanceError::Case { source, .. }) => *source,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_result_just_beyond_the_tolerance_is_found() {
    let relu = |x: &Tensor| -> Result<Tensor> { Ok((reference::relu(x)? + 1e-11)?) };
    let error = verdict(Kernels { relu, ..Kernels::PUBLIC });
    let ConformanceError::Mismatch { value, element: 0, .. } = error else { panic!("{error}") };
    assert_eq!(value, "result");
}

#[test]
fn a_wrong_gradient_is_found() {
    // The value of x, 1.001 times its gradient.
    let upsample_nearest2d = |x: &Tensor, factor: (usize, usize)| -> Result<Tensor> {
        let y = reference::upsample_nearest2d(x, factor)?;
        Ok(((&y * 1.001)? - (y.detach() * 0.001)?)?)
    };
    let error = verdict(Kernels { upsample_nearest2d, ..Kernels::PUBLIC });
    let ConformanceError::Mismatch { value, .. } = error else { panic!("{error}") };
    assert_eq!(value, "gradient of x");
}

#[test]
fn a_lost_gradient_is_found() {
    let conv2d: fn(&Tensor, &Tensor, _) -> _ =
        |x, weight, spec| reference::conv2d(x, &weight.detach(), spec);
    let error = verdict(Kernels { conv2d, ..Kernels::PUBLIC });
    let ConformanceError::Missing { value } = error else { panic!("{error}") };
    assert_eq!(value, "gradient of weight");
}

#[test]
fn statistics_that_do_not_move_are_found() {
    let batch_norm: super::BatchNorm = |x, affine, mean, variance, statistics, spec| {
        let statistics = match statistics {
            Statistics::Update => Statistics::BatchOnly,
            other => other,
        };
        reference::batch_norm(x, affine, mean, variance, statistics, spec)
    };
    let error = verdict(Kernels { batch_norm, ..Kernels::PUBLIC });
    let ConformanceError::Mismatch { value, .. } = error else { panic!("{error}") };
    assert_eq!(value, "running mean");
}

#[test]
fn another_winner_among_equal_values_is_found() {
    // Mirrored, the last of equal values wins: results agree, gradients do not.
    let max_pool2d: fn(&Tensor, PoolSpec) -> Result<Tensor> =
        |x, spec| mirrored(&reference::max_pool2d(&mirrored(x)?, spec)?);
    let error = verdict(Kernels { max_pool2d, ..Kernels::PUBLIC });
    let ConformanceError::Mismatch { value, .. } = error else { panic!("{error}") };
    assert_eq!(value, "gradient of x");
}

/// Rows and columns in the opposite order.
fn mirrored(x: &Tensor) -> Result<Tensor> {
    let mut y = x.clone();
    for axis in [2, 3] {
        let size = x.dim(axis)?;
        let backwards: Vec<u32> = (0..size as u32).rev().collect();
        let backwards = Tensor::from_vec(backwards, size, x.device())?;
        y = y.contiguous()?.index_select(&backwards, axis)?;
    }
    Ok(y)
}

#[test]
fn another_gradient_at_zero_is_found() {
    // candle's own rectifier passes the gradient there.
    let relu = |x: &Tensor| -> Result<Tensor> { Ok(x.relu()?) };
    let error = verdict(Kernels { relu, ..Kernels::PUBLIC });
    let ConformanceError::Mismatch { value, .. } = error else { panic!("{error}") };
    assert_eq!(value, "gradient of x");
}

#[test]
fn another_element_type_is_found() {
    let avg_pool2d = |x: &Tensor, spec: PoolSpec, count_padding: bool| -> Result<Tensor> {
        Ok(reference::avg_pool2d(x, spec, count_padding)?.to_dtype(DType::F32)?)
    };
    let error = verdict(Kernels { avg_pool2d, ..Kernels::PUBLIC });
    let ConformanceError::ElementType { value, expected, found } = error else { panic!("{error}") };
    assert_eq!((value.as_str(), expected, found), ("result", DType::F64, DType::F32));
}
