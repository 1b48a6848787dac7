//! The expected cost of an architecture.

use candle_core::Tensor;
use serde::Serialize;

use super::{Regulariser, check_pair};
use crate::{Progress, RelaxError, identity};

/// The cost of the candidates, each counted by its weight.
///
/// ```text
/// 1/unit sum_rows sum_o w_o c_o
/// ```
///
/// for the weights `w` of a table (`weights`) and the cost `c` of every candidate in every row
/// (`costs`: parameters, multiply-adds, seconds), in multiples of `unit`. On the simplex it is the
/// expectation of the cost of one candidate per row drawn by the weights; its gradient is the cost
/// itself. Proxyless NAS (Cai, Zhu and Han, ICLR 2019) has it for latency. Cost: one
/// pass over the table.
///
/// # Differences from the paper
/// The paper's cost is a latency model; here any additive cost can be used. Operations that a
/// decoder drops are counted too: the term is an upper estimate of a decoded cell's cost.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExpectedCost {
    costs: Vec<f64>,
    shape: (usize, usize),
    unit: f64,
}

impl ExpectedCost {
    /// Costs per row and candidate, counted in multiples of `unit`.
    ///
    /// # Errors
    /// [`RelaxError::Shape`] for rows of different lengths or without candidates,
    /// [`RelaxError::Parameter`] for a cost that is negative or not finite and for a unit that is
    /// not positive and finite.
    pub fn new(costs: &[Vec<f64>], unit: f64) -> Result<Self, RelaxError> {
        let candidates = costs.first().map_or(0, Vec::len);
        if candidates == 0 || costs.iter().any(|row| row.len() != candidates) {
            let found = costs.iter().map(Vec::len).find(|&length| length != candidates);
            return Err(RelaxError::Shape { found: vec![costs.len(), found.unwrap_or(0)] });
        }
        if !(unit.is_finite() && unit > 0.0) {
            let expected = "a positive, finite number";
            return Err(RelaxError::Parameter { name: "unit", expected, found: unit });
        }
        let flat: Vec<f64> = costs.concat();
        if let Some(&found) = flat.iter().find(|cost| !cost.is_finite() || **cost < 0.0) {
            let expected = "finite costs, 0 or more";
            return Err(RelaxError::Parameter { name: "costs", expected, found });
        }
        Ok(Self { costs: flat, shape: (costs.len(), candidates), unit })
    }
}

impl Regulariser for ExpectedCost {
    /// # Errors
    /// [`RelaxError::Mismatch`] when the table has another shape than the costs.
    fn loss(&self, logits: &Tensor, weights: &Tensor, _at: Progress) -> Result<Tensor, RelaxError> {
        let found = check_pair(logits, weights)?;
        if found != self.shape {
            let expected = self.shape;
            let found = weights.dims().to_vec();
            let expected = vec![expected.0, expected.1];
            return Err(RelaxError::Mismatch { what: "weights of these costs", expected, found });
        }
        let costs: Vec<f64> = self.costs.iter().map(|cost| cost / self.unit).collect();
        let costs = Tensor::from_vec(costs, self.shape, weights.device())?;
        Ok(weights.mul(&costs.to_dtype(weights.dtype())?)?.sum_all()?)
    }

    fn identity(&self) -> Option<String> {
        identity::of("ExpectedCost", self)
    }
}
