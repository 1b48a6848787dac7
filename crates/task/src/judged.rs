//! A task selected by another of its scores.

use std::sync::Arc;

use candle_core::Tensor;
use dartloom_data::{Dataset, TargetSpec};
use dartloom_metrics::{MetricsError, Scorer};
use dartloom_record::{Objective, Scores};
use dartloom_space::Outputs;
use serde::{Deserialize, Serialize};

use crate::{Constant, Loss, Task, TaskError, check};

/// A score by which a task may be judged in place of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Measure {
    /// `r2`, the share of the spread that is explained; higher is better. Of values.
    R2,
    /// `mae`, the mean absolute error; lower is better. Of values.
    Mae,
    /// `rmse`, the root of the mean squared error; lower is better. Of values.
    Rmse,
    /// `bce`, the mean loss of labels, which is the binary cross-entropy; lower is better.
    Bce,
    /// `mean_auc`, the mean area under the curve; higher is better. Of labels.
    MeanAuc,
}

impl Measure {
    fn objective(self) -> Objective {
        match self {
            Self::R2 => Objective::higher("r2"),
            Self::Mae => Objective::lower("mae"),
            Self::Rmse => Objective::lower("rmse"),
            Self::Bce => Objective::lower("bce"),
            Self::MeanAuc => Objective::higher("mean_auc"),
        }
    }

    fn measures(self, targets: TargetSpec) -> bool {
        match self {
            Self::R2 | Self::Mae | Self::Rmse => matches!(targets, TargetSpec::Values(_)),
            Self::Bce | Self::MeanAuc => matches!(targets, TargetSpec::Labels(_)),
        }
    }
}

/// A task that learns as another one does and is selected by another of its scores.
///
/// Losses, targets and scores are those of the other task; the score of the [`Measure`] comes
/// first.
#[derive(Clone, Debug)]
pub struct Judged {
    task: Arc<dyn Task>,
    by: Measure,
}

impl Judged {
    /// `task`, which learns from `targets`, judged by `by`.
    ///
    /// # Errors
    /// [`TaskError::Setting`] for a measure that such targets do not have.
    pub fn new(task: Arc<dyn Task>, by: Measure, targets: TargetSpec) -> Result<Self, TaskError> {
        if by.measures(targets) {
            return Ok(Self { task, by });
        }
        let expected = "a measure that the targets have".to_owned();
        Err(TaskError::Setting { field: "by", expected, found: format!("{by:?} of {targets}") })
    }
}

impl Task for Judged {
    fn outputs(&self) -> Outputs {
        self.task.outputs()
    }

    fn check(&self, targets: &TargetSpec) -> Result<(), TaskError> {
        self.task.check(targets)
    }

    fn loss(&self, output: &Tensor, target: &Tensor) -> Result<Loss, TaskError> {
        self.task.loss(output, target)
    }

    fn judged_loss(&self, output: &Tensor, target: &Tensor) -> Result<Loss, TaskError> {
        self.task.judged_loss(output, target)
    }

    fn scorer(&self) -> Box<dyn Scorer> {
        let loss = (self.by == Measure::Bce).then(|| MeanLoss::of(&self.task));
        let first = self.objective().name;
        Box::new(FirstOf { scorer: self.task.scorer(), loss, first })
    }

    fn objective(&self) -> Objective {
        self.by.objective()
    }

    fn constant(
        &self,
        train: &dyn Dataset,
        test: &dyn Dataset,
    ) -> Result<Option<Constant>, TaskError> {
        // What is the same for all is judged by the task's own scores.
        self.task.constant(train, test)
    }

    fn identity(&self) -> Option<String> {
        let task = self.task.identity()?;
        check::identity("judged", &(task, self.by))
    }
}

/// The scores of a task with one of them in front.
#[derive(Debug)]
struct FirstOf {
    scorer: Box<dyn Scorer>,
    loss: Option<MeanLoss>,
    first: String,
}

/// The mean of a task's judged loss.
#[derive(Debug)]
struct MeanLoss {
    task: Arc<dyn Task>,
    sums: [f64; 2],
}

impl MeanLoss {
    fn of(task: &Arc<dyn Task>) -> Self {
        Self { task: Arc::clone(task), sums: [0.0; 2] }
    }

    fn seen(&self, output: &Tensor, target: &Tensor) -> Result<[f64; 2], MetricsError> {
        let wrap = |error: TaskError| match error {
            TaskError::Metrics(error) => error,
            TaskError::Tensor(error) => error.into(),
            other => candle_core::Error::wrap(other).into(),
        };
        let loss = self.task.judged_loss(output, target).map_err(wrap)?;
        Ok([check::number(&loss.sum).map_err(wrap)?, loss.count])
    }
}

impl Scorer for FirstOf {
    fn update(&mut self, output: &Tensor, target: &Tensor) -> Result<(), MetricsError> {
        let seen = self.loss.as_ref().map(|loss| loss.seen(output, target)).transpose()?;
        self.scorer.update(output, target)?;
        if let (Some(loss), Some([sum, count])) = (&mut self.loss, seen) {
            loss.sums = [loss.sums[0] + sum, loss.sums[1] + count];
        }
        Ok(())
    }

    fn state(&self) -> Vec<f64> {
        let own = self.loss.iter().flat_map(|loss| loss.sums);
        own.chain(self.scorer.state()).collect()
    }

    fn add(&mut self, state: &[f64]) -> Result<(), MetricsError> {
        let own = if self.loss.is_some() { 2 } else { 0 };
        let expected = own + self.scorer.state().len();
        if state.len() != expected {
            return Err(MetricsError::State { expected, found: state.len() });
        }
        self.scorer.add(&state[own..])?;
        if let Some(loss) = &mut self.loss {
            loss.sums = [loss.sums[0] + state[0], loss.sums[1] + state[1]];
        }
        Ok(())
    }

    fn scores(&self) -> Scores {
        let mean = self.loss.as_ref().map(|loss| loss.sums);
        let mean = mean.and_then(|[sum, count]| (count > 0.0).then(|| sum / count));
        let all = self.scorer.scores();
        let first = mean.or_else(|| all.get(&self.first));
        let mut scores = Scores::new().with_some(self.first.clone(), first);
        for (name, value) in all.iter().filter(|(name, _)| *name != self.first) {
            scores.put(name, value);
        }
        scores
    }
}

#[cfg(test)]
mod tests;
