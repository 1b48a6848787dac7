use candle_core::{DType, Tensor};
use proptest::prelude::*;

use super::super::geometry::Geometry;
use super::super::{Wanted, dense};
use super::{gradients, serves, split};
use crate::probe::{agrees_with_double, at_every_width, random, same_on_any_threads, values};
use crate::{ConvSpec, conv2d, reference};

/// Shapes of input and weight, and the padding.
type Case = ([usize; 4], [usize; 4], (usize, usize));

fn spec(padding: (usize, usize)) -> ConvSpec {
    ConvSpec { padding, ..ConvSpec::default() }
}

fn tensors(case: &Case) -> [Tensor; 2] {
    [random(&case.0, 1), random(&case.1, 2)]
}

fn geometry(case: &Case) -> Geometry {
    let [x, weight] = tensors(case);
    Geometry::new(&x, &weight, spec(case.2)).unwrap()
}

fn cases() -> Vec<Case> {
    vec![
        ([2, 16, 8, 8], [16, 16, 3, 3], (1, 1)),
        // Channels that fill no register, odd sizes, every padding.
        ([1, 8, 5, 7], [9, 8, 3, 3], (1, 1)),
        ([3, 17, 6, 9], [35, 17, 3, 3], (0, 2)),
        ([2, 33, 13, 10], [8, 33, 3, 3], (2, 1)),
        ([5, 12, 3, 3], [20, 12, 3, 3], (1, 1)),
        // One pixel; strips that take several images, and images of several strips.
        ([1, 10, 1, 1], [11, 10, 3, 3], (1, 1)),
        ([9, 64, 2, 2], [72, 64, 3, 3], (1, 1)),
        ([1, 8, 70, 33], [8, 8, 3, 3], (1, 1)),
        ([2, 8, 4, 150], [8, 8, 3, 3], (1, 0)),
    ]
}

/// The allowed error: sums over inputs, taps and outputs of numbers of order one, of which the
/// longest have some thousand terms; see the bound of the tests of all convolutions.
fn tolerance(case: &Case) -> f64 {
    let products = (case.0[0] * case.0[2] * case.0[3]) as f64;
    (products * 2_f64.powi(-24) / 7.0).max(2e-5)
}

fn agrees(case: &Case) {
    assert!(serves(&geometry(case)), "{case:?}");
    agrees_with_double(
        &tensors(case),
        tolerance(case),
        |t| conv2d(&t[0], &t[1], spec(case.2)),
        |t| reference::conv2d(&t[0], &t[1], spec(case.2)),
    );
}

#[test]
fn it_is_the_double_reference_at_every_width() {
    cases().iter().for_each(agrees);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_size_is_the_double_reference(
        batch in 1usize..6,
        channels in (8usize..40, 8usize..40),
        size in (1usize..24, 1usize..24),
        padding in (1usize..3, 1usize..3),
    ) {
        let input = [batch, channels.0, size.0, size.1];
        agrees(&(input, [channels.1, channels.0, 3, 3], padding));
    }
}

#[test]
fn threads_do_not_change_a_byte() {
    for case in cases() {
        same_on_any_threads(&tensors(&case), |t| conv2d(&t[0], &t[1], spec(case.2)));
    }
}

/// Root of the mean square of the distance to the result in double precision.
fn error(found: &[f32], exact: &[f64]) -> f64 {
    assert_eq!(found.len(), exact.len());
    let squares = found.iter().zip(exact).map(|(a, b)| (f64::from(*a) - b).powi(2));
    (squares.sum::<f64>() / exact.len() as f64).sqrt()
}

