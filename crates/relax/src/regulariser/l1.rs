//! Small logits.

use candle_core::Tensor;
use serde::Serialize;

use super::{Regulariser, check_pair};
use crate::{Progress, RelaxError, identity};

/// The mean absolute logit of a table.
///
/// ```text
/// 1/(R O) sum_rows sum_o |a_o|
/// ```
///
/// for a table of `R` rows of `O` logits `a` (`logits`; the weights are not read). The gradient of
/// a logit is its sign over `R O`, and 0 at 0. A softmax does not change where all logits of a row
/// move together, so the term keeps differences small and weights alike: it is no way to sparse
/// weights, [`ConcaveNorm`](super::ConcaveNorm) is. Cost: one pass over the table.
///
/// Source: `--L1_lambda` of the Harvard capstone *Investigating Differentiable Neural Architecture
/// Search* (Emanuel, Laasri, Randle and Zhuang 2019), which does not say its weight.
///
/// # Differences from the paper
/// The released code takes one mean over the logits of both cells, here each cell has its own, so
/// half of the weight gives the same. It computes the term from copies of the logits, through
/// which no gradient flows; here there is one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct L1;

impl Regulariser for L1 {
    fn loss(&self, logits: &Tensor, weights: &Tensor, _at: Progress) -> Result<Tensor, RelaxError> {
        check_pair(logits, weights)?;
        let count = logits.elem_count().max(1) as f64;
        Ok(logits.abs()?.sum_all()?.affine(1.0 / count, 0.0)?)
    }

    fn identity(&self) -> Option<String> {
        identity::of("L1", self)
    }
}
