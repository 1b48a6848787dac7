//! Fisher information.

use std::collections::BTreeMap;

use candle_core::{D, Tensor, Var};
use dartloom_noise::Noise;
use dartloom_ops::LayerKind;

use super::passes::{gradients, host, loss};
use super::{Scorable, ZeroCostError, ZeroCostScore};

/// The change of the loss if single channels were removed, estimated to second order:
/// `sum_c 1/(2 B) sum_b (sum_p a dL/da)^2` over the output channels `c` of convolutions and fully
/// connected layers, with activations `a` of image `b` at position `p` and `L` the loss of the
/// batch of `B`.
///
/// Source: J. Turner, E. J. Crowley, M. O'Boyle, A. Storkey and G. Gray, *BlockSwap: Fisher-guided
/// Block Substitution for Network Compression on a Budget*, ICLR 2020, arXiv 1906.04113, equation
/// 3; summed over a network by Abdelfattah et al. 2021, arXiv 2101.08134.
///
/// # Differences from the paper
/// Activations are outputs of layers, before norm and ReLU, as in the code of Abdelfattah et al.
/// Batch norms normalise with the batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fisher;

impl ZeroCostScore for Fisher {
    fn name(&self) -> &'static str {
        "fisher"
    }

    fn score(&self, given: &Scorable<'_>, _: Noise) -> Result<f64, ZeroCostError> {
        let mut seen: Vec<Tensor> = Vec::new();
        let mut shown: BTreeMap<String, Var> = BTreeMap::new();
        // candle keeps gradients of variables alone: a zero added to an output has the output's.
        let mut watch = |kind, _: &Tensor, output: Tensor| {
            if !matches!(kind, LayerKind::Conv | LayerKind::Linear) {
                return Ok(output);
            }
            let zero = Var::from_tensor(&output.zeros_like()?)?;
            let watched = (&output + zero.as_tensor())?;
            shown.insert(seen.len().to_string(), zero);
            seen.push(output.detach());
            Ok(watched)
        };
        let loss = loss(self.name(), given, Some(&mut watch))?;
        if seen.is_empty() {
            return Err(ZeroCostError::NoWeights { score: self.name() });
        }
        let gradients = gradients(self.name(), &loss, &shown)?;
        let mut sum = 0.0;
        for (layer, activation) in seen.iter().enumerate() {
            let Some(gradient) = gradients.0.get(&layer.to_string()) else { continue };
            let mut products = (activation * gradient)?;
            if products.rank() > 2 {
                products = products.flatten_from(2)?.sum(D::Minus1)?;
            }
            sum += host(&products.sqr()?.mean(0)?)?.iter().sum::<f64>() / 2.0;
        }
        Ok(sum)
    }
}
