//! Tasks as values.

use dartloom_data::TargetSpec;
use serde::{Deserialize, Serialize};

use crate::{
    Classification, DecisionTree, Judged, Measure, MultiLabel, Regression, RegressionLoss,
    Segmentation, Task, TaskError, Tree,
};

/// A task of this crate with its settings, as configurations write it:
/// `Classification(smoothing: 0.1)`.
///
/// The number of classes, labels or values is not a setting: the [targets](TargetSpec) of the data
/// have it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ConfiguredTask {
    /// [`Classification`].
    Classification(ClassificationConfig),
    /// [`MultiLabel`].
    MultiLabel,
    /// [`Regression`].
    Regression(RegressionConfig),
    /// [`Segmentation`].
    Segmentation(SegmentationConfig),
    /// [`DecisionTree`].
    DecisionTree(DecisionTreeConfig),
    /// [`Judged`].
    Judged(JudgedConfig),
}

/// Settings of a [`Classification`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClassificationConfig {
    /// Label smoothing, 0 or more and less than 1.
    pub smoothing: f64,
    /// A weight for each class; `None` for the same of all.
    pub weights: Option<Vec<f64>>,
}

/// Settings of a [`Regression`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RegressionConfig {
    /// The cost of an error.
    pub loss: RegressionLoss,
}

impl Default for RegressionConfig {
    /// Squared errors.
    fn default() -> Self {
        Self { loss: RegressionLoss::Squared }
    }
}

/// Settings of a [`Segmentation`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SegmentationConfig {
    /// The label that the masks must leave out; `None` for whichever they do.
    pub ignore: Option<u32>,
    /// A weight for each class; `None` for the same of all.
    pub weights: Option<Vec<f64>>,
    /// Share of the soft Dice loss.
    pub dice: f64,
}

/// Settings of a [`DecisionTree`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DecisionTreeConfig {
    /// The questions.
    pub tree: ConfiguredTree,
}

/// A tree by name, or with its questions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ConfiguredTree {
    /// [`Tree::galaxy_zoo_2`].
    GalaxyZoo2,
    /// These questions.
    Questions(Tree),
}

/// Settings of [`Judged`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JudgedConfig {
    /// The task that is learnt.
    pub task: Box<ConfiguredTask>,
    /// The score that selects.
    pub by: Measure,
}

impl ConfiguredTree {
    fn tree(&self) -> Result<Tree, TaskError> {
        match self {
            Self::GalaxyZoo2 => Tree::galaxy_zoo_2(),
            Self::Questions(tree) => Ok(tree.clone()),
        }
    }
}

impl ConfiguredTask {
    /// The task, of as many classes, labels or values as `targets` have.
    ///
    /// # Errors
    /// [`TaskError::Kind`] for targets of another kind, [`TaskError::Targets`] for masks that leave
    /// another label out, and [`TaskError::Setting`] naming a setting that makes no sense.
    pub fn task(&self, targets: TargetSpec) -> Result<Box<dyn Task>, TaskError> {
        let task: Box<dyn Task> = match (self, targets) {
            (Self::Classification(config), TargetSpec::Class { classes }) => {
                let task = Classification::new(classes)?.with_smoothing(config.smoothing)?;
                match config.weights.clone() {
                    Some(weights) => Box::new(task.with_weights(weights)?),
                    None => Box::new(task),
                }
            }
            (Self::MultiLabel, TargetSpec::Labels(labels)) => Box::new(MultiLabel::new(labels)?),
            (Self::Regression(config), TargetSpec::Values(values)) => {
                Box::new(Regression::new(values)?.with_loss(config.loss)?)
            }
            (Self::Segmentation(config), TargetSpec::Mask { classes, ignore }) => {
                let ignore = config.ignore.or(ignore);
                let task = Segmentation::new(classes, ignore)?.with_dice(config.dice)?;
                match config.weights.clone() {
                    Some(weights) => Box::new(task.with_weights(weights)?),
                    None => Box::new(task),
                }
            }
            (Self::DecisionTree(config), TargetSpec::Values(_)) => {
                Box::new(DecisionTree::new(config.tree.tree()?)?)
            }
            (Self::Judged(config), targets) => {
                Box::new(Judged::new(config.task.task(targets)?.into(), config.by, targets)?)
            }
            (_, found) => return Err(self.refused(found)),
        };
        task.check(&targets)?;
        Ok(task)
    }

    fn refused(&self, found: TargetSpec) -> TaskError {
        let kind = |task, expected| TaskError::Kind { task, expected, found };
        match self {
            Self::Classification(_) => kind("classification", "one class for each image"),
            Self::MultiLabel => kind("multi_label", "labels that are each there or not"),
            Self::Regression(_) => kind("regression", "values"),
            Self::Segmentation(_) => kind("segmentation", "a mask for each image"),
            Self::DecisionTree(_) => kind("decision_tree", "a value for each answer"),
            Self::Judged(config) => config.task.refused(found),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One of each, with the targets that it is for.
    fn all() -> [(ConfiguredTask, TargetSpec); 4] {
        let classification =
            ClassificationConfig { smoothing: 0.1, weights: Some(vec![1.0, 2.0, 3.0]) };
        let huber = RegressionConfig { loss: RegressionLoss::Huber(0.5) };
        let segmentation = SegmentationConfig { dice: 1.0, ..SegmentationConfig::default() };
        [
            (ConfiguredTask::Classification(classification), TargetSpec::Class { classes: 3 }),
            (ConfiguredTask::MultiLabel, TargetSpec::Labels(3)),
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
            let differs = configured != ConfiguredTask::MultiLabel;
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
        let error = ConfiguredTask::MultiLabel.task(TargetSpec::Class { classes: 3 }).unwrap_err();
        let expected =
            "multi_label needs labels that are each there or not, found one of 3 classes";
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn trees_and_measures_are_read_by_name() {
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
        let judged = read("Judged((task: MultiLabel, by: Bce))");
        assert_eq!(judged.task(TargetSpec::Labels(3)).unwrap().objective().name, "bce");
        let error = judged.task(TargetSpec::Values(3)).unwrap_err().to_string();
        assert!(error.starts_with("multi_label needs labels"), "{error}");
    }

    #[test]
    fn settings_that_make_no_sense_are_refused_with_their_name() {
        let smoothing = ClassificationConfig { smoothing: 1.0, weights: None };
        let weights = ClassificationConfig { smoothing: 0.0, weights: Some(vec![1.0]) };
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
}
