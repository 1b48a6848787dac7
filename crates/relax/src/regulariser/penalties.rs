//! Several terms whose weights may change during the search.

use candle_core::Tensor;

use super::Regulariser;
use crate::contract::check_term;
use crate::{Progress, Ramp, RelaxError, identity};

/// Regularisers with the weights they have in the loss.
#[derive(Debug, Default)]
pub struct Penalties {
    terms: Vec<(Box<dyn Regulariser>, Ramp)>,
}

impl Penalties {
    /// No terms.
    pub const fn new() -> Self {
        Self { terms: Vec::new() }
    }

    /// `true` if there is no term.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// The same with one more term.
    #[must_use]
    pub fn with(mut self, regulariser: impl Regulariser + 'static, weight: Ramp) -> Self {
        self.terms.push((Box::new(regulariser), weight));
        self
    }

    /// The identity of all terms and their weights, as in
    /// [`Relaxation::identity`](crate::Relaxation::identity); `None` if one of the terms has none.
    pub fn identity(&self) -> Option<String> {
        let term = |(term, ramp): &(Box<dyn Regulariser>, Ramp)| Some((term.identity()?, *ramp));
        let terms: Option<Vec<_>> = self.terms.iter().map(term).collect();
        identity::of("Penalties", &terms?)
    }

    /// `sum_t weight_t(at) loss_t` over the terms; `None` if there are none, or all weights are 0
    /// now.
    ///
    /// # Errors
    /// [`RelaxError::Term`] around the error of a term, and around its breach of the contract of
    /// [`Regulariser`]: a finite scalar of the tables' type that moves what it reads.
    pub fn loss(
        &self,
        logits: &Tensor,
        weights: &Tensor,
        at: Progress,
    ) -> Result<Option<Tensor>, RelaxError> {
        let mut total: Option<Tensor> = None;
        for (regulariser, ramp) in &self.terms {
            let factor = ramp.at(at);
            // Exactly nothing: the graph of a term that does not count need not exist.
            if factor.abs() <= 0.0 {
                continue;
            }
            let blame = |source| RelaxError::Term {
                regulariser: format!("{regulariser:?}"),
                source: Box::new(source),
            };
            let term = regulariser.loss(logits, weights, at).map_err(blame)?;
            // Where pruning has left no choice, weights are constant and may be all that a term
            // reads.
            let tracked = logits.track_op() && weights.track_op();
            check_term(&term, weights, tracked).map_err(blame)?;
            let term = term.affine(factor, 0.0)?;
            total = Some(match total {
                Some(total) => total.add(&term)?,
                None => term,
            });
        }
        Ok(total)
    }
}
