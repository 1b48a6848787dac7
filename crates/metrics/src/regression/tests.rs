use approx::assert_relative_eq;
use candle_core::{Device, Tensor};

use super::*;

/// Errors 1, -1, 0 against 1, 2, 3 and errors 0, 2, 0 against 4, 4, 4.
#[test]
fn scores_equal_a_calculation_by_hand() {
    let mut scorer = Regression::new(2).unwrap();
    let said = Tensor::new(&[[2.0_f32, 4.0], [1.0, 6.0], [3.0, 4.0]], &Device::Cpu).unwrap();
    let values = Tensor::new(&[[1.0_f32, 4.0], [2.0, 4.0], [3.0, 4.0]], &Device::Cpu).unwrap();
    scorer.update(&said, &values).unwrap();
    let scores = scorer.scores();
    assert_eq!(scores.get("mse"), Some(1.0));
    assert_eq!(scores.iter().next(), Some(("rmse", 1.0)), "the objective first");
    assert_eq!(scores.get("mae"), Some(4.0 / 6.0));
    // Of value 0: 1 - 2 / 2; value 1 has no spread.
    assert_relative_eq!(scores.get("r2").unwrap(), 0.0);
    assert_relative_eq!(scores.get("r2_0").unwrap(), 0.0);
    assert_eq!(scores.get("r2_1"), None);
    // Squared errors 2 and 4, and a spread of 2.
    assert_relative_eq!(scores.get("r2_weighted").unwrap(), -2.0);
    assert_relative_eq!(scores.get("rmse_1").unwrap(), (4.0_f64 / 3.0).sqrt());
}

#[test]
fn one_value_may_be_a_vector_and_a_perfect_prediction_explains_all() {
    let mut scorer = Regression::new(1).unwrap();
    let values = Tensor::new(&[1.0_f32, 2.0, 4.0], &Device::Cpu).unwrap();
    scorer.update(&values, &values).unwrap();
    assert_eq!(scorer.scores().get("r2"), Some(1.0));
    assert_eq!(scorer.scores().get("rmse"), Some(0.0));
    assert_eq!(scorer.scores().get("r2_0"), None);
}

#[test]
fn a_diverged_prediction_shows_and_an_unusable_value_is_named() {
    let mut scorer = Regression::new(1).unwrap();
    let values = Tensor::new(&[1.0_f32, f32::NAN], &Device::Cpu).unwrap();
    let error = scorer.update(&values, &values).unwrap_err().to_string();
    assert_eq!(error, "row 1, value 0: expected a finite number, found NaN");
    assert!(scorer.scores().is_empty());
    let said = Tensor::new(&[f32::NAN], &Device::Cpu).unwrap();
    scorer.update(&said, &Tensor::new(&[1.0_f32], &Device::Cpu).unwrap()).unwrap();
    assert!(scorer.scores().get("rmse").unwrap().is_nan());
    assert!(Regression::new(0).is_err());
}

#[test]
fn every_value_has_a_row() {
    let mut scorer = Regression::new(2).unwrap();
    let said = Tensor::new(&[[2.0_f32, 4.0], [1.0, 6.0], [3.0, 4.0]], &Device::Cpu).unwrap();
    let values = Tensor::new(&[[1.0_f32, 4.0], [2.0, 4.0], [3.0, 4.0]], &Device::Cpu).unwrap();
    scorer.update(&said, &values).unwrap();
    let details = scorer.details();
    let number = |value: Option<f64>| Cell::Number(value);
    let third = |by: f64| Some(by / 3.0);
    let rows = [
        [Cell::Output(0), number(Some(0.0)), number(third(2.0).map(f64::sqrt)), number(third(2.0))],
        [Cell::Output(1), number(None), number(third(4.0).map(f64::sqrt)), number(third(2.0))],
        [Cell::Word("all"), number(Some(0.0)), number(Some(1.0)), number(Some(4.0 / 6.0))],
    ];
    assert_eq!(details.tables[0].rows, rows);
    let scores = scorer.scores();
    let told = details.told.iter().filter(|name| scores.get(name).is_some()).count();
    assert_eq!(told, 5, "{:?}", details.told);
    assert_eq!(Regression::new(1).unwrap().details().tables[0].rows.len(), 1);
}
