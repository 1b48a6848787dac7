use candle_core::{Module, Tensor};

use super::{ConvTransposeSpec, conv_transpose2d};
use crate::probe::{
    agree, agrees_with_double, check, random, refused, same_on_any_threads, tensor, values,
};
use crate::{ConvSpec, KernelError, conv2d, reference};

/// Input shape, weight shape, specification.
type Case = ([usize; 4], [usize; 4], ConvTransposeSpec);

fn spec(stride: (usize, usize), padding: (usize, usize)) -> ConvTransposeSpec {
    ConvTransposeSpec { stride, padding, ..ConvTransposeSpec::default() }
}

fn cases() -> Vec<Case> {
    let square = ConvTransposeSpec::square;
    let more = ConvTransposeSpec { output_padding: (1, 1), ..square(2, 1) };
    vec![
        // Windows side by side, on one or both axes.
        ([2, 3, 4, 5], [3, 4, 2, 2], square(2, 0)),
        ([1, 17, 3, 19], [17, 5, 2, 2], square(2, 0)),
        ([2, 3, 4, 5], [3, 2, 3, 3], square(3, 0)),
        ([1, 4, 3, 2], [4, 3, 1, 2], spec((1, 2), (0, 0))),
        ([2, 4, 3, 3], [4, 3, 2, 2], ConvTransposeSpec { groups: 2, ..square(2, 0) }),
        ([2, 3, 1, 1], [3, 2, 1, 1], square(1, 0)),
        // Windows that meet or leave gaps.
        ([2, 3, 4, 5], [3, 4, 3, 3], more),
        ([1, 2, 5, 3], [2, 3, 4, 4], square(2, 1)),
        ([1, 2, 3, 3], [2, 3, 2, 4], spec((2, 2), (0, 1))),
        ([1, 2, 3, 4], [2, 2, 2, 1], spec((3, 2), (0, 0))),
        ([2, 3, 4, 4], [3, 2, 2, 2], ConvTransposeSpec { output_padding: (1, 0), ..square(2, 0) }),
        // Every channel on its own: few planes, and enough of them for a bundle.
        ([1, 3, 3, 4], [3, 1, 3, 3], ConvTransposeSpec { groups: 3, ..square(1, 1) }),
        ([3, 3, 3, 4], [3, 1, 3, 3], ConvTransposeSpec { groups: 3, ..square(2, 1) }),
        (
            [1, 4, 3, 3],
            [4, 1, 3, 3],
            ConvTransposeSpec {
                dilation: (2, 1),
                output_padding: (1, 0),
                groups: 2,
                ..square(2, 2)
            },
        ),
    ]
}

fn inputs(case: &Case) -> [Tensor; 3] {
    let bias = random(&[case.1[1] * case.2.groups], 3);
    [random(&case.0, 1), random(&case.1, 2), bias]
}

#[test]
fn values_by_hand() {
    let x = tensor(&[1, 1, 1, 2], &[1.0, 2.0]);
    let weight = tensor(&[1, 1, 2, 2], &[1.0, 2.0, 3.0, 4.0]);
    let bias = tensor(&[1], &[0.5]);
    let y = conv_transpose2d(&x, &weight, Some(&bias), ConvTransposeSpec::square(2, 0)).unwrap();
    assert_eq!(y.dims(), [1, 1, 2, 4]);
    assert_eq!(values(&y), [1.5, 2.5, 2.5, 4.5, 3.5, 4.5, 6.5, 8.5]);
    let y = conv_transpose2d(&x, &weight, None, ConvTransposeSpec::square(1, 0)).unwrap();
    assert_eq!(values(&y), [1.0, 4.0, 4.0, 3.0, 10.0, 8.0]);
}

#[test]
fn it_is_the_adjoint_of_the_convolution() {
    for case in cases().into_iter().filter(|case| case.2.output_padding == (0, 0)) {
        let [x, weight, _] = inputs(&case);
        let y = conv_transpose2d(&x, &weight, None, case.2).unwrap();
        let other = random(y.dims(), 4);
        let ConvTransposeSpec { stride, dilation, padding, groups, .. } = case.2;
        let back = conv2d(&other, &weight, ConvSpec { stride, dilation, padding, groups }).unwrap();
        let dot = |a: &Tensor, b: &Tensor| {
            values(a).iter().zip(values(b)).map(|(a, b)| a * b).sum::<f64>()
        };
        approx::assert_abs_diff_eq!(dot(&y, &other), dot(&x, &back), epsilon = 1e-10);
    }
}

#[test]
fn gradients_are_central_differences() {
    for case in cases() {
        let all = inputs(&case);
        check(&all, |t| conv_transpose2d(&t[0], &t[1], Some(&t[2]), case.2));
        check(&all[..2], |t| conv_transpose2d(&t[0], &t[1], None, case.2));
    }
}

