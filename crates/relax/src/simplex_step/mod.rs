//! Steps of gradient descent that stay on the simplex.

mod rate;

use candle_core::{DType, Tensor, Var};

pub use rate::AccumulatedRate;

use crate::relaxation::check_table;
use crate::{Groups, RelaxError};

/// Exponentiated gradient descent: the step of GAEA.
///
/// For the parameters `theta` of one row (`theta`), their gradient `g` (`gradient`) and the
/// learning rate `eta` (`rate`),
///
/// ```text
/// u_o     = theta_o exp(-eta g_o)
/// theta_o = u_o / sum_o' u_o'
/// ```
///
/// which is mirror descent on the simplex under the entropy: Li, Khodak, Balcan and Talwalkar,
/// *Geometry-Aware Gradient Algorithms for Neural Architecture Search*, ICLR 2021.
/// Adding a constant to the gradient of a row changes nothing. Computed through logarithms in
/// double precision on the host, so that no rate overflows; cost: one pass over the table.
///
/// # Differences from the paper
/// The paper's step lets a parameter that reached 0 stay there for ever. The released code does
/// not: [`Floor`] says how. [`ExponentiatedGradient::darts`] is the released step for operations,
/// [`ExponentiatedGradient::edges`] that for edges. The released code also divides the rate by the
/// largest gradient of the table when asked ([`ExponentiatedGradient::relative`]) and has plain
/// descent for comparison ([`Geometry::Additive`]).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ExponentiatedGradient {
    /// Learning rate, 0 or more.
    pub rate: f64,
    /// The rule that keeps parameters away from 0.
    pub floor: Floor,
    /// `true` if the rate is divided by the largest absolute gradient of the whole table.
    pub relative: bool,
    /// The movement of a row before it is normalised.
    pub geometry: Geometry,
}

/// A rule that keeps a parameter of the simplex away from 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Floor {
    /// No floor: the paper's step, and the released one for edges.
    None,
    /// `u_o` is at least this number; the row is normalised afterwards and sums to 1 (released
    /// EDARTS code, 1e-5).
    BeforeSum(f64),
    /// The normalised row is at least this number and sums to slightly more than 1 (released
    /// EGDAS code, 1e-5).
    AfterSum(f64),
}

/// The movement of a row before it is normalised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Geometry {
    /// `u_o = theta_o exp(-eta g_o)`.
    #[default]
    Exponentiated,
    /// `u_o = max(theta_o - eta g_o, 0)`: plain gradient descent, for comparison.
    Additive,
}

impl ExponentiatedGradient {
    /// The paper's step.
    pub const fn new(rate: f64) -> Self {
        let floor = Floor::None;
        let geometry = Geometry::Exponentiated;
        Self { rate, floor, relative: false, geometry }
    }

    /// The released step for operations: rate 0.1, at least 1e-5 before normalising.
    pub const fn darts() -> Self {
        Self { floor: Floor::BeforeSum(1e-5), ..Self::new(0.1) }
    }

    /// The released step for edges: rate 0.1, no floor.
    pub const fn edges() -> Self {
        Self::new(0.1)
    }

    /// The released step of EGDAS: rate 0.01, at least 1e-5 after normalising.
    pub const fn egdas() -> Self {
        Self { floor: Floor::AfterSum(1e-5), ..Self::new(0.01) }
    }

    /// Moves every row of a table `theta` `[rows, candidates]` by its gradient of the same shape.
    ///
    /// # Errors
    /// [`RelaxError::Parameter`] for a rate or floor that is negative or not finite,
    /// [`RelaxError::Shape`] when `theta` is no table, [`RelaxError::Mismatch`] for a gradient of
    /// another shape, [`RelaxError::Gradient`] and [`RelaxError::Weight`] for numbers that are not
    /// finite, negative parameters and rows of nothing but 0. Nothing has been moved then.
    pub fn step(&self, theta: &Var, gradient: &Tensor) -> Result<(), RelaxError> {
        let (rows, candidates) = check_table(theta.as_tensor())?;
        self.apply(theta, gradient, &vec![candidates; rows])
    }

