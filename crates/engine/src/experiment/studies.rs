//! Presets of studies: what is learnt, and by which network.

use std::path::Path;

use dartloom::presets::{self, Scale};
use dartloom::space::Hidden;
use dartloom::train::{FitConfig, WeightStep};

use super::read::parse;
use super::*;
use crate::error::EngineError;

fn read(text: &str) -> Result<Experiment, EngineError> {
    parse(text, Path::new("trial.ron"), &Chosen::default())
}

#[test]
fn a_study_brings_its_task_its_head_and_its_training() {
    let read_method = |text: &str| read(&format!("(data: Digits, scale: Small, {text})")).unwrap();
    let zoo = read_method("method: \"galaxy_zoo\"");
    let own = presets::galaxy_zoo().scaled(Scale::Small);
    let study = own.study.clone().unwrap();
    assert_eq!(zoo.task, Some(Named::Known(study.task)));
    assert_eq!(zoo.hidden, study.hidden);
    let fit = FitConfig { crop_padding: 1, ..study.fit };
    assert_eq!(zoo.retrain.fit, fit);
    assert_eq!(zoo.method[0].search.bilevel, own.search.bilevel);
    // A file says otherwise, part by part.
    let text = "method: \"galaxy_zoo\", hidden: [8], retrain: (fit: (weight_step: Sgd)), \
                search: (bilevel: (weight_adam: (weight_decay: 0.5))), \
                task: DecisionTree(tree: Questions([(name: \"seen\", answers: [\"yes\", \"no\"])]))";
    let own = read_method(text);
    assert_eq!(own.hidden, Hidden::new([8]));
    assert_eq!(own.retrain.fit, FitConfig { weight_step: WeightStep::Sgd, ..fit });
    let adam = own.method[0].search.bilevel.weight_adam;
    assert!((adam.weight_decay - 0.5).abs() < 1e-12 && (adam.beta1 - 0.9).abs() < 1e-12);
    assert_ne!(own.task, zoo.task);
    // The first method says what is learnt; another one only how it searches.
    let beside = read_method("method: [\"darts\", \"graphene\"]");
    assert_eq!((beside.task, beside.hidden), (None, Hidden::default()));
    assert_eq!(beside.retrain, Scale::Small.comparison().retrain);
    assert_eq!(beside.method[1].search.bilevel.weight_step, WeightStep::Adam);
}

#[test]
fn studies_plan_on_data_of_their_kind_alone() {
    let plan = |text: &str| Plan::new(read(text).unwrap(), "trial.ron");
    let digits = plan("(data: Digits, scale: Small, method: \"mnist\", hidden: [16])").unwrap();
    let space = digits.comparison().methods[0].space.clone();
    assert_eq!(space.network().hidden(), Some(&Hidden::new([16])));
    let error = plan("(data: Digits, scale: Small, method: \"graphene\")").unwrap_err();
    let expected = "task: regression needs values, found one of 10 classes";
    assert!(error.to_string().contains(expected), "{error}");
}

#[test]
fn heads_and_weight_steps_are_written_and_read() {
    let text = "(data: Digits, scale: Small, ops: [\"skip_connect\", \"sep_conv_3x3\"], \
                hidden: (widths: [64, 32], dropout: 0.5), penalties: [(kind: L1, to: 0.1)], \
                search: (bilevel: (weight_step: Adam)))";
    let experiment = read(text).unwrap();
    assert_eq!(experiment.hidden, Hidden::new([64, 32]).with_dropout(0.5).unwrap());
    let written = to_ron(&experiment).unwrap();
    assert_eq!(read(&written).unwrap(), experiment);
    // What is usual is not written, so that files of before are as they were.
    let plain = to_ron(&read("(data: Digits, scale: Small)").unwrap()).unwrap();
    assert!(!["hidden", "weight_step", "weight_adam"].iter().any(|key| plain.contains(key)));
    let error = read("(data: Digits, hidden: [0])").unwrap_err().to_string();
    assert!(error.contains("the width of a hidden layer must be 1 to 65536"), "{error}");
}
