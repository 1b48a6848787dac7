use approx::assert_relative_eq;
use proptest::prelude::*;

use super::*;

#[test]
fn mean_and_deviation_of_known_values() {
    let values = [2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0];
    assert_relative_eq!(mean(&values).unwrap(), 5.0);
    assert_relative_eq!(sample_sd(&values).unwrap(), (32.0_f64 / 7.0).sqrt());
    assert_eq!((mean(&[]), sample_sd(&[])), (None, None));
    assert_eq!((mean(&[3.0]), sample_sd(&[3.0])), (Some(3.0), None));
}

#[test]
fn the_sleep_data_of_the_first_t_test() {
    // Student (1908), hours of sleep gained with two drugs by ten patients: t = 4.0621, p =
    // 0.002833, and the interval 0.7001142 to 2.4598858, in every textbook.
    let first = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4];
    let second = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0];
    let found = paired(&first, &second).unwrap();
    let test = found.test.unwrap();
    assert_eq!((found.pairs, test.degrees_of_freedom), (10, 9));
    assert_relative_eq!(found.mean_difference, 1.58, epsilon = 1e-12);
    assert_relative_eq!(test.t, 4.062_128, epsilon = 1e-6);
    assert_relative_eq!(test.p_value, 0.002_833, epsilon = 1e-6);
    assert_relative_eq!(found.lower, 0.700_114_2, epsilon = 1e-7);
    assert_relative_eq!(found.upper, 2.459_885_8, epsilon = 1e-7);
    assert_relative_eq!(found.standard_error, found.difference_sd / 10.0_f64.sqrt());
}

#[test]
fn constant_differences_have_an_interval_but_no_test() {
    for (first, second) in [([3.0, 4.0, 5.0], [1.0, 2.0, 3.0]), ([0.3, 0.5, 0.7], [0.1, 0.3, 0.5])]
    {
        let found = paired(&first, &second).unwrap();
        assert_eq!(found.test, None);
        assert!(found.difference_sd.abs() < f64::MIN_POSITIVE, "rounding counts as no spread");
        assert_relative_eq!(found.lower, first[0] - second[0], epsilon = 1e-15);
        assert_relative_eq!(found.upper, found.lower);
    }
    let equal = paired(&[1.0, 2.0], &[1.0, 2.0]).unwrap();
    assert_eq!((equal.mean_difference.abs() < f64::MIN_POSITIVE, equal.test), (true, None));
}

#[test]
fn what_cannot_be_compared_is_refused() {
    let refuse = |first: &[f64], second: &[f64]| paired(first, second).unwrap_err();
    assert!(matches!(refuse(&[], &[]), StatisticsError::TooFewPairs { found: 0 }));
    assert!(matches!(refuse(&[1.0], &[2.0]), StatisticsError::TooFewPairs { found: 1 }));
    assert!(matches!(
        refuse(&[1.0; 2], &[2.0; 3]),
        StatisticsError::PairCount { first: 2, second: 3 }
    ));
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let found = refuse(&[1.0, bad], &[1.0, 1.0]);
        assert!(matches!(found, StatisticsError::NotFinite { index: 1, .. }));
    }
    let found = refuse(&[f64::INFINITY, 0.0], &[f64::INFINITY, 0.0]);
    assert!(matches!(found, StatisticsError::NotFinite { index: 0, .. }));
    assert!(matches!(
        refuse(&[f64::MAX, 0.0], &[-f64::MAX, 0.0]),
        StatisticsError::NotFinite { .. }
    ));
    assert!(matches!(refuse(&[1e300, -1e300], &[0.0, 0.0]), StatisticsError::Overflow));
}

proptest! {
    #[test]
    fn a_comparison_is_finite_and_turns_around(
        pairs in prop::collection::vec((-1e3..1e3, -1e3..1e3), 2..30)
    ) {
        let (first, second): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
        let there = paired(&first, &second).unwrap();
        let back = paired(&second, &first).unwrap();
        assert_relative_eq!(there.mean_difference, -back.mean_difference);
        assert_relative_eq!(there.lower, -back.upper);
        let test = there.test.unwrap();
        prop_assert!((0.0..=1.0).contains(&test.p_value) && test.t.is_finite());
        // The interval leaves out zero exactly when the test is significant at 5 %.
        let outside = there.lower > 0.0 || there.upper < 0.0;
        prop_assert!(outside == (test.p_value < 0.05) || (test.p_value - 0.05).abs() < 1e-9);
    }
}
