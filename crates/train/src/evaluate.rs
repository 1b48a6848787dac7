//! Loss and scores over a data set.

use candle_core::Tensor;
use dartloom_data::Loader;
use dartloom_record::{Objective, Scores};
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
    let mut scorer = task.scorer();
    let mut sum = 0.0;
    let mut count = 0.0;
    for step in 0..loader.batches_per_epoch() {
        let batch = loader.batch(0, step).map_err(TrainError::from)?;
        let output = forward(&batch.inputs)?.detach();
        let loss = task.judged_loss(&output, &batch.targets).map_err(TrainError::from)?;
        if loss.count > 0.0 {
            sum += loss.count * scalar(&loss.mean().map_err(TrainError::from)?)?;
            count += loss.count;
        }
        let scored = scorer.update(&output, &batch.targets).map_err(TaskError::from);
        scored.map_err(TrainError::from)?;
    }
    if count > 0.0 {
        let scores = scorer.scores();
        let objective = task.objective();
        return Ok(Evaluation { loss: sum / count, scores, objective });
    }
    Err(TrainError::Config {
        field: "evaluation data",
        expected: "at least one image with something that counts",
        found: "none".to_owned(),
    }
    .into())
}

/// A scalar tensor as f64.
pub(crate) fn scalar(tensor: &Tensor) -> Result<f64, TrainError> {
    Ok(tensor.to_dtype(candle_core::DType::F64)?.to_scalar::<f64>()?)
}
