use candle_core::{DType, Device, Tensor, Var};
use proptest::prelude::*;

use super::{PoolSpec, avg_pool2d, max_pool2d};
use crate::probe::{
    agree, agrees_with_double, check, distinct, random, refused, same_on_any_threads, tensor,
    values,
};
use crate::{KernelError, reference};

fn spec(kernel: (usize, usize), stride: (usize, usize), padding: (usize, usize)) -> PoolSpec {
    PoolSpec { kernel, stride, padding }
}

fn same(stride: usize) -> PoolSpec {
    spec((3, 3), (stride, stride), (1, 1))
}

fn corner_cases() -> Vec<([usize; 4], PoolSpec)> {
    vec![
        ([2, 3, 5, 7], same(1)),
        ([1, 3, 8, 9], same(2)),
        ([1, 2, 9, 4], spec((3, 3), (1, 2), (1, 1))),
        ([2, 3, 1, 1], same(1)),
        ([1, 1, 1, 1], spec((1, 1), (1, 1), (0, 0))),
        ([1, 5, 6, 6], spec((2, 2), (2, 2), (0, 0))),
        ([1, 2, 7, 7], spec((2, 2), (2, 2), (1, 1))),
        ([1, 2, 9, 5], spec((7, 1), (2, 1), (3, 0))),
        ([1, 2, 5, 9], spec((1, 7), (1, 2), (0, 3))),
        ([1, 1, 9, 9], spec((5, 5), (3, 3), (0, 0))),
    ]
}

#[test]
fn average_counts_what_is_inside() {
    let x = Tensor::ones((1, 1, 4, 4), DType::F64, &Device::Cpu).unwrap();
    let inside = avg_pool2d(&x, same(1), false).unwrap();
    assert_eq!(values(&inside), vec![1.0; 16]);
    let padded = avg_pool2d(&x, same(1), true).unwrap();
    let corner = 4.0 / 9.0;
    let edge = 6.0 / 9.0;
    let expected = [
        [corner, edge, edge, corner],
        [edge, 1.0, 1.0, edge],
        [edge, 1.0, 1.0, edge],
        [corner, edge, edge, corner],
    ];
    assert_eq!(values(&padded), expected.concat());
}

#[test]
fn average_border_divisors_are_4_6_and_9() {
    let counts: Vec<f64> = (1..=16).map(f64::from).collect();
    let x = tensor(&[1, 1, 4, 4], &counts);
    for pool in [avg_pool2d, reference::avg_pool2d] {
        let y = values(&pool(&x, same(1), false).unwrap());
        let expected = [
            (1.0 + 2.0 + 5.0 + 6.0) / 4.0,
            (1.0 + 2.0 + 3.0 + 5.0 + 6.0 + 7.0) / 6.0,
            (1.0 + 2.0 + 3.0 + 5.0 + 6.0 + 7.0 + 9.0 + 10.0 + 11.0) / 9.0,
            (11.0 + 12.0 + 15.0 + 16.0) / 4.0,
        ];
        assert_eq!(vec![y[0], y[1], y[5], y[15]], expected);
    }
}

#[test]
fn padding_never_wins_a_maximum() {
    let x = tensor(&[1, 1, 2, 2], &[-4.0, -3.0, -2.0, -5.0]);
    for pool in [max_pool2d, reference::max_pool2d] {
        assert_eq!(values(&pool(&x, same(1)).unwrap()), [-2.0; 4]);
        let x = Var::from_tensor(&x).unwrap();
        let store = pool(&x, same(2)).unwrap().backward().unwrap();
        assert_eq!(values(store.get(&x).unwrap()), [0.0, 0.0, 1.0, 0.0]);
    }
}

/// Alone, and enough that some go side by side and some are left.
const COPIES: [usize; 2] = [1, 11];

