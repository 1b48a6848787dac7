use candle_core::{DType, Device, Tensor, Var};

use super::*;
use crate::testkit::{GradientCheck, check_gradients};

fn row(values: &[f64]) -> Tensor {
    Tensor::from_vec(values.to_vec(), (1, 1, 1, values.len()), &Device::Cpu).unwrap()
}

#[test]
fn values_lie_between_the_centres_of_pixels() {
    let y = upsample_bilinear2d(&row(&[0.0, 4.0]), (1, 2)).unwrap();
    assert_eq!(y.flatten_all().unwrap().to_vec1::<f64>().unwrap(), [0.0, 1.0, 3.0, 4.0]);
    let y = upsample_bilinear2d(&row(&[0.0, 4.0]), (2, 4)).unwrap();
    assert_eq!(y.dims(), [1, 1, 2, 8]);
    let expected = [0.0, 0.0, 0.5, 1.5, 2.5, 3.5, 4.0, 4.0];
    assert_eq!(y.flatten_all().unwrap().to_vec1::<f64>().unwrap()[8..], expected);
}

#[test]
fn constants_stay_and_a_factor_of_one_changes_nothing() {
    let x = Tensor::full(3.5_f32, (2, 3, 4, 5), &Device::Cpu).unwrap();
    let y = upsample_bilinear2d(&x, (4, 2)).unwrap();
    assert_eq!(y.dims(), [2, 3, 16, 10]);
    let bits = |v: &f32| v.to_bits() == 3.5_f32.to_bits();
    assert!(y.flatten_all().unwrap().to_vec1::<f32>().unwrap().iter().all(bits));
    let same = upsample_bilinear2d(&row(&[1.0, 2.0]), (1, 1)).unwrap();
    assert_eq!(same.flatten_all().unwrap().to_vec1::<f64>().unwrap(), [1.0, 2.0]);
}

#[test]
fn gradients_match_central_differences() {
    let values: Vec<f64> = (0..12).map(|i| (f64::from(i) * 1.3).sin()).collect();
    let x = Tensor::from_vec(values, (1, 2, 2, 3), &Device::Cpu).unwrap();
    check_gradients(&[x], GradientCheck::default(), |inputs| {
        upsample_bilinear2d(&inputs[0], (2, 3))
    })
    .unwrap();
}

/// Both uses of an `x` that is used twice count.
#[test]
fn other_uses_of_the_input_keep_their_gradient() {
    let x = Var::from_tensor(&row(&[1.0, 2.0])).unwrap();
    let enlarged = upsample_bilinear2d(&x, (1, 2)).unwrap().sum_all().unwrap();
    let both = (enlarged + x.sum_all().unwrap()).unwrap();
    let gradient = both.backward().unwrap().get(&x).unwrap().flatten_all().unwrap();
    assert_eq!(gradient.to_vec1::<f64>().unwrap(), [3.0, 3.0]);
}

#[test]
fn what_is_no_image_is_refused() {
    let flat = Tensor::zeros((2, 3), DType::F32, &Device::Cpu).unwrap();
    assert!(upsample_bilinear2d(&flat, (2, 2)).is_err());
    assert!(upsample_bilinear2d(&row(&[1.0]), (0, 2)).is_err());
    let whole = Tensor::zeros((1, 1, 2, 2), DType::U32, &Device::Cpu).unwrap();
    assert!(upsample_bilinear2d(&whole, (2, 2)).is_err());
}
