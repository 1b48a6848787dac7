//! One class for every pixel.

use candle_core::Tensor;
use dartloom_data::{Dataset, TargetSpec};
use dartloom_metrics::{First, Scorer, SegmentationScores};
use dartloom_record::Objective;
use dartloom_space::Outputs;
use serde::Serialize;

use crate::check::{self, Expected};
use crate::constant::counts;
use crate::losses::{ClassLabels, ClassLoss, CrossEntropy, DiceCrossEntropy};
use crate::{Constant, Loss, Parts, Task, TaskError};

const NAME: &str = "segmentation";
const EXPECTED: Expected = Expected {
    task: NAME,
    shapes: "logits [batch, classes, height, width] with a mask [batch, height, width]",
};

/// One of `classes` classes for every pixel: cross-entropy or another [`ClassLoss`], judged by the
/// mean intersection over union or another score.
///
/// Outputs are logits `[B, classes, H, W]`, targets masks `[B, H, W]`. Pixels whose label is
/// `ignore` count nowhere. Cross-entropy is `sum = sum_p w(y_p) l_p(y_p)` over `count = sum_p
/// w(y_p)`, with `l = -log softmax(logits)`, labels y and w = `weights` of the classes, 1 where
/// none are given.
///
/// The loss and its source are those of [`ClassLoss`]; the scores those of
/// [`metrics::Segmentation`](dartloom_metrics::Segmentation).
///
/// The [judged loss](Task::judged_loss) has no label smoothing.
///
/// # Losses of shards
/// A Dice or Tversky loss over the batch is a ratio of sums and does not add up:
/// [`loss`](Task::loss) of a shard is that of the shard alone. [`parts`](Task::parts) add up, and
/// give the loss and the gradients of the whole. [`judged_parts`](Task::judged_parts) give the loss
/// of a set that is judged batch by batch.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Segmentation {
    classes: usize,
    ignore: Option<u32>,
    weights: Option<Vec<f64>>,
    loss: ClassLoss,
    scores: SegmentationScores,
    objective: Objective,
    #[serde(skip)]
    scorer: dartloom_metrics::Segmentation,
}

impl Segmentation {
    /// A segmentation by cross-entropy; pixels labelled `ignore` do not count.
    ///
    /// # Errors
    /// [`TaskError::Setting`] for fewer than 2 classes or more than 65,536, and for an ignored
    /// label that is a class.
    pub fn new(classes: usize, ignore: Option<u32>) -> Result<Self, TaskError> {
        check::some("classes", classes, 2)?;
        if let Some(label) = ignore.filter(|&label| (label as usize) < classes) {
            return Err(TaskError::Setting {
                field: "ignore",
                expected: format!("a label that is none of {classes} classes"),
                found: label.to_string(),
            });
        }
        let scores = SegmentationScores::default();
        let scorer = dartloom_metrics::Segmentation::new(classes, ignore, &scores)?;
        let objective = Objective::share("mean_iou");
        let loss = ClassLoss::default();
        Ok(Self { classes, ignore, weights: None, loss, scores, objective, scorer })
    }

    /// The same with a weight for each class, for classes of very different areas;
    /// [`class_weights`](crate::losses::class_weights) measures some.
    ///
    /// # Errors
    /// [`TaskError::Setting`] unless there is one finite weight of at least 0 for each class, and
    /// one above 0.
    pub fn with_weights(self, weights: Vec<f64>) -> Result<Self, TaskError> {
        check::weights(&weights, self.classes)?;
        Ok(Self { weights: Some(weights), ..self })
    }

    /// The same with another loss.
    ///
    /// # Errors
    /// [`TaskError::Setting`] with the name of a field that makes no sense.
    pub fn with_loss(self, loss: ClassLoss) -> Result<Self, TaskError> {
        loss.check(self.classes)?;
        Ok(Self { loss, ..self })
    }

    /// The same by cross-entropy with a soft Dice loss over the batch of this share; 0 is none, 1
    /// is usual. [`with_loss`](Self::with_loss) has all of its settings.
    ///
    /// # Errors
    /// [`TaskError::Setting`] unless `dice` is finite and at least 0.
    pub fn with_dice(self, dice: f64) -> Result<Self, TaskError> {
        check::at_least("dice", dice, 0.0)?;
        let loss = if dice > 0.0 {
            ClassLoss::DiceCrossEntropy(DiceCrossEntropy { share: dice, ..Default::default() })
        } else {
            ClassLoss::CrossEntropy(CrossEntropy::default())
        };
        self.with_loss(loss)
    }

