#![allow(clippy::float_cmp, reason = "weights without a rule are exact")]

use approx::assert_relative_eq;
use dartloom_data::testkit::black;
use dartloom_data::{ImageShape, InMemory};

use super::*;

fn data(spec: TargetSpec, images: usize, targets: Targets) -> InMemory {
    black(ImageShape::new(1, 1, 4), images, spec, targets)
}

/// Class 0 has 5 pixels in two images, class 1 two in one, class 2 none; one is ignored.
fn masks() -> InMemory {
    let spec = TargetSpec::Mask { classes: 3, ignore: Some(255) };
    data(spec, 2, Targets::Indices(vec![0, 0, 1, 1, 0, 0, 0, 255]))
}

fn found(rule: ClassWeighting) -> Vec<f64> {
    class_weights(&masks(), rule).unwrap()
}

#[test]
fn weights_equal_those_by_hand() {
    let inverse = found(ClassWeighting::InverseFrequency);
    assert_relative_eq!(inverse[0], 7.0 / (2.0 * 5.0), max_relative = 1e-12);
    assert_relative_eq!(inverse[1], 7.0 / (2.0 * 2.0), max_relative = 1e-12);
    // Shares of the images in which they occur: 5/7 and 2/4.
    let median = (5.0 / 7.0 + 0.5) / 2.0;
    let by_median = found(ClassWeighting::MedianFrequency);
    assert_relative_eq!(by_median[0], median / (5.0 / 7.0), max_relative = 1e-12);
    assert_relative_eq!(by_median[1], median / 0.5, max_relative = 1e-12);
    let raw = [5, 2].map(|count| (1.0 - 0.9) / (1.0 - 0.9_f64.powi(count)));
    let mean = (raw[0] + raw[1]) / 2.0;
    let effective = found(ClassWeighting::EffectiveNumber(0.9));
    assert_relative_eq!(effective[0], raw[0] / mean, max_relative = 1e-12);
    assert_relative_eq!(effective[1], raw[1] / mean, max_relative = 1e-12);
    for weights in [inverse, by_median, effective] {
        assert_eq!(weights[2], 1.0, "a class that does not occur");
    }
    assert_eq!(found(ClassWeighting::EffectiveNumber(0.0)), [1.0; 3]);
}

#[test]
fn classes_of_images_are_counted_as_images() {
    let classes = data(TargetSpec::Class { classes: 2 }, 4, Targets::Indices(vec![0, 1, 1, 1]));
    let weights = class_weights(&classes, ClassWeighting::InverseFrequency).unwrap();
    assert_eq!(weights, [2.0, 4.0 / 6.0]);
}

#[test]
fn rare_labels_weigh_as_much_as_their_absence() {
    let targets =
        Targets::Numbers(vec![1.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0]);
    let labels = data(TargetSpec::Labels(3), 4, targets);
    assert_eq!(positive_weights(&labels).unwrap(), [3.0, 1.0, 1.0]);
}

#[test]
fn other_targets_and_rules_are_refused() {
    let values = data(TargetSpec::Values(1), 1, Targets::Numbers(vec![1.0]));
    assert!(class_weights(&values, ClassWeighting::InverseFrequency).is_err());
    assert!(positive_weights(&values).is_err());
    for b in [1.0, -0.1, f64::NAN] {
        assert!(class_weights(&masks(), ClassWeighting::EffectiveNumber(b)).is_err());
    }
}
