#![allow(clippy::float_cmp, reason = "shares of small counts are exact")]

use approx::assert_relative_eq;
use dartloom_data::testkit::black;
use dartloom_data::{ImageShape, InMemory, TargetSpec};

use super::*;
use crate::usual;

/// Images of 1x2 pixels with these targets.
fn data(spec: TargetSpec, images: usize, targets: Targets) -> InMemory {
    black(ImageShape::new(1, 1, 2), images, spec, targets)
}

fn found(spec: TargetSpec, images: usize, [train, test]: [Targets; 2]) -> Constant {
    let train = data(spec, images, train);
    let test = data(spec, images, test);
    usual(spec).unwrap().constant(&train, &test).unwrap().unwrap()
}

#[test]
fn a_class_is_the_most_frequent_one_to_learn_from_and_the_first_of_equals() {
    let spec = TargetSpec::Class { classes: 3 };
    let sets = [vec![2, 1, 2, 1], vec![1, 2, 2, 2]].map(Targets::Indices);
    let Constant { answer, scores } = found(spec, 4, sets);
    assert_eq!((&*answer, scores.get("accuracy")), ("class 1", Some(0.25)));
}

#[test]
fn a_value_is_the_mean() {
    let sets = [vec![1.0, 10.0, 3.0, 30.0], vec![4.0, 20.0, 2.0, 20.0]].map(Targets::Numbers);
    let Constant { answer, scores } = found(TargetSpec::Values(2), 2, sets);
    assert_eq!(answer, "the mean");
    // Means 2 and 20 against 4, 2 and 20, 20: squared errors 4, 0, 0, 0.
    assert_relative_eq!(scores.get("rmse").unwrap(), 1.0, max_relative = 1e-6);
}

#[test]
fn labels_are_as_they_mostly_are() {
    let sets = [vec![1.0, 0.0, 1.0, 0.0], vec![1.0, 0.0, 0.0, 1.0]].map(Targets::Numbers);
    let Constant { answer, scores } = found(TargetSpec::Labels(2), 2, sets);
    assert_eq!(answer, "the usual labels");
    // Which image is more of a label than another it cannot say.
    assert_relative_eq!(scores.get("mean_auc").unwrap(), 0.5, max_relative = 1e-3);
}

#[test]
fn a_pixel_is_of_the_most_frequent_class_of_those_that_count() {
    let spec = TargetSpec::Mask { classes: 2, ignore: Some(255) };
    let sets = [vec![255, 255, 1, 0, 1, 255], vec![1, 1, 1, 0, 255, 0]].map(Targets::Indices);
    let Constant { answer, scores } = found(spec, 3, sets);
    assert_eq!(answer, "class 1");
    // Class 1: 3 of 5 pixels that are it or called it; class 0: none of 2.
    assert_relative_eq!(scores.get("mean_iou").unwrap(), 0.3, max_relative = 1e-9);
}
