//! One function per law. The inner error describes the observation that contradicts the law, the
//! outer one the failure of the relaxation.

use candle_core::{DType, Tensor, Var};

use super::Law;
use super::sample::{SHAPES, TIMES, logits, noise, normal, violation};
use crate::{Progress, RelaxError, Relaxation};

type Verdict = Result<Result<(), String>, RelaxError>;

pub(super) fn check(relaxation: &dyn Relaxation, law: Law, seed: u64) -> Verdict {
    for shape in SHAPES {
        let table = logits(relaxation.domain(), shape, &mut noise(seed))?;
        for at in TIMES {
            let trial = Trial { relaxation, table: &table, at, seed };
            let verdict = match law {
                Law::Shape => trial.shape()?,
                Law::Constraint => trial.constraint()?,
                Law::Deterministic => trial.deterministic()?,
                Law::Gradient => trial.gradient()?,
                Law::Penalty => trial.penalty()?,
            };
            if let Err(found) = verdict {
                return Ok(Err(format!("{found} (logits {shape:?}, {at:?})")));
            }
        }
    }
    Ok(Ok(()))
}

struct Trial<'a> {
    relaxation: &'a dyn Relaxation,
    table: &'a Tensor,
    at: Progress,
    seed: u64,
}

/// Central differences of smooth functions of order one are good to about `STEP * STEP`.
const STEP: f64 = 1e-5;
const TOLERANCE: f64 = 1e-7;

impl Trial<'_> {
    fn weights(&self, logits: &Tensor) -> Result<Tensor, RelaxError> {
        self.relaxation.weights(logits, self.at, &mut noise(self.seed))
    }

    fn initial(&self) -> Vec<f32> {
        let rows = self.table.dims()[0];
        let candidates = self.table.dims()[1];
        self.relaxation.initial(rows, candidates, &mut noise(self.seed))
    }

    fn shape(&self) -> Verdict {
        for dtype in [DType::F32, DType::F64] {
            let logits = self.table.to_dtype(dtype)?;
            let weights = self.weights(&logits)?;
            if weights.dims() != logits.dims() || weights.dtype() != dtype {
                let shape = weights.dims();
                let found = weights.dtype();
                return Ok(Err(format!("{shape:?} in {found:?} from {dtype:?}")));
            }
        }
        let expected = self.table.elem_count();
        match self.initial().len() {
            found if found == expected => Ok(Ok(())),
            found => Ok(Err(format!("{found} initial logits, not {expected}"))),
        }
    }

    fn constraint(&self) -> Verdict {
        for (dtype, tolerance) in [(DType::F32, 1e-5), (DType::F64, 1e-12)] {
            let weights = self.weights(&self.table.to_dtype(dtype)?)?;
            let rows = weights.to_dtype(DType::F64)?.to_vec2()?;
            if let Some(found) = violation(&rows, self.relaxation.constraint(), tolerance) {
                return Ok(Err(found));
            }
        }
        let initial: Vec<f64> = self.initial().into_iter().map(f64::from).collect();
        let rows: Vec<Vec<f64>> =
            initial.chunks(self.table.dims()[1]).map(<[f64]>::to_vec).collect();
        Ok(match violation(&rows, self.relaxation.domain(), 1e-5) {
            Some(found) => Err(format!("initial logits: {found}")),
            None => Ok(()),
        })
    }

    fn deterministic(&self) -> Verdict {
        let numbers = || -> Result<Vec<u64>, RelaxError> {
            let flat: Vec<f64> = self.weights(self.table)?.flatten_all()?.to_vec1()?;
            Ok(flat.into_iter().map(f64::to_bits).collect())
        };
        if numbers()? != numbers()? {
            return Ok(Err("other weights at the second call".to_owned()));
        }
        let bits = |row: Vec<f32>| -> Vec<u32> { row.into_iter().map(f32::to_bits).collect() };
        if bits(self.initial()) != bits(self.initial()) {
            return Ok(Err("other initial logits at the second call".to_owned()));
        }
        Ok(Ok(()))
    }

    fn gradient(&self) -> Verdict {
        let mut draws = noise(self.seed ^ 1);
        let mix: Vec<f64> = (0..self.table.elem_count()).map(|_| normal(&mut draws)).collect();
        let mix = Tensor::from_vec(mix, self.table.shape(), self.table.device())?;
        let of_weights = |logits: &Tensor| -> Result<Option<Tensor>, RelaxError> {
            Ok(Some(self.weights(logits)?.mul(&mix)?.sum_all()?))
        };
        let of_penalty = |logits: &Tensor| self.relaxation.penalty(logits);
        match self.difference("weights", &of_weights)? {
            Ok(()) => self.difference("penalty", &of_penalty),
            broken => Ok(broken),
        }
    }

    /// Compares the gradient of a scalar function of the logits with its central differences.
    fn difference(
        &self,
        what: &str,
        scalar: &dyn Fn(&Tensor) -> Result<Option<Tensor>, RelaxError>,
    ) -> Verdict {
        let logits = Var::from_tensor(self.table)?;
        let Some(value) = scalar(logits.as_tensor())? else { return Ok(Ok(())) };
        let analytic: Vec<f64> = match value.backward()?.get(&logits) {
            Some(gradient) => gradient.flatten_all()?.to_vec1()?,
            None => return Ok(Err(format!("{what}: no gradient reaches the logits"))),
        };
        let flat: Vec<f64> = self.table.flatten_all()?.to_vec1()?;
        let at = |element: usize, step: f64| -> Result<f64, RelaxError> {
            let mut moved = flat.clone();
            moved[element] += step;
            let moved = Tensor::from_vec(moved, self.table.shape(), self.table.device())?;
            Ok(scalar(&moved)?.map_or(Ok(f64::NAN), |value| value.to_scalar())?)
        };
        for (element, &found) in analytic.iter().enumerate() {
            let expected = (at(element, STEP)? - at(element, -STEP)?) / (2.0 * STEP);
            let error = (found - expected).abs() / found.abs().max(expected.abs()).max(1.0);
            if error.is_nan() || error > TOLERANCE {
                let place = format!("{what}: gradient of element {element}");
                return Ok(Err(format!("{place} is {found}, the difference {expected}")));
            }
        }
        Ok(Ok(()))
    }

    fn penalty(&self) -> Verdict {
        let Some(penalty) = self.relaxation.penalty(self.table)? else { return Ok(Ok(())) };
        if penalty.rank() != 0 {
            return Ok(Err(format!("shape {:?}", penalty.dims())));
        }
        let value: f64 = penalty.to_dtype(DType::F64)?.to_scalar()?;
        Ok(if value.is_finite() { Ok(()) } else { Err(format!("{value}")) })
    }
}
