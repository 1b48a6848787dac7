use candle_core::Tensor;
use candle_core::Var;

use super::{Interpolation, resize2d};
use crate::probe::{agree, bits, check, random, refused, same_on_any_threads, tensor, values};
use crate::{KernelError, reference, upsample_nearest2d};

const RULES: [Interpolation; 3] =
    [Interpolation::Nearest, Interpolation::Bilinear, Interpolation::BilinearCorners];

/// Sizes before and after.
const SIZES: [((usize, usize), (usize, usize)); 7] = [
    ((2, 3), (4, 6)),
    ((4, 5), (9, 2)),
    ((3, 3), (3, 3)),
    ((1, 1), (4, 3)),
    ((6, 5), (1, 1)),
    ((7, 6), (4, 5)),
    ((5, 2), (5, 7)),
];

fn row(x: &[f64]) -> Tensor {
    tensor(&[1, 1, 1, x.len()], x)
}

fn resized(x: &[f64], to: usize, rule: Interpolation) -> Vec<f64> {
    values(&resize2d(&row(x), (1, to), rule).unwrap())
}

#[test]
fn values_by_hand() {
    assert_eq!(resized(&[0.0, 4.0], 4, Interpolation::Bilinear), [0.0, 1.0, 3.0, 4.0]);
    assert_eq!(resized(&[0.0, 3.0], 4, Interpolation::BilinearCorners), [0.0, 1.0, 2.0, 3.0]);
    assert_eq!(resized(&[0.0, 3.0], 3, Interpolation::Nearest), [0.0, 0.0, 3.0]);
    let four = [0.0, 1.0, 2.0, 7.0];
    assert_eq!(resized(&four, 2, Interpolation::Bilinear), [0.5, 4.5]);
    assert_eq!(resized(&four, 2, Interpolation::BilinearCorners), [0.0, 7.0]);
    assert_eq!(resized(&four, 1, Interpolation::BilinearCorners), [0.0]);
    assert_eq!(resized(&four, 3, Interpolation::Nearest), [0.0, 1.0, 2.0]);
}

#[test]
fn nearest_by_a_factor_is_the_upsampling() {
    let x = random(&[2, 3, 4, 5], 1);
    let expected = upsample_nearest2d(&x, (2, 3)).unwrap();
    let found = resize2d(&x, (8, 15), Interpolation::Nearest).unwrap();
    assert_eq!(bits(&found), bits(&expected));
}

#[test]
fn infinite_values_stay_with_their_neighbours() {
    let found = resized(&[1.0, f64::INFINITY, 3.0], 3, Interpolation::Nearest);
    assert_eq!(found, [1.0, f64::INFINITY, 3.0]);
    let found = resized(&[1.0, 2.0, f64::INFINITY], 6, Interpolation::Bilinear);
    assert_eq!(found[..4], [1.0, 1.25, 1.75, f64::INFINITY]);
}

#[test]
fn gradients_are_central_differences() {
    for (from, to) in SIZES {
        for rule in RULES {
            let x = [random(&[2, 2, from.0, from.1], 1)];
            check(&x, |t| resize2d(&t[0], to, rule));
            check(&x, |t| reference::resize2d(&t[0], to, rule));
        }
    }
}

#[test]
fn kernel_is_reference() {
    for (from, to) in SIZES {
        for rule in RULES {
            let x = [random(&[2, 5, from.0, from.1], 1)];
            agree(&x, |t| resize2d(&t[0], to, rule), |t| reference::resize2d(&t[0], to, rule));
        }
    }
}

#[test]
fn an_input_used_twice_keeps_both_gradients() {
    let x = Var::from_tensor(&row(&[1.0, 2.0])).unwrap();
    let twice = resize2d(&x, (1, 4), Interpolation::Bilinear).unwrap().sum_all().unwrap();
    let both = (twice + x.sum_all().unwrap()).unwrap();
    assert_eq!(values(both.backward().unwrap().get(&x).unwrap()), [3.0, 3.0]);
}

#[test]
fn threads_do_not_change_a_byte() {
    for rule in RULES {
        same_on_any_threads(&[random(&[5, 7, 31, 33], 5)], |t| resize2d(&t[0], (40, 20), rule));
    }
}

#[test]
fn wrong_arguments_are_named() {
    let error = refused(resize2d(&random(&[2, 3], 1), (2, 2), Interpolation::Nearest));
    assert!(matches!(error, KernelError::Rank { expected: 4, .. }), "{error}");
    let x = random(&[1, 2, 3, 3], 1);
    for rule in RULES {
        let error = refused(resize2d(&x, (0, 2), rule));
        assert!(matches!(error, KernelError::ZeroParameter { parameter: "size", .. }), "{error}");
        let error = refused(resize2d(&x, (usize::MAX, 2), rule));
        assert!(matches!(error, KernelError::SizeOverflow { parameter: "size", .. }), "{error}");
    }
}
