//! Sums over planes against exact ones, over everything their bound speaks of.

use super::{InstructionSet, at_every_width, some};
use crate::simd::{Moments, PairSums};

/// The bound of the sums, relative to the sum of what is added without signs.
const BOUND: f64 = 1e-6;

/// Mean over deviation.
const RATIOS: [f32; 7] = [0.0, 1.0, 3.0, 10.0, 30.0, 100.0, 1000.0];

/// Planes from one value to a million: around every register width, of images, and long ones.
const LENGTHS: [usize; 27] = [
    1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 25, 31, 33, 49, 63, 64, 65, 127, 196, 513, 1024, 3136,
    10_001, 131_072, 1_000_000,
];

/// Values of mean 0 and deviation about 1, in several ways to be unlike one another.
fn shapes(len: usize) -> Vec<(&'static str, Vec<f32>)> {
    let uniform: Vec<f32> = some(len, 1).iter().map(|x| x * 1.7).collect();
    // Equal terms round alike, so that their errors do not cancel.
    let two_valued = (0..len).map(|i| if i * 7 % 13 < 6 { 1.1 } else { -0.93 }).collect();
    let ramp = (0..len).map(|i| (i as f32 / len as f32 - 0.5) * 3.4).collect();
    // The first value is far from all others.
    let mut outlier: Vec<f32> = uniform.iter().map(|x| x * 0.1).collect();
    outlier[0] = (len as f32).sqrt();
    vec![("uniform", uniform), ("two-valued", two_valued), ("ramp", ramp), ("outlier", outlier)]
}

/// Every plane of the stated range: its shape, mean over deviation, and values.
fn planes(mut test: impl FnMut(&str, f32, &[f32])) {
    for len in LENGTHS {
        for (shape, values) in shapes(len) {
            for ratio in RATIOS {
                let plane: Vec<f32> = values.iter().map(|x| x + ratio).collect();
                test(shape, ratio, &plane);
            }
        }
    }
}

fn exact(x: &[f32]) -> (f64, f64) {
    let sum: f64 = x.iter().map(|x| f64::from(*x)).sum();
    let mean = sum / x.len() as f64;
    let distances = || x.iter().map(|x| f64::from(*x) - mean);
    let rest: f64 = distances().sum();
    (sum, distances().map(|d| d * d).sum::<f64>() - rest * rest / x.len() as f64)
}

/// The largest relative error of the variance for every mean over deviation.
fn worst_variances(set: InstructionSet) -> Vec<f64> {
    let mut worst = vec![0.0f64; RATIOS.len()];
    planes(|shape, ratio, plane| {
        let (sum, squares) = exact(plane);
        let found = set.dispatch(Moments(plane));
        let len = plane.len() as f64;
        let mean = sum / len;
        let deviation = (squares / len).sqrt();
        let place = format!("{set}, {shape}, {len} values, mean {ratio}");
        if squares == 0.0 {
            assert!(found.1 <= 1e-12 * mean * mean, "{place}: {found:?}");
            return;
        }
        let error = (found.1 - squares).abs() / squares;
        assert!(error <= BOUND, "{place}: {found:?}, not {squares}, error {error:.1e}");
        let of_mean = (found.0 / len - mean).abs() / deviation;
        assert!(of_mean <= BOUND, "{place}: mean {}, error {of_mean:.1e}", found.0 / len);
        let ratio = RATIOS.iter().position(|of| of.to_bits() == ratio.to_bits()).unwrap();
        worst[ratio] = worst[ratio].max(error);
    });
    worst
}

/// The table in docs/performance.md: run it with `--nocapture`.
#[test]
fn variances_are_exact_to_a_millionth_at_every_width() {
    let titles: Vec<String> = RATIOS.iter().map(|ratio| format!("{ratio}")).collect();
    println!("| instruction set | {} |", titles.join(" | "));
    at_every_width(|set| {
        let worst = worst_variances(set);
        let worst: Vec<String> = worst.iter().map(|error| format!("{error:.1e}")).collect();
        println!("| {set} | {} |", worst.join(" | "));
    });
}

#[test]
fn a_mean_of_a_million_deviations_does_no_harm() {
    at_every_width(|set| {
        for len in LENGTHS.into_iter().filter(|len| *len <= 10_001) {
            // Multiples of 1/16 up to 2^20 are exact in single precision.
            let x: Vec<f32> = (0..len).map(|i| 262_144.0 + (i * 7 % 13) as f32 / 16.0).collect();
            let (_, squares) = exact(&x);
            let found = set.dispatch(Moments(&x));
            assert!((found.1 - squares).abs() <= BOUND * squares + 1e-9, "{set} {len}: {found:?}");
        }
        assert_eq!(set.dispatch(Moments(&[])), (0.0, 0.0));
    });
}

#[test]
fn what_is_no_number_stays_none() {
    at_every_width(|set| {
        for len in [1, 5, 17, 70] {
            for (place, value) in [(0, f32::NAN), (len - 1, f32::NAN), (len / 2, f32::INFINITY)] {
                let mut x = some(len, 1);
                x[place] = value;
                let (sum, squares) = set.dispatch(Moments(&x));
                assert!(!sum.is_finite() && squares.is_nan(), "{set} {len}: {sum} {squares}");
            }
        }
    });
}

#[test]
fn pair_sums_are_exact_to_a_millionth_at_every_width() {
    at_every_width(|set| {
        planes(|shape, ratio, value| {
            let len = value.len();
            // As many gradients of one sign as make their sum large, too.
            let gradient: Vec<f32> = some(len, 2).iter().map(|g| g + 0.3).collect();
            let mean = exact(value).0 / len as f64;
            let pairs = || {
                let wide = |x: &f32| f64::from(*x);
                gradient.iter().map(wide).zip(value.iter().map(move |y| wide(y) - mean))
            };
            let plain: f64 = pairs().map(|(g, _)| g).sum();
            let weighted: f64 = pairs().map(|(g, y)| g * y).sum();
            let (all, all_weighted) =
                pairs().fold((0.0, 0.0), |sums, (g, y)| (sums.0 + g.abs(), sums.1 + (g * y).abs()));
            let found = set.dispatch(PairSums { gradient: &gradient, value, mean });
            let place = format!("{set}, {shape}, {len} values, mean {ratio}");
            assert!((found.0 - plain).abs() <= BOUND * all, "{place}: {found:?}, not {plain}");
            let error = (found.1 - weighted).abs();
            assert!(error <= BOUND * all_weighted + 1e-12, "{place}: {found:?}, not {weighted}");
        });
    });
}
