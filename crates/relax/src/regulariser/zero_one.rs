//! The zero-one loss of FairDARTS.

use candle_core::Tensor;
use serde::Serialize;

use super::{Regulariser, check_pair};
use crate::{Progress, RelaxError, identity};

/// Drives independent weights away from one half, to 0 or 1.
///
/// ```text
/// L2:  -1/N sum (w - 1/2)^2
/// L1:  -1/N sum |w - 1/2|
/// ```
///
/// over all `N` weights `w` of a table (`weights`, of a [`Sigmoid`](crate::Sigmoid)): Chu et al.,
/// *Fair DARTS*, ECCV 2020; the square is also equation 4 of Heuillet et al.,
/// *D-DARTS*. Best is -1/4 and -1/2. The gradient of the square vanishes at one half, where the
/// papers start; that of the absolute value is largest there and 0 at one half itself, as
/// PyTorch has it. Shape: a scalar. Cost: one pass over the table.
///
/// # Differences from the paper
/// The paper's mean runs over all cells; this one over one table. Where tables are of one size and
/// their terms are summed, divide the weight of the term by their number (two in FairDARTS).
/// D-DARTS has a term per cell, as here. Weights of the term in released code: 10 (FairDARTS), 9
/// (D-DARTS; 8 and 7 in its paper).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct ZeroOne {
    /// The measure of the distance from one half.
    pub norm: ZeroOneNorm,
}

/// A measure of the distance from one half.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub enum ZeroOneNorm {
    /// Squared.
    #[default]
    L2,
    /// Absolute.
    L1,
}

impl Regulariser for ZeroOne {
    fn loss(&self, logits: &Tensor, weights: &Tensor, _at: Progress) -> Result<Tensor, RelaxError> {
        check_pair(logits, weights)?;
        let centred = weights.affine(1.0, -0.5)?;
        let distance = match self.norm {
            ZeroOneNorm::L2 => centred.sqr()?,
            ZeroOneNorm::L1 => centred.mul(&sign(&centred)?)?,
        };
        Ok(distance.mean_all()?.neg()?)
    }

    fn identity(&self) -> Option<String> {
        identity::of("ZeroOne", self)
    }
}

/// -1, 0 or 1, as a constant. candle's own gradient of the absolute value is 1 at 0.
fn sign(tensor: &Tensor) -> Result<Tensor, RelaxError> {
    let tensor = tensor.detach();
    let above = tensor.gt(0.0)?;
    let below = tensor.lt(0.0)?;
    Ok(above.to_dtype(tensor.dtype())?.sub(&below.to_dtype(tensor.dtype())?)?)
}
