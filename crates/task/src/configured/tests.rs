use super::*;

/// One of each, with the targets that it is for.
fn all() -> [(ConfiguredTask, TargetSpec); 4] {
    let classification = ClassificationConfig {
        smoothing: 0.1,
        weights: Some(vec![1.0, 2.0, 3.0]),
        weighting: None,
    };
    let huber = RegressionConfig { loss: RegressionLoss::Huber(0.5), objective: None };
    let segmentation = SegmentationConfig { dice: 1.0, ..SegmentationConfig::default() };
    [
        (ConfiguredTask::Classification(classification), TargetSpec::Class { classes: 3 }),
        (ConfiguredTask::MultiLabel(MultiLabelConfig::default()), TargetSpec::Labels(3)),
        (ConfiguredTask::Regression(huber), TargetSpec::Values(3)),
        (
            ConfiguredTask::Segmentation(segmentation),
            TargetSpec::Mask { classes: 3, ignore: Some(255) },
        ),
    ]
}

#[test]
fn settings_reach_the_task_and_its_identity() {
    for (configured, targets) in all() {
        let task = configured.task(targets).unwrap();
        assert_eq!(task.outputs().channels(), 3);
        let usual = crate::usual(targets).unwrap();
        let differs = !matches!(configured, ConfiguredTask::MultiLabel(_));
        assert_eq!(task.identity() != usual.identity(), differs, "{configured:?}");
    }
}

