use candle_core::{DType, Device, Tensor, Var};
use proptest::prelude::*;

use super::{ConvSpec, conv2d};
use crate::probe::{
    agree, agrees_with_double, bits, check, distance, random, refused, same_on_any_threads, values,
};
use crate::{KernelError, reference};

/// The definition, in signed arithmetic.
fn by_definition(x: &Tensor, weight: &Tensor, spec: ConvSpec, size: (usize, usize)) -> Vec<f64> {
    let (batch, _, height, width) = x.dims4().unwrap();
    let (channels_out, per_group, _, _) = weight.dims4().unwrap();
    let x: Vec<Vec<Vec<Vec<f64>>>> =
        (0..batch).map(|n| x.get(n).unwrap().to_vec3().unwrap()).collect();
    let w: Vec<Vec<Vec<Vec<f64>>>> =
        (0..channels_out).map(|o| weight.get(o).unwrap().to_vec3().unwrap()).collect();
    let at = |n: usize, c: usize, i: i64, j: i64| -> f64 {
        let inside = i >= 0 && j >= 0 && i < height as i64 && j < width as i64;
        if inside { x[n][c][i as usize][j as usize] } else { 0.0 }
    };
    let place = |position: usize, stride: usize, tap: usize, dilation: usize, padding: usize| {
        (position * stride + tap * dilation) as i64 - padding as i64
    };
    let mut y = Vec::new();
    for n in 0..batch {
        for (o, w) in w.iter().enumerate() {
            let first = o / (channels_out / spec.groups) * per_group;
            for i in 0..size.0 {
                for j in 0..size.1 {
                    let mut sum = 0.0;
                    for (c, w) in w.iter().enumerate() {
                        for (u, w) in w.iter().enumerate() {
                            let row = place(i, spec.stride.0, u, spec.dilation.0, spec.padding.0);
                            for (v, w) in w.iter().enumerate() {
                                let stride = spec.stride.1;
                                let dilation = spec.dilation.1;
                                let column = place(j, stride, v, dilation, spec.padding.1);
                                sum += w * at(n, first + c, row, column);
                            }
                        }
                    }
                    y.push(sum);
                }
            }
        }
    }
    y
}

/// Input shape, weight shape, specification.
type Case = ([usize; 4], [usize; 4], ConvSpec);

fn spec(stride: (usize, usize), dilation: (usize, usize), padding: (usize, usize)) -> ConvSpec {
    ConvSpec { stride, dilation, padding, groups: 1 }
}

fn grouped(groups: usize, spec: ConvSpec) -> ConvSpec {
    ConvSpec { groups, ..spec }
}

fn corner_cases() -> Vec<Case> {
    let plain = ConvSpec::default();
    let same = spec((1, 1), (1, 1), (1, 1));
    vec![
        // Depthwise.
        ([2, 3, 5, 7], [3, 1, 3, 3], grouped(3, same)),
        ([1, 5, 8, 9], [5, 1, 3, 3], grouped(5, spec((2, 2), (1, 1), (1, 1)))),
        ([2, 3, 9, 4], [3, 1, 5, 5], grouped(3, spec((1, 2), (1, 1), (2, 2)))),
        ([1, 2, 3, 3], [2, 1, 3, 3], grouped(2, spec((1, 1), (5, 5), (5, 5)))),
        ([1, 2, 4, 3], [2, 1, 5, 5], grouped(2, spec((2, 3), (2, 2), (4, 4)))),
        ([2, 4, 1, 1], [4, 1, 3, 3], grouped(4, same)),
        ([1, 3, 9, 6], [3, 1, 7, 1], grouped(3, spec((1, 2), (1, 1), (3, 0)))),
        ([1, 3, 6, 9], [3, 1, 1, 7], grouped(3, spec((2, 1), (1, 1), (0, 3)))),
        ([1, 2, 6, 6], [2, 1, 2, 4], grouped(2, spec((1, 1), (1, 2), (1, 3)))),
        ([1, 2, 4, 4], [2, 1, 1, 1], grouped(2, spec((1, 1), (1, 1), (2, 2)))),
        ([1, 1, 5, 5], [1, 1, 3, 3], same),
        ([2, 2, 7, 20], [2, 1, 3, 7], grouped(2, spec((1, 1), (2, 1), (2, 3)))),
        // Pointwise.
        ([2, 3, 4, 5], [7, 3, 1, 1], plain),
        ([1, 5, 1, 1], [3, 5, 1, 1], plain),
        ([2, 6, 3, 3], [4, 3, 1, 1], grouped(2, plain)),
        // Dense.
        ([2, 3, 5, 7], [4, 3, 3, 3], same),
        ([1, 3, 9, 8], [5, 3, 3, 3], spec((2, 2), (1, 1), (1, 1))),
        ([2, 3, 8, 9], [2, 3, 1, 1], spec((2, 2), (1, 1), (0, 0))),
        ([1, 2, 9, 6], [3, 2, 7, 1], spec((1, 2), (1, 1), (3, 0))),
        ([1, 2, 6, 9], [3, 2, 1, 7], spec((2, 1), (1, 1), (0, 3))),
        ([1, 2, 3, 4], [2, 2, 3, 3], spec((1, 1), (6, 5), (6, 5))),
        ([1, 2, 1, 1], [3, 2, 3, 3], same),
        ([2, 2, 3, 3], [3, 2, 1, 1], spec((1, 2), (1, 1), (1, 2))),
        // Grouped, with channel multiplication.
        ([2, 6, 5, 4], [9, 2, 3, 3], grouped(3, spec((2, 1), (1, 2), (1, 2)))),
        ([1, 3, 4, 4], [6, 1, 3, 3], grouped(3, same)),
    ]
}

