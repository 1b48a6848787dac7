//! A concave norm of weights: sparsity on the simplex.

use candle_core::Tensor;
use serde::Serialize;

use super::{Regulariser, check_pair};
use crate::{Progress, RelaxError, identity};

/// A concave power of the weights, smallest where rows are one-hot.
///
/// ```text
/// 1/R sum_rows sum_o ((w_o + e)^p - e^p)          0 < p < 1
/// ```
///
/// for the weights `w` of a table of `R` rows (`weights`), the power `p` (`power`) and a small `e`
/// (`smoothing`) that keeps the gradient at 0 finite: `p e^(p - 1)`. On the simplex the sum of
/// absolute values is constant, and a softmax does not see a shift of its logits, so only a
/// concave function of the weights makes them sparse. It goes from about 1 (one-hot) to
/// `|O|^(1 - p)` (uniform). The idea of an L_p penalty with p < 1 on architecture weights is
/// future work in the Harvard capstone report on DARTS. Cost: one pass over the table.
///
/// # Differences from the paper
/// The report asks for L_p without a formula. The smoothing and the subtraction, which makes the
/// cost of a zero 0, are ours.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ConcaveNorm {
    power: f64,
    smoothing: f64,
}

impl Default for ConcaveNorm {
    /// Square roots, smoothed by 1e-3.
    fn default() -> Self {
        Self { power: 0.5, smoothing: 1e-3 }
    }
}

impl ConcaveNorm {
    /// The given power and smoothing.
    ///
    /// # Errors
    /// [`RelaxError::Parameter`] unless `0 < power < 1` and `smoothing` is positive and finite.
    pub fn new(power: f64, smoothing: f64) -> Result<Self, RelaxError> {
        if !(power > 0.0 && power < 1.0) {
            let expected = "a power between 0 and 1";
            return Err(RelaxError::Parameter { name: "power", expected, found: power });
        }
        if !(smoothing.is_finite() && smoothing > 0.0) {
            let expected = "a positive, finite number";
            return Err(RelaxError::Parameter { name: "smoothing", expected, found: smoothing });
        }
        Ok(Self { power, smoothing })
    }
}

impl Regulariser for ConcaveNorm {
    fn loss(&self, logits: &Tensor, weights: &Tensor, _at: Progress) -> Result<Tensor, RelaxError> {
        let (rows, _) = check_pair(logits, weights)?;
        let powers = weights.affine(1.0, self.smoothing)?.powf(self.power)?;
        let powers = powers.affine(1.0, -self.smoothing.powf(self.power))?;
        Ok(powers.sum_all()?.affine(1.0 / rows.max(1) as f64, 0.0)?)
    }

    fn identity(&self) -> Option<String> {
        identity::of("ConcaveNorm", self)
    }
}
