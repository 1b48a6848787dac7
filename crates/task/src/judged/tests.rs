use approx::assert_relative_eq;
use candle_core::Device;
use dartloom_metrics::testkit::Measured;

use super::*;
use crate::testkit::{Trial, check_task};
use crate::{MultiLabel, Regression};

fn numbers(salt: usize) -> Tensor {
    let all: Vec<f64> = (0..6).map(|i| ((i * 7 + salt) as f64 * 1.3).sin() * 2.0).collect();
    Tensor::from_vec(all, (3, 2), &Device::Cpu).unwrap()
}

fn labels(salt: usize) -> Tensor {
    let all: Vec<f64> = (0..6).map(|i| ((i * 5 + salt) % 3 % 2) as f64).collect();
    Tensor::from_vec(all, (3, 2), &Device::Cpu).unwrap()
}

fn trial(targets: TargetSpec, target: impl Fn(usize) -> Tensor) -> Trial {
    let batch = |salt| Measured { output: numbers(salt), target: target(salt + 50) };
    Trial { targets, batches: (0..3).map(batch).collect(), adds_up: true }
}

#[test]
fn judged_tasks_obey_and_name_their_measure_first() {
    let values = TargetSpec::Values(2);
    let flags = TargetSpec::Labels(2);
    let regression: Arc<dyn Task> = Arc::new(Regression::new(2).unwrap());
    let multi_label: Arc<dyn Task> = Arc::new(MultiLabel::new(2).unwrap());
    for (by, higher) in [(Measure::R2, true), (Measure::Mae, false), (Measure::Rmse, false)] {
        let task = Judged::new(Arc::clone(&regression), by, values).unwrap();
        check_task(&task, &trial(values, numbers)).unwrap();
        assert_eq!(task.objective().better(2.0, 1.0), higher, "{by:?}");
        assert_ne!(task.identity(), regression.identity());
        assert!(Judged::new(Arc::clone(&multi_label), by, flags).is_err());
    }
    for (by, higher) in [(Measure::Bce, false), (Measure::MeanAuc, true)] {
        let task = Judged::new(Arc::clone(&multi_label), by, flags).unwrap();
        check_task(&task, &trial(flags, labels)).unwrap();
        assert_eq!(task.objective().better(2.0, 1.0), higher, "{by:?}");
        let error = Judged::new(Arc::clone(&regression), by, values).unwrap_err().to_string();
        assert!(error.starts_with("by: expected a measure"), "{error}");
    }
}

/// Logits ln 3 and 0 of a label that is there and one that is not.
#[test]
fn the_cross_entropy_is_that_by_hand() {
    let flags = TargetSpec::Labels(2);
    let task = Arc::new(MultiLabel::new(2).unwrap());
    let task = Judged::new(task, Measure::Bce, flags).unwrap();
    let mut scorer = task.scorer();
    assert!(scorer.scores().is_empty());
    let logits = Tensor::new(&[[3.0_f64.ln(), 0.0]], &Device::Cpu).unwrap();
    scorer.update(&logits, &Tensor::new(&[[1.0_f32, 0.0]], &Device::Cpu).unwrap()).unwrap();
    let expected = ((4.0_f64 / 3.0).ln() + 2.0_f64.ln()) / 2.0;
    let found = scorer.scores().get("bce").unwrap();
    assert_relative_eq!(found, expected, max_relative = 1e-12);
}
