//! Checks of weights, initial logits and penalties against the contract of their relaxation.
//!
//! An implementation outside of this crate may break its contract. Training would continue with
//! wrong weights without notice, so a search computes them through these functions.

use candle_core::{DType, Tensor, Var};
use rand::RngCore;

use crate::relaxation::check_table;
use crate::{Constraint, Progress, RelaxError, Relaxation};

/// The distance that a row may have from its set. Rows in single precision are off by 1e-6, and the
/// released step of EGDAS lets them sum to as much as 1e-5 per candidate more than 1.
const TOLERANCE: f64 = 1e-3;

/// The result of [`Relaxation::weights`], refused if it breaks the relaxation's contract.
///
/// Cost: a copy of the table to the host.
///
/// # Errors
/// [`RelaxError::Shape`] when `logits` is no table, [`RelaxError::Mismatch`] for weights of another
/// shape, [`RelaxError::ElementType`] for those of another type, [`RelaxError::Outside`] for a row
/// that does not keep to [`Relaxation::constraint`], and the relaxation's own.
pub fn checked_weights(
    relaxation: &dyn Relaxation,
    logits: &Tensor,
    at: Progress,
    noise: &mut dyn RngCore,
) -> Result<Tensor, RelaxError> {
    check_table(logits)?;
    let weights = relaxation.weights(logits, at, noise)?;
    if weights.dims() != logits.dims() {
        let expected = logits.dims().to_vec();
        let found = weights.dims().to_vec();
        return Err(RelaxError::Mismatch { what: "weights", expected, found });
    }
    check_type("weights", &weights, logits)?;
    let rows: Vec<Vec<f64>> = weights.detach().to_dtype(DType::F64)?.to_vec2()?;
    check_rows("weights", rows.iter().map(Vec::as_slice), relaxation.constraint())?;
    Ok(weights)
}

/// The result of [`Relaxation::initial`], refused if it breaks the relaxation's contract.
///
/// # Errors
/// [`RelaxError::Initial`] for another number of logits than `rows * candidates`, and
/// [`RelaxError::Outside`] for a row that does not keep to [`Relaxation::domain`].
pub fn checked_initial(
    relaxation: &dyn Relaxation,
    (rows, candidates): (usize, usize),
    noise: &mut dyn RngCore,
) -> Result<Vec<f32>, RelaxError> {
    let initial = relaxation.initial(rows, candidates, noise);
    if initial.len() != rows * candidates {
        return Err(RelaxError::Initial { rows, candidates, found: initial.len() });
    }
    let host: Vec<f64> = initial.iter().copied().map(f64::from).collect();
    let what = "initial logits";
    check_rows(what, host.chunks_exact(candidates.max(1)), relaxation.domain())?;
    Ok(initial)
}

/// The result of [`Relaxation::penalty`], refused if it breaks the relaxation's contract.
///
/// # Errors
/// [`RelaxError::Mismatch`], [`RelaxError::ElementType`], [`RelaxError::NotFinite`],
/// [`RelaxError::NoGradient`], and the relaxation's own.
pub fn checked_penalty(
    relaxation: &dyn Relaxation,
    logits: &Tensor,
) -> Result<Option<Tensor>, RelaxError> {
    let penalty = relaxation.penalty(logits)?;
    if let Some(penalty) = &penalty {
        check_term(penalty, logits, logits.track_op())?;
    }
    Ok(penalty)
}

/// Refuses a term of the loss that is not a finite scalar of the type of `like`, or that is
/// constant although it reads a `tracked` tensor, which it then does not move.
///
/// # Errors
/// [`RelaxError::Mismatch`], [`RelaxError::ElementType`], [`RelaxError::NotFinite`],
/// [`RelaxError::NoGradient`].
pub(crate) fn check_term(term: &Tensor, like: &Tensor, tracked: bool) -> Result<(), RelaxError> {
    if term.rank() != 0 {
        let expected = Vec::new();
        let found = term.dims().to_vec();
        return Err(RelaxError::Mismatch { what: "a term of the loss", expected, found });
    }
    check_type("a term of the loss", term, like)?;
    let found = term.detach().to_dtype(DType::F64)?.to_scalar::<f64>()?;
    if !found.is_finite() {
        return Err(RelaxError::NotFinite { what: "a term of the loss", found });
    }
    if tracked && !term.track_op() {
        return Err(RelaxError::NoGradient { of: "a term of the loss" });
    }
    Ok(())
}

/// Refuses a relaxation whose weights do not depend on `logits`, or that gives other weights at a
/// second call. `noise` makes equal generators.
///
/// # Errors
/// [`RelaxError::NoGradient`], [`RelaxError::Unrepeatable`], and those of [`checked_weights`] and
/// [`checked_penalty`].
pub fn check_relaxation_at<R: RngCore>(
    relaxation: &dyn Relaxation,
    logits: &Tensor,
    at: Progress,
    noise: impl Fn() -> R,
) -> Result<(), RelaxError> {
    let logits = Var::from_tensor(&logits.detach())?;
    let weights = checked_weights(relaxation, &logits, at, &mut noise())?;
    let again = relaxation.weights(&logits, at, &mut noise())?;
    if bits(&weights)? != bits(&again)? {
        return Err(RelaxError::Unrepeatable);
    }
    // A constant sum of weights would do for a softmax as well: what counts is that a path exists.
    if weights.sum_all()?.backward()?.get(&logits).is_none() {
        return Err(RelaxError::NoGradient { of: "weights" });
    }
    checked_penalty(relaxation, &logits)?;
    Ok(())
}

fn bits(tensor: &Tensor) -> Result<Vec<u64>, RelaxError> {
    let values: Vec<f64> = tensor.detach().to_dtype(DType::F64)?.flatten_all()?.to_vec1()?;
    Ok(values.into_iter().map(f64::to_bits).collect())
}

fn check_type(what: &'static str, found: &Tensor, like: &Tensor) -> Result<(), RelaxError> {
    if found.dtype() == like.dtype() {
        return Ok(());
    }
    let expected = like.dtype();
    let found = found.dtype();
    Err(RelaxError::ElementType { what, expected, found })
}

fn check_rows<'a>(
    what: &'static str,
    rows: impl Iterator<Item = &'a [f64]>,
    set: Constraint,
) -> Result<(), RelaxError> {
    for (row, numbers) in rows.enumerate() {
        if !set.holds(numbers, TOLERANCE) {
            return Err(RelaxError::Outside { what, row, set, found: numbers.to_vec() });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
