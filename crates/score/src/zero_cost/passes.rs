//! Passes that scores have in common.

use std::collections::BTreeMap;

use candle_core::{DType, Tensor, Var};
use dartloom_data::Batch;
use dartloom_net::{Execution, Model, Pass};
use dartloom_noise::Noise;
use dartloom_ops::{LayerWatch, Mode};
use dartloom_train::{Gradients, cross_entropy, gradients_of};

use super::ZeroCostError;

type Result<T> = std::result::Result<T, ZeroCostError>;

/// Logits of `images`, one row for each; `layers` sees the layers on the way.
pub(super) fn logits<'a>(
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
    Ok(network.forward(images, &mut pass)?.main.flatten_from(1)?)
}

/// Cross-entropy of a batch, batch norms normalising with it.
pub(super) fn loss<'a>(
    score: &'static str,
    network: &dyn Model,
    batch: &Batch,
    layers: Option<&'a mut LayerWatch<'a>>,
) -> Result<Tensor> {
    let logits = logits(network, &batch.inputs, Mode::probe(), layers)?;
    varied(score, &logits)?;
    if logits.dims() != [batch.targets.elem_count(), logits.dim(1)?] {
        return Err(ZeroCostError::Logits { score, found: logits.dims().to_vec() });
    }
    // Of one class every image is for certain: the loss is 0, and so is its gradient.
    if logits.dim(1)? < 2 {
        let expected = "at least 2, or there is no loss".to_owned();
        return Err(ZeroCostError::Size { what: "classes", expected, found: logits.dim(1)? });
    }
    Ok(cross_entropy(&logits, &batch.targets, 0.0)?)
}

/// Gradients of the cross-entropy by all parameters.
pub(super) fn loss_gradients(
    score: &'static str,
    network: &dyn Model,
    batch: &Batch,
) -> Result<Gradients> {
    let loss = loss(score, network, batch, None)?;
    Ok(gradients_of(&loss, network.variables().parameters())?)
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