#[test]
fn kernel_is_reference_at_every_width() {
    for case in cases() {
        agree(
            &inputs(&case),
            |t| conv_transpose2d(&t[0], &t[1], Some(&t[2]), case.2),
            |t| reference::conv_transpose2d(&t[0], &t[1], Some(&t[2]), case.2),
        );
    }
}

#[test]
fn wide_layers_are_the_double_reference() {
    let case = ([2, 64, 9, 11], [64, 32, 2, 2], ConvTransposeSpec::square(2, 0));
    agrees_with_double(
        &inputs(&case),
        2e-5,
        |t| conv_transpose2d(&t[0], &t[1], Some(&t[2]), case.2),
        |t| reference::conv_transpose2d(&t[0], &t[1], Some(&t[2]), case.2),
    );
}

#[test]
fn threads_do_not_change_a_byte() {
    for case in [
        ([19, 6, 12, 10], [6, 4, 2, 2], ConvTransposeSpec::square(2, 0)),
        ([19, 6, 12, 10], [6, 4, 3, 3], ConvTransposeSpec::square(2, 1)),
    ] {
        same_on_any_threads(&inputs(&case), |t| {
            conv_transpose2d(&t[0], &t[1], Some(&t[2]), case.2)
        });
    }
}

#[test]
fn a_layer_is_the_function() {
    use candle_nn::{VarBuilder, VarMap};

    let map = VarMap::new();
    let vb = VarBuilder::from_varmap(&map, candle_core::DType::F64, &candle_core::Device::Cpu);
    let spec = ConvTransposeSpec::square(2, 0);
    let layer = crate::nn::ConvTranspose2d::with_bias((4, 6), (2, 2), spec, vb).unwrap();
    let x = random(&[2, 4, 3, 5], 1);
    let expected = conv_transpose2d(&x, layer.weight(), layer.bias(), spec).unwrap();
    assert_eq!(values(&layer.forward(&x).unwrap()), values(&expected));
    assert_eq!(layer.weight().dims(), [4, 6, 2, 2]);
    let bound = 1.0 / 24f64.sqrt();
    assert!(values(layer.bias().unwrap()).iter().all(|bias| bias.abs() <= bound));
    assert_eq!(map.all_vars().len(), 2);
}

fn refusal(input: &[usize], weight: &[usize], spec: ConvTransposeSpec) -> KernelError {
    let x = random(input, 1);
    let weight = random(weight, 2);
    let error = refused(reference::conv_transpose2d(&x, &weight, None, spec));
    let own = refused(conv_transpose2d(&x, &weight, None, spec));
    assert_eq!(own.to_string(), error.to_string());
    error
}

#[test]
fn wrong_arguments_are_named() {
    let square = ConvTransposeSpec::square;
    let error = refusal(&[3, 4, 4], &[3, 2, 2, 2], square(2, 0));
    assert!(matches!(error, KernelError::Rank { argument: "input", .. }), "{error}");
    let error = refusal(&[1, 3, 4, 4], &[4, 2, 2, 2], square(2, 0));
    let KernelError::Channels { argument: "input", expected: 4, found: 3, .. } = error else {
        panic!("{error}")
    };
    let groups = ConvTransposeSpec { groups: 2, ..square(2, 0) };
    let error = refusal(&[1, 3, 4, 4], &[3, 2, 2, 2], groups);
    assert!(matches!(error, KernelError::Groups { argument: "input", channels: 3, .. }), "{error}");
    let error = refusal(&[1, 3, 4, 4], &[3, 2, 2, 2], square(0, 0));
    assert!(matches!(error, KernelError::ZeroParameter { parameter: "stride", .. }), "{error}");
    let more = ConvTransposeSpec { output_padding: (0, 2), ..square(2, 0) };
    let error = refusal(&[1, 3, 4, 4], &[3, 2, 2, 2], more);
    let KernelError::OutputPadding { most: (2, 2), found: (0, 2), .. } = error else {
        panic!("{error}")
    };
    let error = refusal(&[1, 3, 1, 4], &[3, 2, 2, 2], square(2, 1));
    assert!(matches!(error, KernelError::NothingLeft { whole: (2, 8), .. }), "{error}");
    let error = refusal(&[1, 3, 4, 4], &[3, 2, 2, 2], square(usize::MAX, 0));
    assert!(matches!(error, KernelError::SizeOverflow { parameter: "stride", .. }), "{error}");
    let x = random(&[1, 3, 4, 4], 1);
    let weight = random(&[3, 2, 2, 2], 2);
    let bias = random(&[3], 3);
    let error = refused(conv_transpose2d(&x, &weight, Some(&bias), square(2, 0)));
    let KernelError::Channels { argument: "bias", expected: 2, found: 3, .. } = error else {
        panic!("{error}")
    };
}