    /// The same with more scores, which cost time: surfaces and objects.
    ///
    /// # Errors
    /// Those of the scorers, for settings that make no sense.
    pub fn with_scores(self, scores: SegmentationScores) -> Result<Self, TaskError> {
        let scorer = dartloom_metrics::Segmentation::new(self.classes, self.ignore, &scores)?;
        Ok(Self { scores, scorer, ..self })
    }

    /// The same selected by the score of that name, `mean_dice_foreground` or `object_f1`; a score
    /// of surfaces or objects needs [`with_scores`](Self::with_scores) before.
    ///
    /// # Errors
    /// [`TaskError::Setting`] with all names for one that is none of them.
    pub fn with_objective(self, name: &str) -> Result<Self, TaskError> {
        let objective = check::objective(name, self.scorer.objectives())?;
        Ok(Self { objective, ..self })
    }

    fn cost(&self, loss: &ClassLoss, output: &Tensor, target: &Tensor) -> Result<Parts, TaskError> {
        let fits = match (output.dims(), target.dims()) {
            (&[batch, classes, height, width], found) => {
                classes == self.classes && found == [batch, height, width]
            }
            _ => false,
        };
        if !fits {
            return Err(EXPECTED.refused(self.classes, output, target));
        }
        let weights = self.weights.as_deref();
        let about = ClassLabels { classes: self.classes, ignore: self.ignore, weights };
        loss.parts(output, target, about).map_err(named)
    }
}

/// The error of a loss as one of the task.
fn named(error: TaskError) -> TaskError {
    match error {
        TaskError::Label { classes, found, .. } => TaskError::Label { task: NAME, classes, found },
        other => other,
    }
}

impl Task for Segmentation {
    fn outputs(&self) -> Outputs {
        Outputs::Plane { channels: self.classes }
    }

    fn check(&self, targets: &TargetSpec) -> Result<(), TaskError> {
        let expected = TargetSpec::Mask { classes: self.classes, ignore: self.ignore };
        check::targets(NAME, expected, targets)
    }

    fn loss(&self, output: &Tensor, target: &Tensor) -> Result<Loss, TaskError> {
        Ok(self.parts(output, target)?.close()?)
    }

    fn parts(&self, output: &Tensor, target: &Tensor) -> Result<Parts, TaskError> {
        self.cost(&self.loss, output, target)
    }

    fn judged_loss(&self, output: &Tensor, target: &Tensor) -> Result<Loss, TaskError> {
        Ok(self.judged_parts(output, target)?.close()?)
    }

    fn judged_parts(&self, output: &Tensor, target: &Tensor) -> Result<Parts, TaskError> {
        self.cost(&self.loss.judged(), output, target)
    }

    fn scorer(&self) -> Box<dyn Scorer> {
        Box::new(First::new(Box::new(self.scorer.clone()), self.objective.name.clone()))
    }

    fn objective(&self) -> Objective {
        self.objective.clone()
    }

    fn constant(
        &self,
        train: &dyn Dataset,
        test: &dyn Dataset,
    ) -> Result<Option<Constant>, TaskError> {
        Constant::class(self, &counts(train, self.classes)?, test).map(Some)
    }

    fn smoothed(&self, smoothing: f64) -> Result<Option<Box<dyn Task>>, TaskError> {
        let loss = match &self.loss {
            ClassLoss::CrossEntropy(_) => ClassLoss::CrossEntropy(CrossEntropy { smoothing }),
            ClassLoss::DiceCrossEntropy(loss) => {
                ClassLoss::DiceCrossEntropy(DiceCrossEntropy { smoothing, ..*loss })
            }
            _ => return Ok(None),
        };
        Ok(Some(Box::new(self.clone().with_loss(loss)?)))
    }

    fn identity(&self) -> Option<String> {
        check::identity(NAME, self)
    }
}

#[cfg(test)]
mod tests;