fn tensors(case: &Case) -> [Tensor; 2] {
    [random(&case.0, 1), random(&case.1, 2)]
}

#[test]
fn results_follow_the_definition() {
    for case in corner_cases() {
        let [x, weight] = tensors(&case);
        let y = conv2d(&x, &weight, case.2).unwrap();
        let (_, _, rows, columns) = y.dims4().unwrap();
        let expected = by_definition(&x, &weight, case.2, (rows, columns));
        for (found, expected) in values(&y).into_iter().zip(expected) {
            approx::assert_abs_diff_eq!(found, expected, epsilon = 1e-12);
        }
    }
}

#[test]
fn square_results_are_candles() {
    for (groups, stride, dilation, padding) in
        [(1, 1, 1, 1), (1, 2, 2, 3), (6, 2, 1, 2), (3, 1, 3, 4)]
    {
        let x = random(&[2, 6, 9, 9], 3);
        let weight = random(&[6, 6 / groups, 3, 3], 4);
        let expected = x.conv2d(&weight, padding, stride, dilation, groups).unwrap();
        let pair = |n| (n, n);
        let spec = grouped(groups, spec(pair(stride), pair(dilation), pair(padding)));
        assert!(distance(&conv2d(&x, &weight, spec).unwrap(), &expected) < 1e-12);
    }
}

#[test]
fn gradients_are_central_differences() {
    for case in corner_cases() {
        check(&tensors(&case), |t| conv2d(&t[0], &t[1], case.2));
    }
}

#[test]
fn reference_gradients_are_central_differences() {
    for case in corner_cases().into_iter().step_by(3) {
        check(&tensors(&case), |t| reference::conv2d(&t[0], &t[1], case.2));
    }
}

#[test]
fn kernel_is_reference_in_the_corners() {
    for case in corner_cases() {
        agree(
            &tensors(&case),
            |t| conv2d(&t[0], &t[1], case.2),
            |t| reference::conv2d(&t[0], &t[1], case.2),
        );
    }
}

prop_compose! {
    fn pair(low: usize, high: usize)(a in low..=high, b in low..=high) -> (usize, usize) {
        (a, b)
    }
}

