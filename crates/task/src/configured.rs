//! Tasks as values.

mod weights;

use dartloom_data::TargetSpec;
use dartloom_metrics::SegmentationScores;
use serde::{Deserialize, Serialize};

use crate::losses::{BinaryLoss, ClassLoss, ClassWeighting};
use crate::{
    Classification, DecisionTree, MultiLabel, Regression, RegressionLoss, Segmentation, Task,
    TaskError, Tree,
};

/// A task of this crate with its settings, as configurations write it:
/// `Classification(smoothing: 0.1)`, `Segmentation(loss: Focal(gamma: 2), objective: "object_f1")`.
///
/// The number of classes, labels or values is not a setting: the [targets](TargetSpec) of the data
/// have it. Weights that are to be measured need the data itself, too
/// ([`measured`](Self::measured)).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ConfiguredTask {
    /// [`Classification`].
    Classification(ClassificationConfig),
    /// [`MultiLabel`].
    MultiLabel(MultiLabelConfig),
    /// [`Regression`].
    Regression(RegressionConfig),
    /// [`Segmentation`].
    Segmentation(SegmentationConfig),
    /// [`DecisionTree`].
    DecisionTree(DecisionTreeConfig),
}

/// Settings of a [`Classification`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClassificationConfig {
    /// Label smoothing, 0 or more and less than 1.
    pub smoothing: f64,
    /// A weight for each class; `None` for the same of all.
    pub weights: Option<Vec<f64>>,
    /// The rule by which weights are measured on the training data, in place of `weights`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weighting: Option<ClassWeighting>,
}

/// Settings of a [`MultiLabel`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MultiLabelConfig {
    /// The loss.
    pub loss: BinaryLoss,
    /// A weight for each label where it is there; `None` for 1.
    pub positive_weights: Option<Vec<f64>>,
    /// True if these weights are measured on the training data
    /// ([`positive_weights`](crate::losses::positive_weights)).
    pub positive_weighting: bool,
    /// Name of the score that selects; `None` for `mean_auc`.
    pub objective: Option<String>,
}

/// Settings of a [`Regression`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RegressionConfig {
    /// The cost of an error.
    pub loss: RegressionLoss,
    /// Name of the score that selects; `None` for `rmse`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub objective: Option<String>,
}

impl Default for RegressionConfig {
    /// Squared errors.
    fn default() -> Self {
        Self { loss: RegressionLoss::Squared, objective: None }
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
    /// The rule by which weights are measured on the training data, in place of `weights`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weighting: Option<ClassWeighting>,
    /// The loss; `None` for cross-entropy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loss: Option<ClassLoss>,
    /// Share of a soft Dice loss beside the cross-entropy, where no `loss` is named.
    pub dice: f64,
    /// Scores beside those that always are: surfaces, objects.
    pub scores: SegmentationScores,
    /// Name of the score that selects; `None` for `mean_iou`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub objective: Option<String>,
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
    /// another label out, and [`TaskError::Setting`] naming a setting that makes no sense, such as
    /// weights that have not been [measured](Self::measured).
    pub fn task(&self, targets: TargetSpec) -> Result<Box<dyn Task>, TaskError> {
        self.check_weights()?;
        let task: Box<dyn Task> = match (self, targets) {
            (Self::Classification(config), TargetSpec::Class { classes }) => {
                let task = Classification::new(classes)?.with_smoothing(config.smoothing)?;
                Box::new(with(task, config.weights.clone(), Classification::with_weights)?)
            }
            (Self::MultiLabel(config), TargetSpec::Labels(labels)) => {
                let task = MultiLabel::new(labels)?.with_loss(config.loss)?;
                let weights = config.positive_weights.clone();
                let task = with(task, weights, MultiLabel::with_positive_weights)?;
                Box::new(with(task, config.objective.as_deref(), MultiLabel::with_objective)?)
            }
            (Self::Regression(config), TargetSpec::Values(values)) => {
                let task = Regression::new(values)?.with_loss(config.loss)?;
                Box::new(with(task, config.objective.as_deref(), Regression::with_objective)?)
            }
            (Self::Segmentation(config), TargetSpec::Mask { classes, ignore }) => {
                Box::new(config.task(classes, config.ignore.or(ignore))?)
            }
            (Self::DecisionTree(config), TargetSpec::Values(_)) => {
                Box::new(DecisionTree::new(config.tree.tree()?)?)
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
            Self::MultiLabel(_) => kind("multi_label", "labels that are each there or not"),
            Self::Regression(_) => kind("regression", "values"),
            Self::Segmentation(_) => kind("segmentation", "a mask for each image"),
            Self::DecisionTree(_) => kind("decision_tree", "a value for each answer"),
        }
    }
}

impl SegmentationConfig {
    fn task(&self, classes: usize, ignore: Option<u32>) -> Result<Segmentation, TaskError> {
        let task = Segmentation::new(classes, ignore)?.with_dice(self.dice)?;
        if self.loss.is_some() && self.dice > 0.0 {
            return Err(TaskError::Setting {
                field: "dice",
                expected: "0 beside a `loss`; `loss: DiceCrossEntropy(share: ..)` has both"
                    .to_owned(),
                found: self.dice.to_string(),
            });
        }
        let task = with(task, self.loss.clone(), Segmentation::with_loss)?;
        let task = with(task, self.weights.clone(), Segmentation::with_weights)?;
        let task = task.with_scores(self.scores.clone())?;
        with(task, self.objective.as_deref(), Segmentation::with_objective)
    }
}

/// The task with a setting, where there is one.
fn with<T, S>(
    task: T,
    setting: Option<S>,
    put: fn(T, S) -> Result<T, TaskError>,
) -> Result<T, TaskError> {
    match setting {
        Some(setting) => put(task, setting),
        None => Ok(task),
    }
}

#[cfg(test)]
mod tests;
