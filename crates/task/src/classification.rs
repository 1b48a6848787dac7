//! One class for an image.

use candle_core::{D, Tensor};
use dartloom_data::{Dataset, TargetSpec};
use dartloom_metrics::{Accuracy, Labels, Scorer};
use dartloom_record::Objective;
use dartloom_space::Outputs;
use serde::Serialize;

use crate::check::{self, Expected};
use crate::constant::counts;
use crate::{Constant, Loss, Task, TaskError};

const NAME: &str = "classification";
const EXPECTED: Expected =
    Expected { task: NAME, shapes: "logits [batch, classes] with labels [batch]" };

/// One of `classes` classes for an image: cross-entropy, judged by accuracy.
///
/// `sum = sum_b [(1 - s) w(y_b) l_b(y_b) + (s / C) sum_c w(c) l_b(c)]` and `count = sum_b w(y_b)`,
/// with `l = -log softmax(logits)`, labels `y` (`target`, `[B]`), C = `classes`, s = `smoothing`
/// (Szegedy et al. 2015, arXiv:1512.00567, section 7) and w = `weights` of the classes, 1 where
/// none are given. Outputs are logits `[B, classes]`.
///
/// The [judged loss](Task::judged_loss) has no smoothing.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Classification {
    classes: usize,
    smoothing: f64,
    weights: Option<Vec<f64>>,
}

impl Classification {
    /// A classification without smoothing or weights.
    ///
    /// # Errors
    /// [`TaskError::Setting`] for fewer than 2 classes or more than 65,536.
    pub fn new(classes: usize) -> Result<Self, TaskError> {
        check::some("classes", classes, 2)?;
        Ok(Self { classes, smoothing: 0.0, weights: None })
    }

    /// The same with label smoothing.
    ///
    /// # Errors
    /// [`TaskError::Setting`] unless `smoothing` is at least 0 and below 1.
    pub fn with_smoothing(self, smoothing: f64) -> Result<Self, TaskError> {
        check::smoothing(smoothing)?;
        Ok(Self { smoothing, ..self })
    }

    /// The same with a weight for each class, for classes of very different frequencies.
    ///
    /// # Errors
    /// [`TaskError::Setting`] unless there is one finite weight of at least 0 for each class, and
    /// one above 0.
    pub fn with_weights(self, weights: Vec<f64>) -> Result<Self, TaskError> {
        check::weights(&weights, self.classes)?;
        Ok(Self { weights: Some(weights), ..self })
    }

    /// Number of classes.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.classes
    }

    fn cost(&self, output: &Tensor, target: &Tensor, smoothing: f64) -> Result<Loss, TaskError> {
        let fits = target.rank() == 1 && output.dims() == [target.elem_count(), self.classes];
        if !fits {
            return Err(EXPECTED.refused(self.classes, output, target));
        }
        EXPECTED.labels(target, self.classes)?;
        let log = candle_nn::ops::log_softmax(output, D::Minus1)?;
        let mut picked = log.gather(&target.unsqueeze(1)?, 1)?.squeeze(1)?;
        let mut count = target.elem_count() as f64;
        let weights = self.weights.as_ref().map(|weights| check::tensor(weights, output));
        let weights = weights.transpose()?;
        if let Some(weights) = &weights {
            let own = weights.index_select(target, 0)?;
            count = check::number(&own.sum_all()?)?;
            picked = (picked * own)?;
        }
        let hard = picked.sum_all()?.neg()?;
        if smoothing <= 0.0 {
            return Ok(Loss { sum: hard, count });
        }
        let all = match &weights {
            Some(weights) => log.broadcast_mul(weights)?,
            None => log,
        };
        let share = smoothing / self.classes as f64;
        let soft = (all.sum_all()?.neg()? * share)?;
        Ok(Loss { sum: ((hard * (1.0 - smoothing))? + soft)?, count })
    }
}

impl Task for Classification {
    fn outputs(&self) -> Outputs {
        Outputs::Vector(self.classes)
    }

    fn check(&self, targets: &TargetSpec) -> Result<(), TaskError> {
        check::targets(NAME, TargetSpec::Class { classes: self.classes }, targets)
    }

    fn loss(&self, output: &Tensor, target: &Tensor) -> Result<Loss, TaskError> {
        self.cost(output, target, self.smoothing)
    }

    fn judged_loss(&self, output: &Tensor, target: &Tensor) -> Result<Loss, TaskError> {
        self.cost(output, target, 0.0)
    }

    fn scorer(&self) -> Box<dyn Scorer> {
        // No class at all is refused before.
        Labels::new(self.classes).map_or_else(
            |_| Box::new(Accuracy::new()) as Box<dyn Scorer>,
            |labels| Box::new(labels),
        )
    }

    fn objective(&self) -> Objective {
        Objective::share("accuracy")
    }

    fn constant(
        &self,
        train: &dyn Dataset,
        test: &dyn Dataset,
    ) -> Result<Option<Constant>, TaskError> {
        Constant::class(self, &counts(train, self.classes)?, test).map(Some)
    }

    fn smoothed(&self, smoothing: f64) -> Result<Option<Box<dyn Task>>, TaskError> {
        Ok(Some(Box::new(self.clone().with_smoothing(smoothing)?)))
    }

    fn identity(&self) -> Option<String> {
        check::identity(NAME, self)
    }
}

#[cfg(test)]
mod tests;
