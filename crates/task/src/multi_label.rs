//! Several yes-or-no labels for an image.

use candle_core::{D, Tensor};
use dartloom_data::{Dataset, TargetSpec};
use dartloom_metrics::Scorer;
use dartloom_record::Objective;
use dartloom_space::Outputs;
use serde::Serialize;

use crate::check::{self, Expected};
use crate::constant::{means, one_row};
use crate::{Constant, Loss, Task, TaskError};

const NAME: &str = "multi_label";
const EXPECTED: Expected =
    Expected { task: NAME, shapes: "logits [batch, labels] with labels of the same shape" };

/// Several yes-or-no labels for an image: binary cross-entropy, judged by the mean area under the
/// curve.
///
/// `sum = -sum_b sum_i [y_bi log sigmoid(x_bi) + (1 - y_bi) log sigmoid(-x_bi)]` and
/// `count = B labels`, with logits x (`output`, `[B, labels]`) and labels y, 0 or 1 (`target`, of
/// the same shape).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MultiLabel {
    labels: usize,
    #[serde(skip)]
    scorer: dartloom_metrics::MultiLabel,
}

impl MultiLabel {
    /// A task of this number of labels.
    ///
    /// # Errors
    /// [`TaskError::Setting`] for no label, or more than 65,536.
    pub fn new(labels: usize) -> Result<Self, TaskError> {
        check::some("labels", labels, 1)?;
        Ok(Self { labels, scorer: dartloom_metrics::MultiLabel::new(labels)? })
    }
}

impl Task for MultiLabel {
    fn outputs(&self) -> Outputs {
        Outputs::Vector(self.labels)
    }

    fn check(&self, targets: &TargetSpec) -> Result<(), TaskError> {
        check::targets(NAME, TargetSpec::Labels(self.labels), targets)
    }

    fn loss(&self, output: &Tensor, target: &Tensor) -> Result<Loss, TaskError> {
        let fits = output.rank() == 2 && output.dims()[1] == self.labels;
        if !fits || output.dims() != target.dims() {
            return Err(EXPECTED.refused(self.labels, output, target));
        }
        // log sigmoid(x) is the log-softmax of (0, x): no exponential of either overflows, and the
        // slope at 0 is right.
        let pairs = Tensor::stack(&[output.zeros_like()?, output.clone()], 2)?;
        let log = candle_nn::ops::log_softmax(&pairs, D::Minus1)?;
        let side = |at: usize| log.narrow(2, at, 1)?.squeeze(2);
        let there = target.to_dtype(output.dtype())?;
        let absent = there.affine(-1.0, 1.0)?;
        let right = ((side(1)? * &there)? + (side(0)? * absent)?)?;
        Ok(Loss { sum: right.sum_all()?.neg()?, count: output.elem_count() as f64 })
    }

    fn scorer(&self) -> Box<dyn Scorer> {
        Box::new(self.scorer.clone())
    }

    fn objective(&self) -> Objective {
        Objective::higher("mean_auc")
    }

    fn constant(
        &self,
        train: &dyn Dataset,
        test: &dyn Dataset,
    ) -> Result<Option<Constant>, TaskError> {
        let logit = |share: f64| if share < 0.5 { -1.0 } else { 1.0 };
        let output = one_row(means(train, self.labels)?.into_iter().map(logit).collect())?;
        Constant::judged(self, "the usual labels".to_owned(), &output, test).map(Some)
    }

    fn identity(&self) -> Option<String> {
        check::identity(NAME, self)
    }
}

#[cfg(test)]
mod tests;
