//! Several yes-or-no labels for an image.

use candle_core::Tensor;
use dartloom_data::{Dataset, TargetSpec};
use dartloom_metrics::{First, Scorer};
use dartloom_record::Objective;
use dartloom_space::Outputs;
use serde::Serialize;

use crate::check::{self, Expected};
use crate::constant::{means, one_row};
use crate::losses::{BinaryLabels, BinaryLoss};
use crate::{Constant, Loss, Parts, Task, TaskError};

const NAME: &str = "multi_label";
const EXPECTED: Expected =
    Expected { task: NAME, shapes: "logits [batch, labels] with labels of the same shape" };

/// Scores that can select.
const SCORES: [&str; 6] = ["mean_auc", "mean_ap", "mean_f1", "micro_auc", "micro_ap", "micro_f1"];
const SHARES: [&str; 2] = ["label_accuracy", "exact_match"];

/// Several yes-or-no labels for an image: binary cross-entropy or another [`BinaryLoss`], judged by
/// the mean area under the curve or another score.
///
/// `sum = -sum_b sum_i [v_i y_bi log sigmoid(x_bi) + (1 - y_bi) log sigmoid(-x_bi)]` and
/// `count = B labels`, with logits x (`output`, `[B, labels]`), labels y, 0 or 1 (`target`, of the
/// same shape), and v = `positive` weights of the labels, 1 where none are given. The scores are
/// those of [`metrics::MultiLabel`](dartloom_metrics::MultiLabel).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MultiLabel {
    labels: usize,
    loss: BinaryLoss,
    positive: Option<Vec<f64>>,
    objective: Objective,
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
        let scorer = dartloom_metrics::MultiLabel::new(labels)?;
        let objective = Objective::higher(SCORES[0]);
        Ok(Self { labels, loss: BinaryLoss::default(), positive: None, objective, scorer })
    }

    /// The same with another loss.
    ///
    /// # Errors
    /// [`TaskError::Setting`] with the name of a field that makes no sense.
    pub fn with_loss(self, loss: BinaryLoss) -> Result<Self, TaskError> {
        loss.check()?;
        Ok(Self { loss, ..self })
    }

    /// The same with a weight for each label where it is there, for labels that are rare;
    /// [`positive_weights`](crate::losses::positive_weights) measures some.
    ///
    /// # Errors
    /// [`TaskError::Setting`] unless there is one finite weight of at least 0 for each label, and
    /// one above 0.
    pub fn with_positive_weights(self, weights: Vec<f64>) -> Result<Self, TaskError> {
        check::weights(&weights, self.labels)?;
        Ok(Self { positive: Some(weights), ..self })
    }

    /// The same selected by another score: `mean_auc`, `mean_ap`, `mean_f1`, the same with
    /// `micro_`, `label_accuracy`, `exact_match`, or `bce`, of which lower is better.
    ///
    /// # Errors
    /// [`TaskError::Setting`] with all names for one that is none of them.
    pub fn with_objective(self, name: &str) -> Result<Self, TaskError> {
        let mut all: Vec<_> = SCORES.into_iter().map(Objective::higher).collect();
        all.extend(SHARES.into_iter().map(Objective::share));
        all.push(Objective::lower("bce"));
        let objective = check::objective(name, all)?;
        Ok(Self { objective, ..self })
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
        Ok(self.parts(output, target)?.close()?)
    }

    fn parts(&self, output: &Tensor, target: &Tensor) -> Result<Parts, TaskError> {
        let fits = output.rank() == 2 && output.dims()[1] == self.labels;
        if !fits || output.dims() != target.dims() {
            return Err(EXPECTED.refused(self.labels, output, target));
        }
        let about = BinaryLabels { positive: self.positive.as_deref(), valid: None };
        self.loss.parts(output, target, about)
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
