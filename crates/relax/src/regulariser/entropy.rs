//! The entropy of weights as a term of the loss.

use candle_core::Tensor;
use serde::Serialize;

use super::{Regulariser, check_pair, least};
use crate::{Progress, RelaxError, identity};

/// The distance of rows from uniform: 0 for uniform rows, `ln |O|` for one-hot ones.
///
/// ```text
/// sum_rows sum_o w_o ln(w_o |O|)
/// ```
///
/// for the weights `w` of a table (`weights`) on the simplex with `|O|` candidates, the entropic
/// regulariser in the released code of GAEA (Li et al., ICLR 2021; weight 0, or 0.01 in EGDAS). A
/// positive weight keeps rows undecided; a negative one, in a [`Ramp`](crate::Ramp) that grows,
/// makes them decide. A weight of 0 contributes nothing. Cost: one pass over the table.
///
/// # Differences from the paper
/// None. The paper's own algorithm has no regulariser.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct NegativeEntropy;

impl Regulariser for NegativeEntropy {
    fn loss(&self, logits: &Tensor, weights: &Tensor, _at: Progress) -> Result<Tensor, RelaxError> {
        let (_, candidates) = check_pair(logits, weights)?;
        let logs = weights.maximum(least(weights.dtype()))?.log()?;
        let logs = logs.affine(1.0, (candidates as f64).ln())?;
        Ok(weights.mul(&logs)?.sum_all()?)
    }

    fn identity(&self) -> Option<String> {
        identity::of("NegativeEntropy", self)
    }
}