prop_compose! {
    fn any_case()(
        batch in 1usize..4,
        groups in 1usize..5,
        group_in in 1usize..4,
        group_out in 1usize..4,
        depthwise in any::<bool>(),
        size in pair(1, 11),
        kernel in pair(1, 7),
        stride in pair(1, 3),
        dilation in pair(1, 3),
        extra in pair(0, 3),
    ) -> Case {
        let (group_in, group_out) = if depthwise { (1, 1) } else { (group_in, group_out) };
        let need = |size: usize, kernel: usize, dilation: usize| {
            ((kernel - 1) * dilation + 1).saturating_sub(size).div_ceil(2)
        };
        let padding = (
            need(size.0, kernel.0, dilation.0) + extra.0,
            need(size.1, kernel.1, dilation.1) + extra.1,
        );
        (
            [batch, groups * group_in, size.0, size.1],
            [groups * group_out, group_in, kernel.0, kernel.1],
            ConvSpec { stride, dilation, padding, groups },
        )
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn kernel_is_reference(case in any_case()) {
        agree(
            &tensors(&case),
            |t| conv2d(&t[0], &t[1], case.2),
            |t| reference::conv2d(&t[0], &t[1], case.2),
        );
    }
}

prop_compose! {
    /// Depthwise, pointwise and dense convolutions as cells have them, with the padding that keeps
    /// sizes: planes from a single pixel on, dilations beyond the plane, channels that fill no
    /// register.
    fn cell_case()(
        kind in 0usize..3,
        batch in 1usize..20,
        channels in pair(1, 13),
        size in pair(1, 20),
        kernel in 0usize..3,
        stride in 1usize..4,
        dilation in 1usize..25,
    ) -> Case {
        let kernel = 2 * kernel + 1;
        let (groups, group_in, out) = match kind {
            0 => (channels.0, 1, channels.0),
            _ => (1, channels.0, channels.1),
        };
        let (kernel, dilation) = if kind == 1 { (1, 1) } else { (kernel, dilation) };
        let padding = dilation * (kernel - 1) / 2;
        let spec = spec((stride, stride), (dilation, dilation), (padding, padding));
        (
            [batch, channels.0, size.0, size.1],
            [out, group_in, kernel, kernel],
            ConvSpec { groups, ..spec },
        )
    }
}

/// The allowed error of weight gradients in single precision, which add up `n` products of numbers
/// between -1 and 1, one for each pixel of the output.
///
/// A partial sum of `k` such products is about `sqrt(k) / 3`, and each step rounds it by up to half
/// of `2^-23` of its size. Added one after the other, `n` steps err by about `n 2^-24 / 7`.
fn rounding([batch, _, height, width]: [usize; 4]) -> f64 {
    let products = (batch * height * width) as f64;
    (products * 2_f64.powi(-24) / 7.0).max(2e-5)
}

fn check_single_precision(case: &Case) {
    agrees_with_double(
        &tensors(case),
        rounding(case.0),
        |t| conv2d(&t[0], &t[1], case.2),
        |t| reference::conv2d(&t[0], &t[1], case.2),
    );
}

/// Sums of 5,400 products, which err by more than those of most cases.
#[test]
fn long_sums_are_as_exact_as_single_precision_is() {
    let spec = spec((1, 1), (2, 2), (2, 2));
    check_single_precision(&([15, 7, 20, 18], [12, 7, 3, 3], spec));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn single_precision_is_the_double_reference(case in cell_case()) {
        check_single_precision(&case);
    }
}

#[test]
fn long_products_are_the_double_reference() {
    // More input channels than a packed product takes.
    let case = ([2, 600, 3, 5], [4, 600, 1, 1], ConvSpec::default());
    agrees_with_double(
        &tensors(&case),
        2e-5,
        |t| conv2d(&t[0], &t[1], case.2),
        |t| reference::conv2d(&t[0], &t[1], case.2),
    );
}

#[test]
fn strided_views_are_read_rightly() {
    let x = random(&[2, 7, 4, 5], 5).permute((0, 2, 3, 1)).unwrap();
    let x = x.narrow(2, 1, 4).unwrap();
    let weight = random(&[3, 3, 4, 5], 6).permute((3, 2, 0, 1)).unwrap().narrow(1, 0, 4).unwrap();
    assert!(!x.is_contiguous() && !weight.is_contiguous());
    let spec = spec((1, 1), (1, 1), (1, 1));
    let expected =
        conv2d(&x.force_contiguous().unwrap(), &weight.force_contiguous().unwrap(), spec);
    assert_eq!(bits(&conv2d(&x, &weight, spec).unwrap()), bits(&expected.unwrap()));
    check(&[x, weight], |t| conv2d(&t[0], &t[1], spec));
}

#[test]
fn an_offset_view_is_read_rightly() {
    let x = random(&[4, 3, 5, 5], 5).narrow(0, 2, 2).unwrap();
    assert!(x.is_contiguous());
    let weight = random(&[3, 1, 3, 3], 6);
    let spec = grouped(3, spec((1, 1), (1, 1), (1, 1)));
    let expected = conv2d(&x.copy().unwrap(), &weight, spec).unwrap();
    assert_eq!(bits(&conv2d(&x, &weight, spec).unwrap()), bits(&expected));
    check(&[x, weight], |t| conv2d(&t[0], &t[1], spec));
}

#[test]
fn only_wanted_gradients_are_made() {
    let x = random(&[1, 2, 4, 4], 1);
    let weight = random(&[2, 2, 3, 3], 2);
    let weight = Var::from_tensor(&weight).unwrap();
    let y = conv2d(&x, &weight, ConvSpec::default()).unwrap();
    let store = y.backward().unwrap();
    assert!(store.get(&x).is_none());
    assert!(store.get(&weight).is_some());
}

#[test]
fn threads_do_not_change_a_byte() {
    for (input, weight, groups) in [
        ([19, 5, 9, 10], [5, 1, 3, 3], 5),
        ([3, 12, 9, 10], [12, 1, 3, 3], 12),
        ([40, 3, 31, 33], [3, 1, 3, 3], 3),
        ([19, 6, 9, 10], [4, 3, 3, 3], 2),
        ([19, 5, 9, 10], [7, 5, 1, 1], 1),
    ] {
        let spec = grouped(groups, ConvSpec::default());
        same_on_any_threads(&[random(&input, 1), random(&weight, 2)], |t| {
            conv2d(&t[0], &t[1], spec)
        });
    }
}

#[test]
fn planes_side_by_side_and_alone() {
    // Fewer than lanes, as many, some left over, single pixels, and planes too large for it.
    for shape in
        [[1, 7, 6, 6], [1, 8, 1, 1], [3, 11, 1, 1], [1, 17, 2, 3], [5, 12, 33, 4], [2, 4, 95, 97]]
    {
        for (side, stride, dilation) in [(3, 1, 1), (3, 2, 2), (5, 2, 1), (3, 3, 1)] {
            let inputs = [random(&shape, 1), random(&[shape[1], 1, side, side], 2)];
            let padding = dilation * (side - 1) / 2;
            let pair = |n| (n, n);
            let spec = grouped(shape[1], spec(pair(stride), pair(dilation), pair(padding)));
            // Weight gradients add up to some ten thousand products of order one.
            agrees_with_double(
                &inputs,
                2e-5,
                |t| conv2d(&t[0], &t[1], spec),
                |t| reference::conv2d(&t[0], &t[1], spec),
            );
        }
    }
}

fn refusal(input: &[usize], weight: &[usize], spec: ConvSpec) -> KernelError {
    let x = random(input, 1);
    let weight = random(weight, 2);
    let error = refused(reference::conv2d(&x, &weight, spec));
    assert_eq!(refused(conv2d(&x, &weight, spec)).to_string(), error.to_string());
    error
}

#[test]
fn wrong_shapes_are_named() {
    let plain = ConvSpec::default();
    let error = refusal(&[3, 4, 4], &[2, 3, 3, 3], plain);
    assert!(matches!(error, KernelError::Rank { argument: "input", expected: 4, .. }), "{error}");
    let error = refusal(&[1, 3, 4, 4], &[2, 3, 3], plain);
    assert!(matches!(error, KernelError::Rank { argument: "weight", .. }), "{error}");
    let error = refusal(&[0, 3, 4, 4], &[2, 3, 3, 3], plain);
    assert!(matches!(error, KernelError::EmptyAxis { argument: "input", .. }), "{error}");
    let error = refusal(&[1, 3, 4, 4], &[2, 4, 3, 3], plain);
    let KernelError::Channels { argument: "weight", expected: 3, found: 4, .. } = error else {
        panic!("{error}")
    };
    let error = refusal(&[1, 3, 4, 4], &[2, 3, 3, 3], grouped(2, plain));
    assert!(matches!(error, KernelError::Groups { argument: "input", channels: 3, groups: 2, .. }));
    let error = refusal(&[1, 4, 4, 4], &[3, 2, 3, 3], grouped(2, plain));
    assert!(matches!(error, KernelError::Groups { argument: "output", channels: 3, .. }));
}

#[test]
fn specifications_that_do_not_fit_are_named() {
    let refusal = |spec| refusal(&[1, 3, 4, 4], &[2, 3, 3, 5], spec);
    let error = refusal(ConvSpec::default());
    let KernelError::KernelTooLarge { kernel: (3, 5), padded: (4, 4), .. } = error else {
        panic!("{error}")
    };
    let error = refusal(spec((1, 1), (usize::MAX, 1), (0, 1)));
    assert!(matches!(error, KernelError::KernelTooLarge { .. }), "{error}");
    let error = refusal(spec((1, 1), (1, 1), (usize::MAX, 0)));
    assert!(matches!(error, KernelError::SizeOverflow { parameter: "padding", .. }), "{error}");
    let error = refusal(grouped(0, ConvSpec::default()));
    assert!(matches!(error, KernelError::ZeroParameter { parameter: "groups", .. }), "{error}");
    let error = refusal(spec((1, 0), (1, 1), (0, 0)));
    assert!(matches!(error, KernelError::ZeroParameter { parameter: "stride", found: (1, 0), .. }));
    let error = refusal(spec((1, 1), (0, 1), (0, 0)));
    assert!(matches!(error, KernelError::ZeroParameter { parameter: "dilation", .. }), "{error}");
}

#[test]
fn wrong_element_types_are_named() {
    let x = random(&[1, 1, 3, 3], 1);
    let weight = random(&[1, 1, 3, 3], 2);
    let plain = ConvSpec::default();
    let error = refused(conv2d(&x, &weight.to_dtype(DType::F32).unwrap(), plain));
    assert!(matches!(
        error,
        KernelError::ElementType {
            argument: "weight",
            expected: DType::F64,
            found: DType::F32,
            ..
        }
    ));
    let whole = Tensor::zeros((1, 1, 3, 3), DType::I64, &Device::Cpu).unwrap();
    let error = refused(conv2d(&whole, &whole, plain));
    assert!(matches!(error, KernelError::UnsupportedElementType { found: DType::I64, .. }));
}
