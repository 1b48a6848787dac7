//! Loss and scores over a data set.

use candle_core::Tensor;
use dartloom_data::Loader;
use dartloom_metrics::Scorer;
use dartloom_record::{Flow, Objective, Scores};
use dartloom_task::{Task, TaskError};

use crate::TrainError;

/// The result of an evaluation.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// Mean of the task's [judged loss](Task::judged_loss).
    pub loss: f64,
    /// The task's scores.
    pub scores: Scores,
    /// The score by which a network is selected.
    pub objective: Objective,
}

impl Evaluation {
    /// The score by which a network is selected; NaN if it has no value. NaN is never better than
    /// another score.
    #[must_use]
    pub fn score(&self) -> f64 {
        self.scores.get(&self.objective.name).unwrap_or(f64::NAN)
    }
}

/// The outcome of an evaluation that may be stopped.
#[derive(Clone, Debug, PartialEq)]
pub enum Judged {
    /// Loss and scores.
    Found(Evaluation),
    /// There are no held-out images.
    Nothing,
    /// Somebody asked to stop.
    Stopped,
}

/// Runs `forward` (inputs to the task's outputs) over one epoch of `loader`.
///
/// # Errors
/// The error of `forward`, of the loader or of the task; [`TrainError::Config`] when nothing is
/// counted.
pub fn evaluate<E: From<TrainError>>(
    loader: &Loader<'_>,
    task: &dyn Task,
    mut forward: impl FnMut(&Tensor) -> Result<Tensor, E>,
) -> Result<Evaluation, E> {
    let mut sums = Sums::new(task);
    for step in 0..loader.batches_per_epoch() {
        sums.add(loader, step, &mut forward)?;
    }
    Ok(sums.evaluation()?)
}

/// The same as [`evaluate`], asking `go_on` before each batch; `None` if the answer was to stop.
///
/// # Errors
/// As [`evaluate`].
pub fn evaluate_while<E: From<TrainError>>(
    loader: &Loader<'_>,
    task: &dyn Task,
    go_on: &mut dyn FnMut() -> Flow,
    mut forward: impl FnMut(&Tensor) -> Result<Tensor, E>,
) -> Result<Option<Evaluation>, E> {
    let mut sums = Sums::new(task);
    for step in 0..loader.batches_per_epoch() {
        if go_on() == Flow::Stop {
            return Ok(None);
        }
        sums.add(loader, step, &mut forward)?;
    }
    Ok(Some(sums.evaluation()?))
}

/// Losses and scores of the batches so far.
struct Sums<'a> {
    task: &'a dyn Task,
    scorer: Box<dyn Scorer>,
    loss: f64,
    count: f64,
}

impl<'a> Sums<'a> {
    fn new(task: &'a dyn Task) -> Self {
        Self { task, scorer: task.scorer(), loss: 0.0, count: 0.0 }
    }

    fn add<E: From<TrainError>>(
        &mut self,
        loader: &Loader<'_>,
        step: usize,
        forward: &mut impl FnMut(&Tensor) -> Result<Tensor, E>,
    ) -> Result<(), E> {
        let batch = loader.batch(0, step).map_err(TrainError::from)?;
        let output = forward(&batch.inputs)?.detach();
        Ok(self.judge(&output, &batch.targets)?)
    }

    fn judge(&mut self, output: &Tensor, targets: &Tensor) -> Result<(), TrainError> {
        let loss = self.task.judged_loss(output, targets)?;
        if loss.count > 0.0 {
            self.loss += loss.count * scalar(&loss.mean()?)?;
            self.count += loss.count;
        }
        Ok(self.scorer.update(output, targets).map_err(TaskError::from)?)
    }

    fn evaluation(self) -> Result<Evaluation, TrainError> {
        if self.count > 0.0 {
            let objective = self.task.objective();
            let scores = self.scorer.scores();
            return Ok(Evaluation { loss: self.loss / self.count, scores, objective });
        }
        Err(TrainError::Config {
            field: "evaluation data",
            expected: "at least one image with something that counts",
            found: "none".to_owned(),
        })
    }
}

/// A scalar tensor as f64.
pub(crate) fn scalar(tensor: &Tensor) -> Result<f64, TrainError> {
    Ok(tensor.to_dtype(candle_core::DType::F64)?.to_scalar::<f64>()?)
}
