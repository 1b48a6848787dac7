use approx::assert_abs_diff_eq;
use proptest::prelude::*;

use super::*;

/// Two-sided 95 % and 99 % points from printed tables.
const TABLE: [(f64, f64, f64); 11] = [
    (1.0, 12.706_205, 63.656_741),
    (2.0, 4.302_653, 9.924_843),
    (3.0, 3.182_446, 5.840_909),
    (4.0, 2.776_445, 4.604_095),
    (5.0, 2.570_582, 4.032_143),
    (9.0, 2.262_157, 3.249_836),
    (10.0, 2.228_139, 3.169_273),
    (20.0, 2.085_963, 2.845_340),
    (30.0, 2.042_272, 2.749_996),
    (60.0, 2.000_298, 2.660_283),
    (120.0, 1.979_930, 2.617_421),
];

#[test]
fn quantiles_agree_with_printed_tables() {
    for (freedom, at_95, at_99) in TABLE {
        let quantile = |p| student_t_quantile(p, freedom).unwrap();
        assert_abs_diff_eq!(quantile(0.975), at_95, epsilon = 1e-6);
        assert_abs_diff_eq!(quantile(0.995), at_99, epsilon = 1e-6);
        assert_abs_diff_eq!(quantile(0.025), -at_95, epsilon = 1e-6);
        assert_abs_diff_eq!(student_t_cdf(at_95, freedom).unwrap(), 0.975, epsilon = 1e-7);
    }
}

#[test]
fn one_and_two_degrees_of_freedom_have_closed_forms() {
    for t in [-50.0, -3.0, -0.7, -1e-3, 0.0, 1e-3, 0.4, 1.0, 2.5, 1e3] {
        let cauchy = 0.5 + f64::atan(t) / std::f64::consts::PI;
        assert_abs_diff_eq!(student_t_cdf(t, 1.0).unwrap(), cauchy, epsilon = 1e-14);
        let two = 0.5 + t / (2.0 * (2.0 + t * t).sqrt());
        assert_abs_diff_eq!(student_t_cdf(t, 2.0).unwrap(), two, epsilon = 1e-14);
    }
}

#[test]
fn many_degrees_of_freedom_approach_the_normal_distribution() {
    assert_abs_diff_eq!(student_t_quantile(0.975, 1e6).unwrap(), 1.959_966, epsilon = 1e-5);
}

#[test]
fn the_centre_and_the_ends() {
    assert_abs_diff_eq!(student_t_quantile(0.5, 7.0).unwrap(), 0.0, epsilon = 1e-12);
    assert_abs_diff_eq!(student_t_cdf(0.0, 7.0).unwrap(), 0.5, epsilon = 1e-15);
    assert_eq!(student_t_cdf(f64::INFINITY, 3.0), Some(1.0));
    assert_eq!(student_t_cdf(f64::NEG_INFINITY, 3.0), Some(0.0));
    assert_eq!(student_t_cdf(1e200, 3.0), Some(1.0));
}

#[test]
fn what_has_no_answer_gives_none() {
    for freedom in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(student_t_cdf(1.0, freedom), None);
        assert_eq!(student_t_quantile(0.9, freedom), None);
    }
    assert_eq!(student_t_cdf(f64::NAN, 3.0), None);
    for probability in [0.0, 1.0, -0.1, 1.1, f64::NAN] {
        assert_eq!(student_t_quantile(probability, 3.0), None);
    }
}

#[test]
fn the_gamma_function_at_known_places() {
    assert_abs_diff_eq!(ln_gamma(0.5), std::f64::consts::PI.sqrt().ln(), epsilon = 1e-14);
    assert_abs_diff_eq!(ln_gamma(1.0), 0.0, epsilon = 1e-14);
    assert_abs_diff_eq!(ln_gamma(2.0), 0.0, epsilon = 1e-14);
    assert_abs_diff_eq!(ln_gamma(11.0), 3_628_800.0_f64.ln(), epsilon = 1e-13);
    // 170!, near the largest that has a double.
    assert_abs_diff_eq!(ln_gamma(171.0), 7.257_415_615_307_994e306_f64.ln(), epsilon = 1e-11);
}

proptest! {
    #[test]
    fn cdf_and_quantile_are_inverse(p in 0.001..0.999, freedom in 1.0..200.0) {
        let t = student_t_quantile(p, freedom).unwrap();
        assert_abs_diff_eq!(student_t_cdf(t, freedom).unwrap(), p, epsilon = 1e-12);
    }

    #[test]
    fn the_cdf_rises_and_is_symmetric(t in -30.0..30.0, step in 0.0..3.0, freedom in 0.5..500.0) {
        let at = |t| student_t_cdf(t, freedom).unwrap();
        prop_assert!(at(t + step) + 1e-14 >= at(t));
        assert_abs_diff_eq!(at(t) + at(-t), 1.0, epsilon = 1e-14);
    }
}
