//! Laws for tasks, for this crate's own and for third parties'.

use candle_core::{DType, Tensor, Var};
use dartloom_data::TargetSpec;
use dartloom_metrics::testkit::{Broken as BrokenScorer, Measured, check_scorer};

use crate::{Task, TaskError, Totals};

/// The data on which a task is tried.
#[derive(Clone, Debug)]
pub struct Trial {
    /// The meaning of the targets.
    pub targets: TargetSpec,
    /// Batches of outputs, in `f64`, with their targets; several, of at least 2 images each.
    pub batches: Vec<Measured>,
    /// `true` if losses of parts add up to that of the whole; a ratio of sums, such as a Dice loss,
    /// does not.
    pub adds_up: bool,
}

/// The first law a task breaks.
#[derive(Debug)]
#[non_exhaustive]
pub enum Broken {
    /// The task refused targets or outputs that the caller calls valid.
    Refused {
        /// Its reason.
        error: TaskError,
    },
    /// The tensor library failed in the check.
    Tensor(candle_core::Error),
    /// Targets of another width were taken instead of refused.
    OtherTargets {
        /// The targets.
        found: TargetSpec,
    },
    /// An output with one channel more, or one image more than targets, was taken instead of
    /// refused.
    OtherOutput {
        /// Its shape.
        shape: Vec<usize>,
    },
    /// The check was given an output that does not match [`Task::outputs`].
    Outputs {
        /// Shape of one output of the batch.
        found: Vec<usize>,
    },
    /// The loss is not a finite scalar, or its count is negative.
    Loss {
        /// Its sum.
        sum: f64,
        /// Its count.
        count: f64,
    },
    /// Losses of parts do not add up.
    Shards {
        /// Sum and count of the whole.
        whole: [f64; 2],
        /// Those of the parts.
        parts: [f64; 2],
    },
    /// The judged parts of images, added up, are not the judged loss of the batch.
    Parts {
        /// The loss of the batch.
        whole: f64,
        /// The loss of the sums over images; `None` where they count nothing.
        parts: Option<f64>,
    },
    /// A gradient is not the central difference.
    Gradient {
        /// Position in the output.
        element: usize,
        /// The gradient of the backward pass.
        analytic: f64,
        /// The central difference.
        numeric: f64,
    },
    /// The scorer breaks a law of its own.
    Scorer(BrokenScorer),
    /// The first score is not the objective.
    Objective {
        /// Name of the objective.
        expected: String,
        /// Name of the first score.
        found: Option<String>,
    },
    /// Two identities of one task differ.
    Identity,
}

impl From<TaskError> for Broken {
    fn from(error: TaskError) -> Self {
        Self::Refused { error }
    }
}

impl From<candle_core::Error> for Broken {
    fn from(error: candle_core::Error) -> Self {
        Self::Tensor(error)
    }
}

/// Checks a task against the contract of [`Task`] on batches that it can learn from: its own
/// targets are taken and others refused, outputs of other shapes are refused, the loss is finite
/// and its gradient that of central differences, sums and counts add up over shards where they
/// should, the judged parts of images add up to the judged loss of the batch, the scorer obeys its
/// laws, and its first score is the objective.
///
/// # Errors
/// The first law that is broken.
pub fn check_task(task: &dyn Task, trial: &Trial) -> Result<(), Broken> {
    task.check(&trial.targets)?;
    let found = wider(trial.targets);
    if task.check(&found).is_ok() {
        return Err(Broken::OtherTargets { found });
    }
    for batch in &trial.batches {
        check_shapes(task, batch)?;
        check_value(task, batch)?;
        check_gradient(task, batch)?;
        if trial.adds_up {
            check_shards(task, batch)?;
        }
        check_parts(task, batch)?;
    }
    check_scorer(&|| task.scorer(), &trial.batches).map_err(Broken::Scorer)?;
    check_objective(task, &trial.batches)?;
    if task.identity() == task.identity() { Ok(()) } else { Err(Broken::Identity) }
}

fn wider(targets: TargetSpec) -> TargetSpec {
    match targets {
        TargetSpec::Class { classes } => TargetSpec::Class { classes: classes + 1 },
        TargetSpec::Labels(labels) => TargetSpec::Labels(labels + 1),
        TargetSpec::Values(values) => TargetSpec::Values(values + 1),
        TargetSpec::Mask { classes, ignore } => TargetSpec::Mask { classes: classes + 1, ignore },
        _ => TargetSpec::Values(usize::MAX),
    }
}

