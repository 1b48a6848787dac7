//! Numbers for an image.

use candle_core::Tensor;
use dartloom_data::{Dataset, TargetSpec};
use dartloom_metrics::{First, Scorer};
use dartloom_record::Objective;
use dartloom_space::Outputs;
use serde::{Deserialize, Serialize};

use crate::check::{self, Expected};
use crate::constant::{means, one_row};
use crate::{Constant, Loss, Task, TaskError};

const NAME: &str = "regression";
const EXPECTED: Expected =
    Expected { task: NAME, shapes: "predictions [batch, values] with values of the same shape" };

/// The loss of an error `e` of a predicted value.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum RegressionLoss {
    /// `e^2`.
    Squared,
    /// `e^2 / 2` up to `|e| = delta` and `delta (|e| - delta / 2)` beyond (Huber 1964): outliers
    /// pull with a constant force.
    Huber(f64),
}

/// Numbers for an image, judged by the root of the mean squared error or another score.
///
/// `sum = sum_b sum_i cost(prediction_bi - y_bi)` and `count = B values`, with predictions
/// (`output`) and true values y (`target`), both `[B, values]`, and the cost of [`RegressionLoss`].
/// Divide values of different units by their deviations beforehand; otherwise the largest ones
/// dominate the sum.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Regression {
    values: usize,
    loss: RegressionLoss,
    objective: Objective,
    #[serde(skip)]
    scorer: dartloom_metrics::Regression,
}

impl Regression {
    /// A task of this number of values, with squared errors.
    ///
    /// # Errors
    /// [`TaskError::Setting`] for no value, or more than 65,536.
    pub fn new(values: usize) -> Result<Self, TaskError> {
        check::some("values", values, 1)?;
        let scorer = dartloom_metrics::Regression::new(values)?;
        let objective = Objective::lower("rmse");
        Ok(Self { values, loss: RegressionLoss::Squared, objective, scorer })
    }

    /// The same with another loss.
    ///
    /// # Errors
    /// [`TaskError::Setting`] unless the `delta` of a [`RegressionLoss::Huber`] is finite and
    /// positive.
    pub fn with_loss(self, loss: RegressionLoss) -> Result<Self, TaskError> {
        match loss {
            RegressionLoss::Huber(delta) if !(delta.is_finite() && delta > 0.0) => {
                let expected = "a finite positive number".to_owned();
                Err(TaskError::Setting { field: "delta", expected, found: delta.to_string() })
            }
            _ => Ok(Self { loss, ..self }),
        }
    }

    /// The same selected by another score: `rmse`, `mae` or `mse`, of which lower is better, or
    /// `r2`.
    ///
    /// # Errors
    /// [`TaskError::Setting`] with all names for one that is none of them.
    pub fn with_objective(self, name: &str) -> Result<Self, TaskError> {
        let errors = ["rmse", "mae", "mse"].map(Objective::lower);
        let all = [errors.to_vec(), vec![Objective::higher("r2")]].concat();
        let objective = check::objective(name, all)?;
        Ok(Self { objective, ..self })
    }
}

impl Task for Regression {
    fn outputs(&self) -> Outputs {
        Outputs::Vector(self.values)
    }

    fn check(&self, targets: &TargetSpec) -> Result<(), TaskError> {
        check::targets(NAME, TargetSpec::Values(self.values), targets)
    }

    fn loss(&self, output: &Tensor, target: &Tensor) -> Result<Loss, TaskError> {
        let fits = output.rank() == 2 && output.dims()[1] == self.values;
        if !fits || output.dims() != target.dims() {
            return Err(EXPECTED.refused(self.values, output, target));
        }
        let error = (output - target.to_dtype(output.dtype())?)?;
        let cost = match self.loss {
            RegressionLoss::Squared => error.sqr()?,
            RegressionLoss::Huber(delta) => {
                // With c the clamped error, c e - c^2 / 2 is both branches.
                let clamped = error.clamp(-delta, delta)?;
                ((&clamped * error)? - (clamped.sqr()? * 0.5)?)?
            }
        };
        Ok(Loss { sum: cost.sum_all()?, count: output.elem_count() as f64 })
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
        let means = means(train, self.values)?;
        let output = one_row(means.into_iter().map(|mean| mean as f32).collect())?;
        Constant::judged(self, "the mean".to_owned(), &output, test).map(Some)
    }

    fn identity(&self) -> Option<String> {
        check::identity(NAME, self)
    }
}

#[cfg(test)]
mod tests;
