use proptest::prelude::*;

use super::{entmax, entmax_one_and_a_half, sparsemax};

fn logits() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(-4.0_f64..4.0, 1..10)
}

fn on_simplex(row: &[f64]) -> bool {
    row.iter().all(|&w| w >= 0.0) && (row.iter().sum::<f64>() - 1.0).abs() < 1e-12
}

fn distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum()
}

#[test]
fn known_values() {
    approx::assert_relative_eq!(sparsemax(&[0.5, 0.0])[..], [0.75, 0.25]);
    approx::assert_relative_eq!(sparsemax(&[3.0, 1.0, 0.0])[..], [1.0, 0.0, 0.0]);
    approx::assert_relative_eq!(sparsemax(&[0.3, 0.3, 0.3, -9.0])[..2], [1.0 / 3.0; 2]);
    // With z / 2 = (1/4, -1/4): (1/4 - t)^2 + (1/4 + t)^2 = 1 at t^2 = 7/16.
    let root = (7.0_f64 / 16.0).sqrt();
    let expected = [(0.25 + root).powi(2), (root - 0.25).powi(2)];
    approx::assert_relative_eq!(
        entmax_one_and_a_half(&[0.5, -0.5])[..],
        expected,
        max_relative = 1e-14
    );
    approx::assert_relative_eq!(entmax_one_and_a_half(&[2.5, 0.4, 0.0])[..], [1.0, 0.0, 0.0]);
}

#[test]
fn huge_entries_stay_finite_and_what_is_no_number_stays_none() {
    for project in [sparsemax, entmax_one_and_a_half, |row: &[f64]| entmax(row, 1.3)] {
        approx::assert_relative_eq!(project(&[1e300, -1e300, 0.0])[..], [1.0, 0.0, 0.0]);
        approx::assert_relative_eq!(project(&[-1e300, -1e300])[..], [0.5, 0.5]);
        assert!(project(&[0.0, f64::NAN]).iter().all(|w| w.is_nan()));
        assert!(project(&[0.0, f64::INFINITY]).iter().all(|w| w.is_nan()));
    }
}

/// Every support is tried: the nearest point of the face it spans, if that is on the simplex.
fn nearest_by_enumeration(row: &[f64]) -> Vec<f64> {
    let faces = 1_usize..1 << row.len();
    let candidates = faces.filter_map(|face| {
        let has = |index: usize| face >> index & 1 == 1;
        let count = face.count_ones();
        let sum: f64 = (0..row.len()).filter(|&i| has(i)).map(|i| row[i]).sum();
        let threshold = (sum - 1.0) / f64::from(count);
        let point: Vec<f64> =
            (0..row.len()).map(|i| if has(i) { row[i] - threshold } else { 0.0 }).collect();
        point.iter().all(|&w| w >= 0.0).then_some(point)
    });
    candidates.min_by(|a, b| distance(a, row).total_cmp(&distance(b, row))).unwrap()
}

proptest! {
    #[test]
    fn sparsemax_is_the_nearest_point(row in prop::collection::vec(-2.0_f64..2.0, 1..7)) {
        let found = sparsemax(&row);
        prop_assert!(on_simplex(&found));
        for (a, b) in found.iter().zip(nearest_by_enumeration(&row)) {
            approx::assert_abs_diff_eq!(*a, b, epsilon = 1e-12);
        }
    }

    /// Three ways to the same points: sorting and halving.
    #[test]
    fn halving_agrees_with_sorting(row in logits()) {
        for (a, b) in entmax(&row, 2.0).iter().zip(sparsemax(&row)) {
            approx::assert_abs_diff_eq!(*a, b, epsilon = 1e-12);
        }
        for (a, b) in entmax(&row, 1.5).iter().zip(entmax_one_and_a_half(&row)) {
            approx::assert_abs_diff_eq!(*a, b, epsilon = 1e-12);
        }
    }

    #[test]
    fn near_one_entmax_is_softmax(row in logits()) {
        let powers: Vec<f64> = row.iter().map(|z| z.exp()).collect();
        let sum: f64 = powers.iter().sum();
        for (found, power) in entmax(&row, 1.0 + 1e-5).iter().zip(powers) {
            // The distance is of the order of `alpha - 1` times the square of a logit.
            approx::assert_abs_diff_eq!(*found, power / sum, epsilon = 1e-4);
        }
    }

    /// The definition of entmax: it maximises `p z + H(p)`, where `H` is Tsallis' entropy. No point
    /// between it and a corner is better.
    #[test]
    fn entmax_is_a_maximum(row in logits(), alpha in 1.1_f64..2.0, step in 1e-4_f64..1.0) {
        let found = entmax(&row, alpha);
        prop_assert!(on_simplex(&found));
        let value = |p: &[f64]| {
            let linear: f64 = p.iter().zip(&row).map(|(p, z)| p * z).sum();
            let tsallis = p.iter().map(|p| p - p.powf(alpha)).sum::<f64>();
            linear + tsallis / (alpha * (alpha - 1.0))
        };
        for corner in 0..row.len() {
            let other: Vec<f64> = (0..row.len())
                .map(|i| (1.0 - step) * found[i] + if i == corner { step } else { 0.0 })
                .collect();
            prop_assert!(value(&other) <= value(&found) + 1e-10);
        }
    }

    #[test]
    fn order_is_kept_and_shifts_do_not_matter(
        row in logits(),
        shift in -30.0_f64..30.0,
        alpha in 1.1_f64..2.0,
    ) {
        let found = entmax(&row, alpha);
        let shifted: Vec<f64> = row.iter().map(|z| z + shift).collect();
        for (a, b) in found.iter().zip(entmax(&shifted, alpha)) {
            approx::assert_abs_diff_eq!(*a, b, epsilon = 1e-9);
        }
        for i in 0..row.len() {
            for j in 0..row.len() {
                prop_assert!(row[i] < row[j] || found[i] >= found[j]);
            }
        }
    }
}
