//! Synaptic flow.

use candle_core::{DType, Var};
use dartloom_net::memory::Workload;
use dartloom_noise::Noise;
use dartloom_ops::Mode;

use super::passes::{finite, gradients, host, logits, restoring, sum, weights};
use super::score::with_gradients;
use super::{Reads, Scorable, ZeroCostError, ZeroCostScore};

/// How much flows through a network: `sum |w| * dR/d|w|` over the weights of convolutions and fully
/// connected layers, with `R` the sum of the logits of an image of ones in the network of absolute
/// values of all parameters. Needs no data, and computes in double precision: `R` grows with depth
/// and width like a product.
///
/// Source: H. Tanaka, D. Kunin, D. L. K. Yamins and S. Ganguli, *Pruning Neural Networks without Any
/// Data by Iteratively Conserving Synaptic Flow*, NeurIPS 2020, arXiv 2006.05467, equations 1 and 3.
///
/// # Differences from the paper
/// Batch norms are run with their running statistics, as in the authors' code. In a network that
/// nobody trained these are 0 and 1, and a norm divides by `sqrt(1 + 1e-5)`: the score is that of
/// Abdelfattah et al. 2021, who leave norms out, but for this factor. Trained networks have other
/// statistics and should not be asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Synflow;

impl ZeroCostScore for Synflow {
    fn name(&self) -> &'static str {
        "synflow"
    }

    fn dtype(&self) -> DType {
        DType::F64
    }

    fn reads(&self) -> Reads {
        Reads::Shape
    }

    fn workload(&self, _: usize) -> Workload {
        with_gradients(self.dtype(), 1)
    }

    fn score(&self, given: &Scorable<'_>, _: Noise) -> Result<f64, ZeroCostError> {
        let Scorable { network, batch, .. } = *given;
        let score = self.name();
        let weights = weights(score, network)?;
        let ones = Var::from_tensor(&batch.inputs.narrow(0, 0, 1)?.ones_like()?)?;
        restoring(network, || {
            for var in network.variables().parameters().values() {
                var.set(&var.as_tensor().detach().abs()?)?;
            }
            let flow = sum(&logits(network, ones.as_tensor(), Mode::eval(), None)?)?;
            finite(score, "logits", &host(&flow.mean)?)?;
            let mut variables = weights.clone();
            variables.insert(INPUT.to_owned(), ones.clone());
            let gradients = gradients(score, &flow, &variables)?.0;
            let reached = match gradients.get(INPUT) {
                Some(gradient) => host(gradient)?.iter().any(|value| *value > 0.0),
                None => false,
            };
            if !reached {
                return Err(ZeroCostError::Constant { score });
            }
            let mut total = 0.0;
            for (name, weight) in &weights {
                let Some(gradient) = gradients.get(name) else { continue };
                total += host(&(weight.as_tensor() * gradient)?)?.iter().sum::<f64>();
            }
            Ok(total)
        })
    }
}

/// No variable of a network is called so: they have dots in their names.
const INPUT: &str = "input";
