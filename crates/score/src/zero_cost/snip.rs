//! SNIP.

use dartloom_noise::Noise;

use super::passes::{host, loss_gradients, weights};
use super::{Scorable, ZeroCostError, ZeroCostScore};

/// The change of the loss if single weights were removed: `sum |w * dL/dw|` over the weights of
/// convolutions and fully connected layers, with `L` the loss of the batch.
///
/// Source: N. Lee, T. Ajanthan and P. H. S. Torr, *SNIP: Single-shot Network Pruning based on
/// Connection Sensitivity*, ICLR 2019, arXiv 1810.02340, equation 5; summed over a network by M. S.
/// Abdelfattah, A. Mehrotra, L. Dudziak and N. D. Lane, *Zero-Cost Proxies for Lightweight NAS*,
/// ICLR 2021, arXiv 2101.08134.
///
/// # Differences from the paper
/// The sum is not divided by the sum over the network, as the score is that sum. Batch norms
/// normalise with the batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Snip;

impl ZeroCostScore for Snip {
    fn name(&self) -> &'static str {
        "snip"
    }

    fn score(&self, given: &Scorable<'_>, _: Noise) -> Result<f64, ZeroCostError> {
        let Scorable { network, .. } = *given;
        let weights = weights(self.name(), network)?;
        let gradients = loss_gradients(self.name(), given)?;
        let mut sum = 0.0;
        for (name, weight) in &weights {
            // The loss does not depend on a weight without a gradient.
            let Some(gradient) = gradients.0.get(name) else { continue };
            let products = host(&(weight.as_tensor() * gradient)?)?;
            sum += products.iter().map(|product| product.abs()).sum::<f64>();
        }
        Ok(sum)
    }
}
