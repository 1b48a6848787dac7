//! Gradients of the ablation loss.

use std::collections::BTreeMap;

use candle_core::Tensor;
use dartloom_train::Gradients;

use super::mean;
use crate::SearchError;
use crate::bilevel::Bilevel;
use crate::bilevel::cells::Validation;

impl Bilevel {
    /// `factor grad_i L_CE / mean M` for the logits of every cell `i`.
    pub(super) fn scaled(
        &self,
        marginal: &[f64],
        whole: &Validation,
        factor: f64,
    ) -> Result<Gradients, SearchError> {
        let mean = mean(marginal);
        if mean.abs() <= 0.0 {
            return Ok(Gradients::default());
        }
        let scale = |(name, gradient): (&String, &Tensor)| {
            Ok((name.clone(), (gradient * (factor / mean))?))
        };
        whole.cross_entropy.0.iter().map(scale).collect::<Result<_, _>>().map(Gradients)
    }

    /// The quotient rule: for the logits of cell `i`, with `m = mean M`,
    ///
    /// ```text
    /// factor grad_i (M_i / m - 1) = factor (grad_i M_i / m - M_i grad_i m / m^2)
    /// grad_i M_k = grad_i L_CE(C) - grad_i L_CE(C without k)
    /// ```
    pub(super) fn full(
        &self,
        marginal: &[f64],
        whole: &Validation,
        without: &[Gradients],
        factor: f64,
    ) -> Result<Gradients, SearchError> {
        let mean = mean(marginal);
        if mean.abs() <= 0.0 {
            return Ok(Gradients::default());
        }
        let mut gradients = BTreeMap::new();
        for (name, all) in &whole.cross_entropy.0 {
            let cell = self.architecture.cell_of(name)?;
            let of = |other: &Gradients| match other.0.get(name) {
                Some(gradient) => all - gradient,
                None => Ok(all.clone()),
            };
            let mut of_mean = all.zeros_like()?;
            for other in without {
                of_mean = (of_mean + (of(other)? / without.len() as f64)?)?;
            }
            let own = (of(&without[cell])? * (factor / mean))?;
            let shared = (of_mean * (factor * marginal[cell] / (mean * mean)))?;
            gradients.insert(name.clone(), (own - shared)?);
        }
        Ok(Gradients(gradients))
    }
}
