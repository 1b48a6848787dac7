//! The regulariser of beta-DARTS.

use candle_core::{D, Tensor};
use serde::Serialize;

use super::{Regulariser, check_pair};
use crate::{Progress, RelaxError, identity};

/// Keeps logits small and alike, through their softmax.
///
/// ```text
/// 1/R sum_rows ln sum_o exp(a_o)
/// ```
///
/// for a table of `R` rows of logits `a` (`logits`; the weights are not read). The gradient of a
/// row is its softmax over `R`, so the heaviest candidate decays most. Ye et al., *beta-DARTS:
/// Beta-Decay Regularization for Differentiable Architecture Search*, CVPR 2022; its weight grows
/// from 0 to 50 over the search, [`Ramp::new(0.0, 50.0)`](crate::Ramp::new). Cost: one pass over
/// the table.
///
/// # Differences from the paper
/// None known: the mean over rows is the released code's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct BetaDecay;

impl Regulariser for BetaDecay {
    fn loss(&self, logits: &Tensor, weights: &Tensor, _at: Progress) -> Result<Tensor, RelaxError> {
        let (rows, _) = check_pair(logits, weights)?;
        let largest = logits.detach().max_keepdim(D::Minus1)?;
        let powers = logits.broadcast_sub(&largest)?.exp()?.sum_keepdim(D::Minus1)?;
        let smooth = powers.log()?.add(&largest)?;
        Ok(smooth.sum_all()?.affine(1.0 / rows.max(1) as f64, 0.0)?)
    }

    fn identity(&self) -> Option<String> {
        identity::of("BetaDecay", self)
    }
}
