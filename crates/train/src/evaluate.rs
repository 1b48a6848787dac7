//! Loss and scores over a data set.

use candle_core::Tensor;
use dartloom_data::Loader;
use dartloom_metrics::Scorer;
use dartloom_record::{Flow, Objective, Refused, Scores};
use dartloom_task::{Task, TaskError, Totals};

use crate::TrainError;

/// The result of an evaluation.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// The task's [judged loss](Task::judged_loss) of all images together: its
    /// [parts](Task::judged_parts) are added up over the batches, and their ratios are taken last,
    /// so that it does not depend on the number of images in a batch.
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
    Ok(sums.scored()?.evaluation)
}

/// An evaluation with the scorer that has seen everything: its [details](Scorer::details) stand
/// behind the scores.
#[derive(Debug)]
pub struct Scored {
    /// Loss and scores.
    pub evaluation: Evaluation,
    /// The scorer.
    pub scorer: Box<dyn Scorer>,
}

/// The same as [`evaluate`], asking `go_on` before each batch; `None` if the answer was to stop.
///
/// # Errors
/// As [`evaluate`].
pub fn evaluate_while<E: From<TrainError>>(
    loader: &Loader<'_>,
    task: &dyn Task,
    go_on: &mut dyn FnMut() -> Flow,
    forward: impl FnMut(&Tensor) -> Result<Tensor, E>,
) -> Result<Option<Evaluation>, E> {
    let scored = evaluate_scored(loader, task, go_on, forward)?;
    Ok(scored.map(|scored| scored.evaluation))
}

/// The same as [`evaluate_while`], with the scorer.
///
/// # Errors
/// As [`evaluate`].
pub fn evaluate_scored<E: From<TrainError>>(
    loader: &Loader<'_>,
    task: &dyn Task,
    go_on: &mut dyn FnMut() -> Flow,
    mut forward: impl FnMut(&Tensor) -> Result<Tensor, E>,
) -> Result<Option<Scored>, E> {
    let mut sums = Sums::new(task);
    for step in 0..loader.batches_per_epoch() {
        if go_on() == Flow::Stop {
            return Ok(None);
        }
        sums.add(loader, step, &mut forward)?;
    }
    Ok(Some(sums.scored()?))
}

/// Losses and scores of the batches so far.
struct Sums<'a> {
    task: &'a dyn Task,
    scorer: Box<dyn Scorer>,
    loss: Totals,
}

impl<'a> Sums<'a> {
    fn new(task: &'a dyn Task) -> Self {
        Self { task, scorer: task.scorer(), loss: Totals::default() }
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
        self.loss.add(&self.task.judged_parts(output, targets)?)?;
        Ok(self.scorer.update(output, targets).map_err(TaskError::from)?)
    }

    fn scored(self) -> Result<Scored, TrainError> {
        if let Some(loss) = self.loss.loss()? {
            let objective = self.task.objective();
            let scores = self.scorer.scores();
            let evaluation = Evaluation { loss, scores, objective };
            return Ok(Scored { evaluation, scorer: self.scorer });
        }
        Err(Refused::new(
            "evaluation data",
            "at least one image with something that counts",
            "none",
        )
        .into())
    }
}

/// A scalar tensor as f64.
pub(crate) fn scalar(tensor: &Tensor) -> Result<f64, TrainError> {
    Ok(tensor.to_dtype(candle_core::DType::F64)?.to_scalar::<f64>()?)
}
