//! The neural tangent kernel.

use dartloom_noise::Noise;
use dartloom_ops::Mode;

use super::passes::{gradients, host, logits, sum, varied};
use super::score::pairs;
use super::symmetric::eigenvalues;
use super::{Reads, Scorable, ZeroCostError, ZeroCostScore};

/// The unevenness of a network's learning: the condition number `l_max / l_min` of its neural
/// tangent kernel `K_ij = (d y_i / dw) . (d y_j / dw)`, with `y_i` the sum of the logits of image
/// `i` and `w` all parameters. Less is better.
///
/// One backward pass for each image: batches of 8 to 32 are usual.
///
/// Source: W. Chen, X. Gong and Z. Wang, *Neural Architecture Search on ImageNet in Four GPU Hours*
/// (TE-NAS), ICLR 2021, arXiv 2102.11535, section 3.1.1.
///
/// # Differences from the paper
/// All parameters count; the released code leaves biases out. A kernel that is singular up to
/// rounding is refused; the released code gives 100,000. Batch norms normalise with the batch, as
/// there, so that an image's logits depend on the others, too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NtkCondition;

impl ZeroCostScore for NtkCondition {
    fn name(&self) -> &'static str {
        "ntk"
    }

    fn higher_is_better(&self) -> bool {
        false
    }

    fn reads(&self) -> Reads {
        Reads::Images
    }

    fn beside(&self, images: u64, parameters: u64) -> u64 {
        let gradients = images.saturating_mul(parameters).saturating_mul(size_of::<f32>() as u64);
        pairs(images).saturating_add(gradients)
    }

    fn score(&self, given: &Scorable<'_>, _: Noise) -> Result<f64, ZeroCostError> {
        let Scorable { network, batch, .. } = *given;
        let score = self.name();
        let parameters = network.variables().parameters();
        if parameters.is_empty() {
            return Err(ZeroCostError::NoWeights { score });
        }
        let logits = logits(network, &batch.inputs, Mode::probe(), None)?;
        varied(score, &logits)?;
        let images = logits.dim(0)?;
        let mut rows: Vec<Vec<f32>> = Vec::with_capacity(images);
        for image in 0..images {
            let gradients = gradients(score, &sum(&logits.get(image)?)?, parameters)?;
            let mut row = Vec::new();
            for (name, var) in parameters {
                match gradients.0.get(name) {
                    Some(gradient) => row.extend(host(gradient)?.iter().map(|&v| v as f32)),
                    None => row.resize(row.len() + var.elem_count(), 0.0),
                }
            }
            rows.push(row);
        }
        let product = |a: &Vec<f32>, b: &Vec<f32>| -> f64 {
            a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
        };
        let kernel: Vec<Vec<f64>> =
            rows.iter().map(|a| rows.iter().map(|b| product(a, b)).collect()).collect();
        super::passes::finite(score, "gradients", &kernel.concat())?;
        let values = eigenvalues(kernel);
        let least = values[0];
        let most = values[images - 1];
        // Rounded rows move the roots of eigenvalues by as much as the rows.
        let rounding = 10.0 * f64::from(f32::EPSILON);
        if least <= images as f64 * rounding.powi(2) * most {
            let matrix = "neural tangent kernel";
            return Err(ZeroCostError::Singular { score, matrix, images });
        }
        Ok(most / least)
    }
}
