//! Gradients of the ablation loss.

use std::collections::BTreeMap;

use candle_core::Tensor;
use dartloom_space::{CellId, LogitId};

use super::mean;
use crate::bilevel::per_cell::Validation;
use crate::{LogitGradients, SearchError};

/// `factor grad_i L_CE / mean M` for the logits of every cell `i`.
pub(super) fn scaled(
    marginal: &[f64],
    whole: &Validation,
    factor: f64,
) -> Result<LogitGradients, SearchError> {
    let mean = mean(marginal);
    if mean.abs() <= 0.0 {
        return Ok(LogitGradients::default());
    }
    let scale = |(id, gradient): (&LogitId, &Tensor)| Ok((*id, (gradient * (factor / mean))?));
    whole.gradient.0.iter().map(scale).collect::<Result<_, _>>().map(LogitGradients)
}

/// The quotient rule: for the logits of cell `i`, with `m = mean M`,
///
/// ```text
/// factor grad_i (M_i / m - 1) = factor (grad_i M_i / m - M_i grad_i m / m^2)
/// grad_i M_k = grad_i L_CE(C) - grad_i L_CE(C without k)
/// ```
pub(super) fn quotient(
    marginal: &[f64],
    whole: &Validation,
    without: &[LogitGradients],
    factor: f64,
) -> Result<LogitGradients, SearchError> {
    let mean = mean(marginal);
    if mean.abs() <= 0.0 {
        return Ok(LogitGradients::default());
    }
    let mut gradients = BTreeMap::new();
    for (id, all) in &whole.gradient.0 {
        let Some(CellId(cell)) = id.cell() else { continue };
        let of = |other: &LogitGradients| match other.0.get(id) {
            Some(gradient) => all - gradient,
            None => Ok(all.clone()),
        };
        let mut of_mean = all.zeros_like()?;
        for other in without {
            of_mean = (of_mean + (of(other)? / without.len() as f64)?)?;
        }
        let own = (of(&without[cell])? * (factor / mean))?;
        let shared = (of_mean * (factor * marginal[cell] / (mean * mean)))?;
        gradients.insert(*id, (own - shared)?);
    }
    Ok(LogitGradients(gradients))
}