/// One plane many times, in both element types, and the maximum in both ways.
fn copies(plane: &Tensor, test: impl Fn(Tensor, MaxPool, usize)) {
    for count in COPIES {
        for dtype in [DType::F64, DType::F32] {
            for pool in [max_pool2d, reference::max_pool2d] {
                let planes = plane.repeat((1, count, 1, 1)).unwrap();
                test(planes.to_dtype(dtype).unwrap(), pool, count);
            }
        }
    }
}

type MaxPool = fn(&Tensor, PoolSpec) -> crate::Result<Tensor>;

/// A maximum and its gradient, by their definition.
fn both(x: &Tensor, pool: MaxPool, spec: PoolSpec) -> (Vec<f64>, Vec<f64>) {
    let x = Var::from_tensor(x).unwrap();
    let y = pool(&x, spec).unwrap();
    (values(&y), values(y.backward().unwrap().get(&x).unwrap()))
}

#[test]
fn the_first_of_equal_values_takes_the_gradient() {
    copies(&tensor(&[1, 1, 2, 3], &[1.0; 6]), |x, pool, count| {
        // One window over everything.
        let (_, gradient) = both(&x, pool, spec((2, 3), (1, 1), (0, 0)));
        assert_eq!(gradient, [1.0, 0.0, 0.0, 0.0, 0.0, 0.0].repeat(count));
        // Padded windows: the first position inside the image wins each.
        let (_, gradient) = both(&x, pool, same(1));
        assert_eq!(gradient, [4.0, 2.0, 0.0, 0.0, 0.0, 0.0].repeat(count));
    });
}

#[test]
fn negative_infinities_still_have_a_winner_inside() {
    copies(&tensor(&[1, 1, 2, 2], &[f64::NEG_INFINITY; 4]), |x, pool, count| {
        let (_, gradient) = both(&x, pool, same(1));
        assert_eq!(gradient, [4.0, 0.0, 0.0, 0.0].repeat(count));
    });
}

#[test]
fn not_a_number_wins() {
    let mut numbers = vec![1.0; 9];
    numbers[4] = f64::NAN;
    numbers[8] = 7.0;
    let expected = [0.0, 0.0, 0.0, 0.0, 9.0, 0.0, 0.0, 0.0, 0.0];
    copies(&tensor(&[1, 1, 3, 3], &numbers), |x, pool, count| {
        let (y, gradient) = both(&x, pool, same(1));
        assert!(y.iter().all(|y| y.is_nan()));
        assert_eq!(gradient, expected.repeat(count));
    });
}

#[test]
fn planes_side_by_side_and_alone() {
    // Fewer than lanes, as many, some left over, single pixels, and planes too large for it.
    for shape in
        [[1, 7, 6, 6], [1, 8, 1, 1], [3, 11, 1, 1], [1, 17, 2, 3], [1, 9, 33, 4], [2, 4, 95, 97]]
    {
        for stride in 1..4 {
            let x = [distinct(&shape, 4)];
            let spec = same(stride);
            agrees_with_double(
                &x,
                2e-6,
                |t| max_pool2d(&t[0], spec),
                |t| reference::max_pool2d(&t[0], spec),
            );
            // Of order one: sums of large values that cancel say nothing.
            agrees_with_double(
                &[random(&shape, 4)],
                2e-6,
                |t| avg_pool2d(&t[0], spec, false),
                |t| reference::avg_pool2d(&t[0], spec, false),
            );
        }
    }
}

#[test]
fn gradients_are_central_differences() {
    for (shape, spec) in corner_cases() {
        let x = [distinct(&shape, 3)];
        check(&x, |t| max_pool2d(&t[0], spec));
        check(&x, |t| reference::max_pool2d(&t[0], spec));
        for count_padding in [false, true] {
            check(&x, |t| avg_pool2d(&t[0], spec, count_padding));
            check(&x, |t| reference::avg_pool2d(&t[0], spec, count_padding));
        }
    }
}

