//! The laws of regularisers.

use candle_core::{DType, Device, Tensor, Var};

use super::sample::{logits, noise};
use super::{CheckError, Law};
use crate::{Constraint, Progress, Regulariser, RelaxError};

/// Holds a regulariser to its laws on tables of `shape` (rows, candidates) drawn from `seed`: a
/// finite scalar of the tables' dtype, equal for equal tables, whose gradients with respect to
/// logits and weights equal central differences in `f64`.
///
/// # Errors
/// [`CheckError`] for the first law that does not hold.
pub fn check_regulariser(
    regulariser: &dyn Regulariser,
    shape: (usize, usize),
    seed: u64,
) -> Result<(), CheckError> {
    for law in [Law::Penalty, Law::Deterministic, Law::Gradient] {
        let verdict = check(regulariser, law, shape, seed);
        let verdict = verdict.map_err(|source| CheckError::Relaxation { law, source })?;
        verdict.map_err(|found| CheckError::Broken { law, found })?;
    }
    Ok(())
}

type Verdict = Result<Result<(), String>, RelaxError>;

const AT: Progress = Progress { epoch: 1, epochs: 4 };
const STEP: f64 = 1e-5;
const TOLERANCE: f64 = 1e-7;

fn check(regulariser: &dyn Regulariser, law: Law, shape: (usize, usize), seed: u64) -> Verdict {
    let mut draws = noise(seed);
    let logits_of = logits(Constraint::Free, shape, &mut draws)?;
    for set in [Constraint::Simplex, Constraint::UnitInterval] {
        let weights = logits(set, shape, &mut draws)?;
        let verdict = match law {
            Law::Penalty => scalar(regulariser, &logits_of, &weights)?,
            Law::Deterministic => {
                let loss = || value(regulariser, &logits_of, &weights);
                let first = loss()?;
                let second = loss()?;
                let equal = first.to_bits() == second.to_bits();
                if equal { Ok(()) } else { Err(format!("{first} and then {second}")) }
            }
            _ => gradients(regulariser, &logits_of, &weights)?,
        };
        if let Err(found) = verdict {
            return Ok(Err(format!("{found} (weights in {set:?})")));
        }
    }
    Ok(Ok(()))
}

fn value(
    regulariser: &dyn Regulariser,
    logits: &Tensor,
    weights: &Tensor,
) -> Result<f64, RelaxError> {
    Ok(regulariser.loss(logits, weights, AT)?.to_dtype(DType::F64)?.to_scalar()?)
}

fn scalar(regulariser: &dyn Regulariser, logits: &Tensor, weights: &Tensor) -> Verdict {
    for dtype in [DType::F32, DType::F64] {
        let loss = regulariser.loss(&logits.to_dtype(dtype)?, &weights.to_dtype(dtype)?, AT)?;
        if loss.rank() != 0 || loss.dtype() != dtype {
            return Ok(Err(format!(
                "shape {:?} in {:?} from {dtype:?}",
                loss.dims(),
                loss.dtype()
            )));
        }
        let found: f64 = loss.to_dtype(DType::F64)?.to_scalar()?;
        if !found.is_finite() {
            return Ok(Err(format!("{found} from {dtype:?}")));
        }
    }
    Ok(Ok(()))
}

fn gradients(regulariser: &dyn Regulariser, logits: &Tensor, weights: &Tensor) -> Verdict {
    let vars = [Var::from_tensor(logits)?, Var::from_tensor(weights)?];
    let loss = regulariser.loss(vars[0].as_tensor(), vars[1].as_tensor(), AT)?;
    let store = loss.backward()?;
    for (which, var) in vars.iter().enumerate() {
        // What a term does not read has no gradient.
        let analytic: Vec<f64> = match store.get(var) {
            Some(gradient) => gradient.flatten_all()?.to_vec1()?,
            None => vec![0.0; var.elem_count()],
        };
        let flat: Vec<f64> = [logits, weights][which].flatten_all()?.to_vec1()?;
        let at = |element: usize, step: f64| -> Result<f64, RelaxError> {
            let mut moved = flat.clone();
            moved[element] += step;
            let moved = Tensor::from_vec(moved, logits.shape(), &Device::Cpu)?;
            let (logits, weights) = if which == 0 { (&moved, weights) } else { (logits, &moved) };
            value(regulariser, logits, weights)
        };
        for (element, &found) in analytic.iter().enumerate() {
            let expected = (at(element, STEP)? - at(element, -STEP)?) / (2.0 * STEP);
            let error = (found - expected).abs() / found.abs().max(expected.abs()).max(1.0);
            if error.is_nan() || error > TOLERANCE {
                let what = ["logits", "weights"][which];
                let place = format!("gradient of element {element} of the {what}");
                return Ok(Err(format!("{place} is {found}, the difference {expected}")));
            }
        }
    }
    Ok(Ok(()))
}
