//! Passes that scores have in common.

use std::collections::BTreeMap;

use candle_core::{DType, Tensor, Var};
use dartloom_noise::Noise;
use dartloom_ops::{Execution, LayerWatch, Mode, Model, Pass};
use dartloom_record::Where;
use dartloom_train::{Finite, Gradients, Learner, MeanLoss, TrainError};

use super::{Scorable, ZeroCostError};

type Result<T> = std::result::Result<T, ZeroCostError>;

/// Outputs of a network; `layers` sees the layers on the way.
fn output<'a>(
    network: &dyn Model,
    images: &Tensor,
    mode: Mode,
    layers: Option<&'a mut LayerWatch<'a>>,
) -> Result<Tensor> {
    // Without drop-path and masks nothing is drawn.
    let mut noise = Noise::new(0).stream("unused", 0);
    let mut pass = Pass::new(mode, &mut noise);
    pass.execution = Execution::Staged;
    if let Some(layers) = layers {
        pass.layers = Some(layers);
    }
    Ok(network.forward(images, &mut pass)?.main)
}

/// Logits of `images`, one row for each; `layers` sees the layers on the way.
pub(super) fn logits<'a>(
    network: &dyn Model,
    images: &Tensor,
    mode: Mode,
    layers: Option<&'a mut LayerWatch<'a>>,
) -> Result<Tensor> {
    Ok(output(network, images, mode, layers)?.flatten_from(1)?)
}

/// The task's loss of a batch, a mean, batch norms normalising with the batch.
pub(super) fn loss<'a>(
    score: &'static str,
    given: &Scorable<'_>,
    layers: Option<&'a mut LayerWatch<'a>>,
) -> Result<MeanLoss> {
    let Scorable { network, batch, task } = *given;
    let output = output(network, &batch.inputs, Mode::probe(), layers)?;
    varied(score, &output.flatten_from(1)?)?;
    Ok(MeanLoss::try_from(&task.loss(&output, &batch.targets).map_err(TrainError::from)?)?)
}

/// Gradients of the task's loss by all parameters.
pub(super) fn loss_gradients(score: &'static str, given: &Scorable<'_>) -> Result<Gradients> {
    let loss = loss(score, given, None)?;
    gradients(score, &loss, given.network.variables().parameters())
}

/// Gradients of what a score asks about.
pub(super) fn gradients(
    score: &'static str,
    of: &MeanLoss,
    variables: &BTreeMap<String, Var>,
) -> Result<Gradients> {
    let phase = Where::from("zero-cost");
    let learner = Learner::alone(Finite { phase: &phase, epoch: 0, step: 0 });
    let [gradients] = learner.gradients(score, of, [variables], || None)?.gradients;
    Ok(gradients)
}

/// The sum of a tensor's values as something to take gradients of.
pub(super) fn sum(values: &Tensor) -> Result<MeanLoss> {
    Ok(MeanLoss { mean: values.sum_all()?, count: 1.0 })
}

/// The weights of convolutions and fully connected layers: all parameters but biases and those of
/// norms, which have one axis.
pub(super) fn weights(score: &'static str, network: &dyn Model) -> Result<BTreeMap<String, Var>> {
    let all = network.variables().parameters().iter().filter(|(_, var)| var.rank() > 1);
    let weights: BTreeMap<_, _> = all.map(|(name, var)| (name.clone(), var.clone())).collect();
    if weights.is_empty() { Err(ZeroCostError::NoWeights { score }) } else { Ok(weights) }
}

/// Refuses logits that are not finite, and rows that are all the same.
pub(super) fn varied(score: &'static str, logits: &Tensor) -> Result<()> {
    let rows = rows(logits)?;
    for row in &rows {
        finite(score, "logits", row)?;
    }
    if rows.len() < 2 {
        return Err(ZeroCostError::Batch { score, expected: 2, found: rows.len() });
    }
    if rows.iter().all(|row| *row == rows[0]) {
        return Err(ZeroCostError::Constant { score });
    }
    Ok(())
}

/// Refuses values that are not finite.
pub(super) fn finite(score: &'static str, what: &'static str, values: &[f64]) -> Result<()> {
    match values.iter().find(|value| !value.is_finite()) {
        Some(&found) => Err(ZeroCostError::NotFinite { score, what, found }),
        None => Ok(()),
    }
}

/// The values of a tensor.
pub(super) fn host(tensor: &Tensor) -> Result<Vec<f64>> {
    Ok(tensor.detach().flatten_all()?.to_dtype(DType::F64)?.to_vec1()?)
}

/// The values of a tensor, row by row.
pub(super) fn rows(tensor: &Tensor) -> Result<Vec<Vec<f64>>> {
    Ok(tensor.detach().flatten_from(1)?.to_dtype(DType::F64)?.to_vec2()?)
}

/// Returns the result of `work`; the network's variables afterwards have the same values as before.
pub(super) fn restoring<T>(network: &dyn Model, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let before = network.variables().snapshot()?;
    let given = work();
    network.variables().load(&before)?;
    given
}