/// Fewer products are added up, which makes good what the transformations round.
#[test]
fn it_errs_no_more_than_the_direct_sum() {
    for case in [
        ([4, 16, 20, 20], [16, 16, 3, 3], (1, 1)),
        ([2, 64, 12, 12], [32, 64, 3, 3], (1, 1)),
        ([1, 256, 8, 8], [64, 256, 3, 3], (1, 1)),
    ] {
        let geometry = geometry(&case);
        let single = |tensor: &Tensor| -> Vec<f32> {
            tensor.to_dtype(DType::F32).unwrap().flatten_all().unwrap().to_vec1().unwrap()
        };
        let [x, weight] = tensors(&case).map(|tensor| single(&tensor));
        let wide = |values: &[f32]| -> Vec<f64> { values.iter().map(|x| f64::from(*x)).collect() };
        let exact = [wide(&x), wide(&weight)];
        let gradient =
            single(&random(&[geometry.batch * geometry.channels_out * geometry.output_plane()], 3));
        let both = Wanted { input: true, weight: true };
        at_every_width(|arch| {
            let y = dense::forward(arch, &geometry, &exact[0], &exact[1]);
            let own = super::forward(arch, &geometry, &x, &weight);
            let direct = dense::forward(arch, &geometry, &x, &weight);
            assert!(error(&own, &y) <= 1.1 * error(&direct, &y), "{arch}, result");
            let wide = wide(&gradient);
            let of = dense::gradients(arch, &geometry, &exact[0], &exact[1], &wide, both);
            let own = gradients(arch, &geometry, &x, &weight, &gradient, both);
            let direct = dense::gradients(arch, &geometry, &x, &weight, &gradient, both);
            let pairs =
                [(own.input, direct.input, of.input), (own.weight, direct.weight, of.weight)];
            for (argument, (own, direct, of)) in pairs.into_iter().enumerate() {
                let of = of.unwrap();
                let own = error(&own.unwrap(), &of);
                let direct = error(&direct.unwrap(), &of);
                assert!(own <= 2.0 * direct, "{arch}, gradient {argument}: {own:e}, {direct:e}");
            }
        });
    }
}

#[test]
fn infinities_and_no_numbers_do_not_vanish() {
    let [x, weight] = tensors(&([1, 8, 6, 6], [8, 8, 3, 3], (1, 1)))
        .map(|tensor| tensor.to_dtype(DType::F32).unwrap());
    for bad in [f32::NAN, f32::INFINITY] {
        let mut pixels: Vec<f32> = x.flatten_all().unwrap().to_vec1().unwrap();
        pixels[2 * 6 + 3] = bad;
        let x = Tensor::from_vec(pixels, x.shape(), x.device()).unwrap();
        let y = values(&conv2d(&x, &weight, spec((1, 1))).unwrap());
        for (index, y) in y.iter().enumerate() {
            let near = (1..4).contains(&(index / 6 % 6)) && (2..5).contains(&(index % 6));
            assert_eq!(!y.is_finite(), near, "{index}: {y}");
        }
    }
}

#[test]
fn other_windows_are_left_to_others() {
    let square = ConvSpec::square(1, 1);
    for (input, weight, spec) in [
        ([1, 7, 5, 5], [8, 7, 3, 3], square),
        ([1, 8, 5, 5], [7, 8, 3, 3], square),
        ([1, 8, 5, 5], [8, 8, 3, 3], ConvSpec::square(2, 1)),
        ([1, 8, 5, 5], [8, 8, 3, 3], ConvSpec::square(1, 3)),
        ([1, 16, 5, 5], [16, 8, 3, 3], ConvSpec { groups: 2, ..square }),
        ([1, 8, 5, 5], [8, 8, 3, 3], ConvSpec { dilation: (1, 2), ..square }),
        ([1, 8, 5, 5], [8, 8, 5, 3], square),
    ] {
        let geometry = Geometry::new(&random(&input, 1), &random(&weight, 2), spec).unwrap();
        assert!(!serves(&geometry), "{spec:?}");
    }
}

#[test]
fn ranges_are_split_whole_and_evenly() {
    for (len, most) in [(0, 3), (1, 3), (9, 3), (10, 3), (11, 4), (5, 0)] {
        let parts: Vec<_> = split(2..2 + len, most).collect();
        assert!(parts.iter().all(|part| part.len() <= most.max(1)), "{parts:?}");
        assert_eq!(
            parts.iter().cloned().flatten().collect::<Vec<_>>(),
            (2..2 + len).collect::<Vec<_>>()
        );
    }
}