#[test]
fn the_text_form_reads_back_and_leaves_out_what_is_usual() {
    for (configured, _) in all() {
        let text = serde_json::to_string(&configured).unwrap();
        assert_eq!(serde_json::from_str::<ConfiguredTask>(&text).unwrap(), configured);
    }
    let read = |text: &str| serde_json::from_str::<ConfiguredTask>(text);
    let usual = ConfiguredTask::Regression(RegressionConfig::default());
    assert_eq!(read(r#"{"Regression":{}}"#).unwrap(), usual);
    assert!(read(r#"{"Regression":{"huber":1.0}}"#).is_err());
}

#[test]
fn targets_of_another_task_are_refused_by_kind() {
    for (configured, own) in all() {
        for (_, targets) in all() {
            let refused = configured.task(targets).err();
            assert_eq!(refused.is_some(), targets != own, "{configured:?} of {targets}");
        }
    }
    let labels = ConfiguredTask::MultiLabel(MultiLabelConfig::default());
    let error = labels.task(TargetSpec::Class { classes: 3 }).unwrap_err();
    let expected = "multi_label needs labels that are each there or not, found one of 3 classes";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn settings_that_make_no_sense_are_refused_with_their_name() {
    let usual = ClassificationConfig::default;
    let smoothing = ClassificationConfig { smoothing: 1.0, ..usual() };
    let weights = ClassificationConfig { weights: Some(vec![1.0]), ..usual() };
    let classes = TargetSpec::Class { classes: 2 };
    for (config, field) in [(smoothing, "smoothing"), (weights, "weights")] {
        let error = ConfiguredTask::Classification(config).task(classes).unwrap_err();
        assert!(error.to_string().starts_with(field), "{error}");
    }
    let other = SegmentationConfig { ignore: Some(9), ..SegmentationConfig::default() };
    let masks = TargetSpec::Mask { classes: 2, ignore: Some(255) };
    let error = ConfiguredTask::Segmentation(other).task(masks).unwrap_err();
    assert!(matches!(error, TaskError::Targets { .. }), "{error}");
}

fn read(text: &str) -> ConfiguredTask {
    serde_json::from_str(text).unwrap()
}

const MASKS: TargetSpec = TargetSpec::Mask { classes: 2, ignore: Some(255) };

#[test]
fn losses_and_scores_have_names() {
    let texts = [
        r#"{"CrossEntropy":{"smoothing":0.1}}"#,
        r#"{"Focal":{"gamma":1.5}}"#,
        r#"{"Dice":{"over":"Image","background":false,"smooth":1.0}}"#,
        r#"{"Tversky":{"alpha":0.2,"beta":0.8}}"#,
        r#"{"DiceCrossEntropy":{"share":0.5}}"#,
    ];
    let mut identities = Vec::new();
    for text in texts {
        let text = format!(r#"{{"Segmentation":{{"loss":{text}}}}}"#);
        let task = read(&text).task(MASKS).unwrap();
        assert!(!identities.contains(&task.identity()), "{text}");
        identities.push(task.identity());
    }
    let objects = r#"{"Segmentation":{"scores":{"objects":{}},"objective":"object_f1"}}"#;
    let task = read(objects).task(MASKS).unwrap();
    assert_eq!(task.objective().name, "object_f1");
    let distance = r#"{"Segmentation":{"scores":{"surface":{}},"objective":"hausdorff_95"}}"#;
    let task = read(distance).task(MASKS).unwrap();
    assert_eq!(task.objective().title(), "hausdorff 95 px");
    let r2 = read(r#"{"Regression":{"objective":"r2"}}"#);
    assert_eq!(r2.task(TargetSpec::Values(1)).unwrap().objective().name, "r2");
    let labels =
        r#"{"MultiLabel":{"loss":{"Focal":{}},"positive_weights":[1,2],"objective":"bce"}}"#;
    let task = read(labels).task(TargetSpec::Labels(2)).unwrap();
    assert_eq!(task.objective().title(), "bce");
}

#[test]
fn losses_and_scores_that_make_no_sense_are_refused_with_their_name() {
    let rows = [
        (r#"{"Segmentation":{"loss":{"Dice":{"smooth":0}}}}"#, "smooth: expected a finite number"),
        (r#"{"Segmentation":{"loss":{"Focal":{"gamma":-1}}}}"#, "gamma: expected"),
        (r#"{"Segmentation":{"loss":{"Tversky":{"beta":-1}}}}"#, "beta: expected"),
        (r#"{"Segmentation":{"loss":{"Focal":{}},"dice":1}}"#, "dice: expected 0 beside a `loss`"),
        (r#"{"Segmentation":{"objective":"object_f1"}}"#, "objective: expected one of mean_iou,"),
        (r#"{"Segmentation":{"scores":{"surface":{"tolerance":-1}}}}"#, "tolerance: expected"),
        (r#"{"Segmentation":{"scores":{"objects":{"thresholds":[]}}}}"#, "thresholds: expected"),
        (
            r#"{"Segmentation":{"weighting":"InverseFrequency"}}"#,
            "weighting: expected weights that",
        ),
    ];
    for (text, expected) in rows {
        let error = read(text).task(MASKS).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    }
    assert!(
        serde_json::from_str::<ConfiguredTask>(r#"{"Segmentation":{"loss":"Focall"}}"#).is_err()
    );
}

#[test]
fn weights_are_measured_on_the_training_data() {
    let shape = dartloom_data::ImageShape::new(1, 1, 4);
    let plain = dartloom_data::Normalization::scaled(255.0, 1).unwrap();
    let data = |spec, targets| {
        let plain = plain.clone();
        dartloom_data::InMemory::with_targets(shape, spec, vec![0; 8], targets, plain).unwrap()
    };
    let masks = dartloom_data::Targets::Indices(vec![0, 0, 0, 1, 255, 255, 0, 0]);
    let masks = data(MASKS, masks);
    let rule = read(r#"{"Segmentation":{"weighting":"InverseFrequency"}}"#);
    assert!(rule.needs_measuring());
    let ConfiguredTask::Segmentation(measured) = rule.measured(&masks).unwrap() else { panic!() };
    assert_eq!(measured.weights, Some(vec![6.0 / 10.0, 6.0 / 2.0]));
    assert!(measured.weighting.is_none());
    let both = read(r#"{"Segmentation":{"weighting":"InverseFrequency","weights":[1,1]}}"#);
    let error = both.measured(&masks).unwrap_err().to_string();
    assert!(error.starts_with("weighting: expected either a rule or weights"), "{error}");
    let labels = dartloom_data::Targets::Numbers(vec![1.0, 0.0, 1.0, 1.0, 0.0, 1.0]);
    let labels = data(TargetSpec::Labels(3), labels);
    let rule = read(r#"{"MultiLabel":{"positive_weighting":true}}"#);
    let ConfiguredTask::MultiLabel(measured) = rule.measured(&labels).unwrap() else { panic!() };
    assert_eq!(measured.positive_weights, Some(vec![1.0; 3]));
    assert!(rule.measured(&masks).is_err());
    let plain = read(r#"{"Regression":{}}"#);
    assert_eq!(plain.measured(&masks).unwrap(), plain, "nothing to measure");
}

#[test]
fn trees_are_read_by_name() {
    let read = |text: &str| ron::from_str::<ConfiguredTask>(text).unwrap();
    let zoo = read("DecisionTree((tree: GalaxyZoo2))");
    assert_eq!(zoo.task(TargetSpec::Values(37)).unwrap().outputs().channels(), 37);
    let error = zoo.task(TargetSpec::Values(36)).unwrap_err();
    assert!(matches!(error, TaskError::Targets { .. }), "{error}");
    assert!(zoo.task(TargetSpec::Labels(37)).is_err());
    let own = read(
        r#"DecisionTree((tree: Questions([
            (name: "seen", answers: ["yes", "no"]),
            (name: "size", answers: ["small", "large"], parent: Some((question: "seen", answer: "yes"))),
        ])))"#,
    );
    assert_eq!(own.task(TargetSpec::Values(4)).unwrap().outputs().channels(), 4);
}
