use candle_core::{DType, Var};

use super::relu;
use crate::probe::{
    agree, bits, check, distinct, random, refused, same_on_any_threads, tensor, values,
};
use crate::{KernelError, reference};

#[test]
fn the_gradient_at_zero_is_zero() {
    for rectify in [relu, reference::relu] {
        let x = Var::from_tensor(&tensor(&[5], &[-1.0, -0.0, 0.0, 1e-300, 2.0])).unwrap();
        let y = rectify(&x).unwrap();
        assert_eq!(bits(&y), [0.0, 0.0, 0.0, 1e-300, 2.0].map(f64::to_bits));
        let store = y.backward().unwrap();
        assert_eq!(values(store.get(&x).unwrap()), [0.0, 0.0, 0.0, 1.0, 1.0]);
    }
}

#[test]
fn not_a_number_stays_one() {
    for rectify in [relu, reference::relu] {
        let y = rectify(&tensor(&[2], &[f64::NAN, -1.0])).unwrap();
        let y = values(&y);
        assert!(y[0].is_nan() && y[1].to_bits() == 0);
    }
}

#[test]
fn gradients_are_central_differences() {
    let x = distinct(&[2, 3, 4, 3], 1);
    check(std::slice::from_ref(&x), |t| relu(&t[0]));
    check(&[x.transpose(1, 3).unwrap()], |t| relu(&t[0]));
    agree(&[x.transpose(0, 2).unwrap()], |t| relu(&t[0]), |t| reference::relu(&t[0]));
}

#[test]
fn any_rank_is_rectified() {
    for shape in [vec![], vec![3], vec![2, 0], vec![40_000]] {
        let x = random(&shape, 2);
        let y = relu(&x).unwrap();
        assert_eq!(y.dims(), x.dims());
        let expected: Vec<f64> = values(&x).iter().map(|x| x.max(0.0)).collect();
        assert_eq!(values(&y), expected);
    }
}

#[test]
fn threads_do_not_change_a_byte() {
    same_on_any_threads(&[random(&[100_003], 3)], |t| relu(&t[0]));
}

#[test]
fn whole_numbers_are_refused() {
    let error = refused(relu(&tensor(&[1], &[1.0]).to_dtype(DType::U8).unwrap()));
    assert!(matches!(error, KernelError::UnsupportedElementType { found: DType::U8, .. }));
}
