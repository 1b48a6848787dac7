//! GraSP.

use std::collections::BTreeMap;

use candle_core::{DType, Tensor, Var};
use dartloom_noise::Noise;
use dartloom_train::Gradients;

use super::passes::{host, loss_gradients, restoring, weights};
use super::{Scorable, ZeroCostError, ZeroCostScore};

/// The effect of the weights on the flow of gradients: `-sum w * (H g)` over the weights of
/// convolutions and fully connected layers, with `g = dL/dw` the gradient and `H` the Hessian of
/// the loss `L` of the batch.
///
/// `H g = (g(w + e g) - g(w - e g)) / (2 e)` with `e = 0.01 / |g|`, in double precision.
///
/// Source: C. Wang, G. Zhang and R. Grosse, *Picking Winning Tickets Before Training by Preserving
/// Gradient Flow*, ICLR 2020, arXiv 2002.07376, equation 8; summed over a network by Abdelfattah et
/// al. 2021, arXiv 2101.08134.
///
/// # Differences from the paper
/// The product with the Hessian is a central difference, as in second-order DARTS, and not a second
/// backward pass. Logits are not divided by a temperature, as in Abdelfattah et al. Batch norms
/// normalise with the batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Grasp;

/// Length of the step along the gradient.
const STEP: f64 = 0.01;

impl ZeroCostScore for Grasp {
    fn name(&self) -> &'static str {
        "grasp"
    }

    fn dtype(&self) -> DType {
        DType::F64
    }

    fn score(&self, given: &Scorable<'_>, _: Noise) -> Result<f64, ZeroCostError> {
        let Scorable { network, .. } = *given;
        let score = self.name();
        let weights = weights(score, network)?;
        let here = of(&weights, loss_gradients(score, given)?);
        let norm = here.norm()?;
        if norm == 0.0 {
            return Err(ZeroCostError::Constant { score });
        }
        let reach = STEP / norm;
        let before: BTreeMap<&String, Tensor> = weights
            .iter()
            .map(|(name, var)| Ok((name, var.copy()?.detach())))
            .collect::<candle_core::Result<_>>()?;
        let [ahead, behind] = restoring(network, || {
            let at = |reach: f64| {
                for (name, gradient) in &here.0 {
                    weights[name].set(&(&before[name] + (gradient * reach)?)?)?;
                }
                loss_gradients(score, given)
            };
            Ok([at(reach)?, at(-reach)?])
        })?;
        let mut sum = 0.0;
        for (name, weight) in &before {
            let (Some(a), Some(b)) = (ahead.0.get(*name), behind.0.get(*name)) else { continue };
            let product = (weight * (a - b)?)?;
            sum -= host(&product)?.iter().sum::<f64>() / (2.0 * reach);
        }
        Ok(sum)
    }
}

/// The gradients of some variables alone.
fn of(variables: &BTreeMap<String, Var>, mut gradients: Gradients) -> Gradients {
    gradients.0.retain(|name, _| variables.contains_key(name));
    gradients
}