fn check_shapes(task: &dyn Task, Measured { output, target }: &Measured) -> Result<(), Broken> {
    if output.dims().get(1) != Some(&task.outputs().channels()) {
        return Err(Broken::Outputs { found: output.dims().to_vec() });
    }
    let more = Tensor::cat(&[output, &output.narrow(1, 0, 1)?], 1)?;
    let longer = Tensor::cat(&[output, &output.narrow(0, 0, 1)?], 0)?;
    for output in [more, longer] {
        if task.loss(&output, target).is_ok() {
            return Err(Broken::OtherOutput { shape: output.dims().to_vec() });
        }
    }
    Ok(())
}

fn numbers(task: &dyn Task, output: &Tensor, target: &Tensor) -> Result<[f64; 2], Broken> {
    let loss = task.loss(output, target)?;
    Ok([loss.sum.to_dtype(DType::F64)?.to_scalar()?, loss.count])
}

fn check_value(task: &dyn Task, Measured { output, target }: &Measured) -> Result<(), Broken> {
    let [sum, count] = numbers(task, output, target)?;
    if sum.is_finite() && count.is_finite() && count >= 0.0 {
        return Ok(());
    }
    Err(Broken::Loss { sum, count })
}

fn check_shards(task: &dyn Task, Measured { output, target }: &Measured) -> Result<(), Broken> {
    let whole = numbers(task, output, target)?;
    let images = output.dim(0)?;
    let mut parts = [0.0; 2];
    for image in 0..images {
        let output = output.narrow(0, image, 1)?;
        let target = target.narrow(0, image, 1)?;
        let part = numbers(task, &output, &target)?;
        parts = [parts[0] + part[0], parts[1] + part[1]];
    }
    if close(whole[0], parts[0]) && close(whole[1], parts[1]) {
        return Ok(());
    }
    Err(Broken::Shards { whole, parts })
}

fn check_parts(task: &dyn Task, Measured { output, target }: &Measured) -> Result<(), Broken> {
    let whole = task.judged_loss(output, target)?.mean()?.to_dtype(DType::F64)?.to_scalar()?;
    let mut totals = Totals::default();
    for image in 0..output.dim(0)? {
        let target = target.narrow(0, image, 1)?;
        totals.add(&task.judged_parts(&output.narrow(0, image, 1)?, &target)?)?;
    }
    let parts = totals.loss()?;
    match parts {
        Some(found) if close(whole, found) => Ok(()),
        None if close(whole, 0.0) => Ok(()),
        _ => Err(Broken::Parts { whole, parts }),
    }
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1.0)
}

fn check_gradient(task: &dyn Task, Measured { output, target }: &Measured) -> Result<(), Broken> {
    const STEP: f64 = 1e-5;
    let variable = Var::from_tensor(&output.to_dtype(DType::F64)?)?;
    let store = task.loss(&variable, target)?.sum.backward()?;
    let analytic = match store.get(&variable) {
        Some(gradient) => gradient.flatten_all()?.to_vec1::<f64>()?,
        None => vec![0.0; output.elem_count()],
    };
    let values = variable.flatten_all()?.to_vec1::<f64>()?;
    let at = |element: usize, by: f64| {
        let mut moved = values.clone();
        moved[element] += by;
        let moved = Tensor::from_vec(moved, output.dims(), output.device())?;
        Ok::<f64, Broken>(numbers(task, &moved, target)?[0])
    };
    for (element, analytic) in analytic.into_iter().enumerate() {
        let numeric = (at(element, STEP)? - at(element, -STEP)?) / (2.0 * STEP);
        if (analytic - numeric).abs() > 1e-6 * analytic.abs().max(numeric.abs()).max(1.0) {
            return Err(Broken::Gradient { element, analytic, numeric });
        }
    }
    Ok(())
}

fn check_objective(task: &dyn Task, batches: &[Measured]) -> Result<(), Broken> {
    let mut scorer = task.scorer();
    for Measured { output, target } in batches {
        scorer.update(output, target).map_err(TaskError::from)?;
    }
    let expected = task.objective().name;
    let scores = scorer.scores();
    match scores.iter().next() {
        Some((name, _)) if name == expected => Ok(()),
        other => {
            let found = other.map(|(name, _)| name.to_owned());
            Err(Broken::Objective { expected, found })
        }
    }
}

#[cfg(test)]
mod tests;