    /// Moves every group of a line `theta` `[n]`, such as the weights of a cell's edges.
    ///
    /// # Errors
    /// As [`ExponentiatedGradient::step`], and [`RelaxError::Groups`] when `theta` has another
    /// length than the groups together.
    pub fn step_groups(
        &self,
        theta: &Var,
        gradient: &Tensor,
        groups: &Groups,
    ) -> Result<(), RelaxError> {
        groups.check(theta.as_tensor())?;
        self.apply(theta, gradient, groups.sizes())
    }

    fn apply(&self, theta: &Var, gradient: &Tensor, sizes: &[usize]) -> Result<(), RelaxError> {
        self.check()?;
        if gradient.dims() != theta.dims() {
            let expected = theta.dims().to_vec();
            let found = gradient.dims().to_vec();
            return Err(RelaxError::Mismatch { what: "gradient", expected, found });
        }
        let shares = host(theta.as_tensor())?;
        let gradients = host(gradient)?;
        if let Some(entry) = gradients.iter().position(|g| !g.is_finite()) {
            return Err(RelaxError::Gradient { entry, found: gradients[entry] });
        }
        let rate = if self.relative { self.rate / largest(&gradients) } else { self.rate };
        let mut moved = Vec::with_capacity(shares.len());
        let mut start = 0;
        for (row, &size) in sizes.iter().enumerate() {
            let range = start..start + size;
            check_row(row, &shares[range.clone()])?;
            moved.extend(self.row(&shares[range.clone()], &gradients[range], rate));
            start += size;
        }
        let moved = Tensor::from_vec(moved, theta.shape(), theta.device())?;
        Ok(theta.set(&moved.to_dtype(theta.dtype())?)?)
    }

    fn check(&self) -> Result<(), RelaxError> {
        let floor = match self.floor {
            Floor::None => 0.0,
            Floor::BeforeSum(floor) | Floor::AfterSum(floor) => floor,
        };
        for (name, found) in [("rate", self.rate), ("floor", floor)] {
            if !(found.is_finite() && found >= 0.0) {
                let expected = "a finite number, 0 or more";
                return Err(RelaxError::Parameter { name, expected, found });
            }
        }
        Ok(())
    }

    /// A row after its step, through logarithms: `ln u`, less its largest entry, then powers.
    fn row(&self, theta: &[f64], gradient: &[f64], rate: f64) -> Vec<f64> {
        let logs = theta.iter().zip(gradient).map(|(&share, &g)| match self.geometry {
            Geometry::Exponentiated => share.ln() - rate * g,
            // Never nothing at all: a row whose entries all fall below 0 becomes uniform.
            Geometry::Additive => (share - rate * g).max(f64::MIN_POSITIVE).ln(),
        });
        let mut logs: Vec<f64> = logs.collect();
        if let Floor::BeforeSum(floor) = self.floor {
            logs.iter_mut().for_each(|log| *log = log.max(floor.ln()));
        }
        let shift = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let powers: Vec<f64> = logs.iter().map(|log| (log - shift).exp()).collect();
        let sum: f64 = powers.iter().sum();
        let mut moved: Vec<f64> = powers.into_iter().map(|power| power / sum).collect();
        if let Floor::AfterSum(floor) = self.floor {
            moved.iter_mut().for_each(|share| *share = share.max(floor));
        }
        moved
    }
}

fn host(tensor: &Tensor) -> Result<Vec<f64>, RelaxError> {
    Ok(tensor.detach().to_dtype(DType::F64)?.flatten_all()?.to_vec1()?)
}

/// Largest absolute value; 1 where all are 0, which then moves nothing.
fn largest(gradients: &[f64]) -> f64 {
    let largest = gradients.iter().map(|g| g.abs()).fold(0.0, f64::max);
    if largest > 0.0 { largest } else { 1.0 }
}

fn check_row(row: usize, shares: &[f64]) -> Result<(), RelaxError> {
    let bad = shares.iter().position(|&share| !share.is_finite() || share < 0.0);
    let empty = shares.iter().all(|&share| share <= 0.0).then_some(0);
    match bad.or(empty) {
        Some(column) => Err(RelaxError::Weight { row, column, found: shares[column] }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
