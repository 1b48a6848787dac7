use candle_core::{Device, Tensor};
use proptest::prelude::*;

use crate::{RelaxError, entropy, entropy_of_rows};

fn row(weights: &[f64]) -> f64 {
    entropy_of_rows([weights]).unwrap().mean
}

#[test]
fn uniform_is_one_and_decided_is_zero() {
    approx::assert_relative_eq!(row(&[0.125; 8]), 1.0, max_relative = 1e-15);
    approx::assert_abs_diff_eq!(row(&[0.0, 1.0, 0.0]), 0.0);
    approx::assert_relative_eq!(row(&[0.0; 3]), 1.0);
    approx::assert_abs_diff_eq!(row(&[0.7]), 0.0);
}

#[test]
fn known_values() {
    // -(1/4 log2 1/4 + 3/4 log2 3/4)
    approx::assert_relative_eq!(row(&[0.25, 0.75]), 0.811_278_124_459_132_8, max_relative = 1e-14);
    // 1.5 bits of 2
    approx::assert_relative_eq!(row(&[0.5, 0.25, 0.25, 0.0]), 0.75, max_relative = 1e-14);
}

#[test]
fn tensors_in_single_precision_have_rows_and_a_mean() {
    let weights = Tensor::new(&[[0.5_f32, 0.5], [1.0, 0.0], [0.25, 0.75]], &Device::Cpu).unwrap();
    let found = entropy(&weights).unwrap();
    let expected = [1.0, 0.0, 0.811_278_124_459_132_8];
    approx::assert_relative_eq!(found.rows[..], expected, max_relative = 1e-12);
    approx::assert_relative_eq!(found.mean, expected.iter().sum::<f64>() / 3.0);
}

#[test]
fn a_table_without_rows_has_mean_zero() {
    let found = entropy_of_rows([]).unwrap();
    assert!(found.rows.is_empty());
    approx::assert_abs_diff_eq!(found.mean, 0.0);
}

#[test]
fn what_has_no_share_is_refused_and_named() {
    let found = entropy_of_rows([&[0.5, 0.5][..], &[0.5, -0.1][..]]).unwrap_err();
    assert_eq!(found.to_string(), "row 1, candidate 1: expected a finite weight >= 0, found -0.1");
    for bad in [f64::NAN, f64::INFINITY] {
        let found = entropy_of_rows([&[bad, 0.5][..]]).unwrap_err();
        assert!(matches!(found, RelaxError::Weight { row: 0, column: 0, .. }));
    }
    assert!(matches!(entropy_of_rows([&[][..]]), Err(RelaxError::Shape { .. })));
    let line = Tensor::new(&[0.5_f32, 0.5], &Device::Cpu).unwrap();
    assert!(matches!(entropy(&line), Err(RelaxError::Shape { .. })));
}

proptest! {
    #[test]
    fn neither_scale_nor_order_matters(
        mut weights in prop::collection::vec(0.0_f64..1.0, 2..9),
        scale in 1e-200_f64..1e200,
    ) {
        let expected = row(&weights);
        prop_assert!((0.0..=1.0).contains(&expected));
        weights.iter_mut().for_each(|weight| *weight *= scale);
        weights.reverse();
        approx::assert_abs_diff_eq!(row(&weights), expected, epsilon = 1e-12);
    }
}
