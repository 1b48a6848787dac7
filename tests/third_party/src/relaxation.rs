//! A relaxation.

use dartloom::Tensor;
use dartloom::rand::RngCore;
use dartloom::relax::{Progress, RelaxError, Relaxation};

use crate::Count;

/// Weights in proportion to squares: `w_i = (1 + l_i)^2 / sum_j (1 + l_j)^2` of logits l, row by
/// row.
#[derive(Clone, Debug)]
pub struct Squares {
    /// Logits relaxed.
    pub uses: Count,
}

impl Relaxation for Squares {
    fn weights(
        &self,
        logits: &Tensor,
        _: Progress,
        _: &mut dyn RngCore,
    ) -> Result<Tensor, RelaxError> {
        self.uses.one_more();
        // A little more than nothing keeps rows of zeros from being divided by nothing.
        let squares = ((logits + 1.0)?.sqr()? + 1e-6)?;
        let last = squares.rank() - 1;
        Ok(squares.broadcast_div(&squares.sum_keepdim(last)?)?)
    }

    fn identity(&self) -> Option<String> {
        Some("Squares, version 1".to_owned())
    }
}
