use approx::assert_relative_eq;
use candle_core::{Device, Var};

use super::*;

fn found(task: &Regression) -> (f64, f64, Vec<f64>) {
    let said = Var::new(&[[1.0_f64], [5.0], [-2.5]], &Device::Cpu).unwrap();
    let values = Tensor::new(&[[0.5_f32], [2.0], [1.5]], &Device::Cpu).unwrap();
    let loss = task.loss(&said, &values).unwrap();
    let gradient = loss.sum.backward().unwrap().get(&said).unwrap().flatten_all().unwrap();
    (loss.sum.to_scalar().unwrap(), loss.count, gradient.to_vec1().unwrap())
}

/// Errors 0.5, 3 and -4.
#[test]
fn losses_equal_a_calculation_by_hand() {
    let squared = Regression::new(1).unwrap();
    let (sum, count, gradient) = found(&squared);
    assert_relative_eq!(sum, 0.25 + 9.0 + 16.0);
    assert_eq!((count, gradient), (3.0, vec![1.0, 6.0, -8.0]));
    let huber = squared.with_loss(RegressionLoss::Huber(2.0)).unwrap();
    let (sum, count, gradient) = found(&huber);
    assert_relative_eq!(sum, 0.125 + 2.0 * (3.0 - 1.0) + 2.0 * (4.0 - 1.0));
    assert_eq!((count, gradient), (3.0, vec![0.5, 2.0, -2.0]));
}

#[test]
fn the_lower_error_is_better_and_bad_settings_are_refused() {
    let task = Regression::new(2).unwrap();
    assert!(task.objective().better(0.1, 0.2));
    assert!(Regression::new(0).is_err());
    for delta in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(task.clone().with_loss(RegressionLoss::Huber(delta)).is_err());
    }
    assert!(task.check(&TargetSpec::Values(1)).is_err());
    assert!(task.check(&TargetSpec::Values(2)).is_ok());
}
