//! Gradient norm.

use dartloom_noise::Noise;

use super::passes::{host, loss_gradients, weights};
use super::{Scorable, ZeroCostError, ZeroCostScore};

/// The steepness of the loss: `sum_l |dL/dw_l|`, the Euclidean norms of the gradients of the
/// weights `w_l` of each convolution and fully connected layer, with `L` the loss of the batch.
///
/// Source: M. S. Abdelfattah, A. Mehrotra, L. Dudziak and N. D. Lane, *Zero-Cost Proxies for
/// Lightweight NAS*, ICLR 2021, arXiv 2101.08134, section 3.2.
///
/// # Differences from the paper
/// None: the norms are added layer by layer as in the released code, where the text has the norm of
/// all gradients.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GradNorm;

impl ZeroCostScore for GradNorm {
    fn name(&self) -> &'static str {
        "grad_norm"
    }

    fn score(&self, given: &Scorable<'_>, _: Noise) -> Result<f64, ZeroCostError> {
        let Scorable { network, .. } = *given;
        let weights = weights(self.name(), network)?;
        let gradients = loss_gradients(self.name(), given)?;
        let mut sum = 0.0;
        for gradient in weights.keys().filter_map(|name| gradients.0.get(name)) {
            sum += host(gradient)?.iter().map(|value| value * value).sum::<f64>().sqrt();
        }
        Ok(sum)
    }
}