prop_compose! {
    fn any_case()(
        batch in 1usize..4, channels in 1usize..6, height in 1usize..12, width in 1usize..12,
        kernel_height in 1usize..6, kernel_width in 1usize..6,
        down in 1usize..4, right in 1usize..4, share in (0usize..3, 0usize..3),
    ) -> ([usize; 4], PoolSpec) {
        let kernel = (kernel_height, kernel_width);
        let padding = (share.0.min(kernel.0 / 2), share.1.min(kernel.1 / 2));
        let size = (height.max(kernel.0), width.max(kernel.1));
        ([batch, channels, size.0, size.1], PoolSpec { kernel, stride: (down, right), padding })
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn kernel_is_reference((shape, spec) in any_case(), ties in any::<bool>()) {
        let x = random(&shape, 4);
        let x = [if ties { (x * 2.0).unwrap().round().unwrap() } else { x }];
        agree(&x, |t| max_pool2d(&t[0], spec), |t| reference::max_pool2d(&t[0], spec));
        for counted in [false, true] {
            agree(
                &x,
                |t| avg_pool2d(&t[0], spec, counted),
                |t| reference::avg_pool2d(&t[0], spec, counted),
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn single_precision_is_the_double_reference(
        shape in (1usize..4, 1usize..11, 1usize..20, 1usize..20),
        stride in 1usize..4,
    ) {
        // Distinct in single precision too, so that both find the same maxima.
        let x = [distinct(&[shape.0, shape.1, shape.2, shape.3], 4)];
        let spec = same(stride);
        agrees_with_double(
            &x,
            2e-6,
            |t| max_pool2d(&t[0], spec),
            |t| reference::max_pool2d(&t[0], spec),
        );
        for counted in [false, true] {
            agrees_with_double(
                &x,
                2e-6,
                |t| avg_pool2d(&t[0], spec, counted),
                |t| reference::avg_pool2d(&t[0], spec, counted),
            );
        }
    }
}

#[test]
fn threads_do_not_change_a_byte() {
    let x = [random(&[9, 7, 17, 19], 5)];
    same_on_any_threads(&x, |t| max_pool2d(&t[0], same(1)));
    same_on_any_threads(&x, |t| avg_pool2d(&t[0], same(2), false));
}

#[test]
fn a_transposed_view_is_read_rightly() {
    let x = distinct(&[2, 3, 5, 4], 6).transpose(2, 3).unwrap();
    check(std::slice::from_ref(&x), |t| max_pool2d(&t[0], same(2)));
    agree(&[x], |t| max_pool2d(&t[0], same(2)), |t| reference::max_pool2d(&t[0], same(2)));
}

#[test]
fn wrong_arguments_are_named() {
    let x = random(&[1, 2, 4, 4], 1);
    let error = refused(max_pool2d(&random(&[2, 4, 4], 1), same(1)));
    assert!(matches!(error, KernelError::Rank { op: "max_pool2d", .. }), "{error}");
    let error = refused(max_pool2d(&x, spec((2, 2), (0, 1), (0, 0))));
    assert!(matches!(error, KernelError::ZeroParameter { parameter: "stride", .. }), "{error}");
    let error = refused(avg_pool2d(&x, spec((0, 2), (1, 1), (0, 0)), true));
    assert!(matches!(error, KernelError::ZeroParameter { parameter: "kernel", .. }), "{error}");
    let error = refused(avg_pool2d(&x, spec((3, 3), (1, 1), (1, 2)), true));
    assert!(matches!(error, KernelError::PaddingTooLarge { padding: (1, 2), .. }), "{error}");
    let error = refused(max_pool2d(&x, spec((7, 3), (1, 1), (1, 1))));
    let KernelError::KernelTooLarge { kernel: (7, 3), padded: (6, 6), .. } = error else {
        panic!("{error}")
    };
    assert_eq!(same(2).output_size((9, 8)).unwrap(), (5, 4));
}
