use approx::assert_relative_eq;

use super::{kendall_tau, ranks, spearman_rho};
use crate::StatisticsError;

// Values by hand are met to rounding, a few units in the last place: hence 1e-15.

#[test]
fn by_hand_without_ties() {
    // Pairs (1,2), (1,3), (2,3): the last is ordered contrarily.
    let first = [1.0, 2.0, 3.0];
    let second = [10.0, 30.0, 20.0];
    assert_relative_eq!(kendall_tau(&first, &second).unwrap(), 1.0 / 3.0, epsilon = 1e-15);
    // 1 - 6 (0 + 1 + 1) / (3 (9 - 1)).
    assert_relative_eq!(spearman_rho(&first, &second).unwrap(), 0.5, epsilon = 1e-15);
}

#[test]
fn by_hand_with_ties() {
    // Pairs in order: 12 tied in the first, 13 alike, 14 alike, 23 alike, 24 alike, 34 tied in the
    // second: C = 4, D = 0, five of six apart in each series.
    let first = [1.0, 1.0, 2.0, 3.0];
    let second = [1.0, 2.0, 4.0, 4.0];
    assert_relative_eq!(kendall_tau(&first, &second).unwrap(), 4.0 / 5.0, epsilon = 1e-15);
    // Ranks 1.5, 1.5, 3, 4 and 1, 2, 3.5, 3.5 around 2.5: products 1.5 + 0.5 + 0.5 + 1.5, squares
    // 1 + 1 + 0.25 + 2.25 and 2.25 + 0.25 + 1 + 1.
    assert_eq!(ranks(&first), [1.5, 1.5, 3.0, 4.0]);
    let rho = 4.0 / 4.5;
    assert_relative_eq!(spearman_rho(&first, &second).unwrap(), rho, epsilon = 1e-15);
}

/// The examples in the documentation of SciPy's `kendalltau` and `spearmanr`.
#[test]
fn published_examples() {
    let tau = kendall_tau(&[12.0, 2.0, 1.0, 12.0, 2.0], &[1.0, 4.0, 7.0, 1.0, 0.0]).unwrap();
    assert_relative_eq!(tau, -0.471_404_520_791_031_7, epsilon = 1e-15);
    let rho = spearman_rho(&[1.0, 2.0, 3.0, 4.0, 5.0], &[5.0, 6.0, 7.0, 8.0, 7.0]).unwrap();
    assert_relative_eq!(rho, 0.820_782_681_668_123_3, epsilon = 1e-15);
}

#[test]
fn order_is_all_that_counts() {
    let first: Vec<f64> = (0..30).map(|i| f64::from((i * 7) % 30)).collect();
    let bent: Vec<f64> = first.iter().map(|value| (value / 10.0).exp()).collect();
    let turned: Vec<f64> = first.iter().map(|value| -value).collect();
    for measure in [kendall_tau, spearman_rho] {
        assert_relative_eq!(measure(&first, &bent).unwrap(), 1.0, epsilon = 1e-12);
        assert_relative_eq!(measure(&first, &turned).unwrap(), -1.0, epsilon = 1e-12);
        let other: Vec<f64> = (0..30).map(|i| f64::from((i * 11) % 13)).collect();
        let value = measure(&first, &other).unwrap();
        assert_relative_eq!(value, measure(&other, &first).unwrap(), epsilon = 1e-15);
        assert_relative_eq!(-value, measure(&turned, &other).unwrap(), epsilon = 1e-15);
        assert!(value.abs() < 1.0);
    }
}

#[test]
fn zeros_of_either_sign_are_equal() {
    assert_eq!(ranks(&[0.0, -0.0, 1.0]), [1.5, 1.5, 3.0]);
}

#[test]
fn what_cannot_be_ranked_is_refused() {
    for measure in [kendall_tau, spearman_rho] {
        assert!(matches!(measure(&[1.0], &[1.0]), Err(StatisticsError::TooFewPairs { found: 1 })));
        assert!(matches!(
            measure(&[1.0, 2.0], &[1.0]),
            Err(StatisticsError::PairCount { first: 2, second: 1 })
        ));
        assert!(matches!(
            measure(&[1.0, f64::NAN], &[1.0, 2.0]),
            Err(StatisticsError::NotFinite { index: 1, .. })
        ));
        let constant = measure(&[1.0, 2.0, 3.0], &[4.0, 4.0, 4.0]);
        assert!(matches!(constant, Err(StatisticsError::Constant { series: "second", .. })));
    }
}
