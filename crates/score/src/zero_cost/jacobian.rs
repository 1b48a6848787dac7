//! Jacobian covariance.

use std::collections::BTreeMap;

use candle_core::{Tensor, Var};
use dartloom_noise::Noise;
use dartloom_ops::Mode;

use super::passes::{gradients, logits, rows, sum, varied};
use super::score::pairs;
use super::symmetric::eigenvalues;
use super::{Reads, Scorable, ZeroCostError, ZeroCostScore};

/// How unlike each other the images' gradients are: `-sum_i (log(v_i + k) + 1 / (v_i + k))` with
/// `v_i` the eigenvalues of the correlation matrix of the rows `d(sum_c y_c)/dx` of the images `x`,
/// `y` the logits and `k = 1e-5`. Highest, at minus the number of images, where no two correlate.
///
/// Source: J. Mellor, J. Turner, A. Storkey and E. J. Crowley, *Neural Architecture Search without
/// Training*, arXiv 2006.04647v1, equations 1 to 4.
///
/// # Differences from the paper
/// - Batch norms normalise with the batch, as in the released code. Where one of them is the last
///   layer before pooling, as in networks of the DARTS family, the sum over all images does not
///   depend on any, and what is left of its gradient is rounding. Such a network is refused: its
///   gradients are less than 1e-4 of those of the logits added with alternating signs.
/// - A gradient that is the same at all pixels, which correlates with nothing, is refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JacobianCovariance;

/// The name of the images among variables.
const IMAGES: &str = "images";

/// Keeps the logarithm finite.
const K: f64 = 1e-5;

impl ZeroCostScore for JacobianCovariance {
    fn name(&self) -> &'static str {
        "jacob_cov"
    }

    fn reads(&self) -> Reads {
        Reads::Images
    }

    fn beside(&self, images: u64, _: u64) -> u64 {
        pairs(images)
    }

    fn score(&self, given: &Scorable<'_>, _: Noise) -> Result<f64, ZeroCostError> {
        let Scorable { network, batch, .. } = *given;
        let score = self.name();
        let images = Var::from_tensor(&batch.inputs)?;
        let logits = logits(network, images.as_tensor(), Mode::probe(), None)?;
        varied(score, &logits)?;
        let variables = BTreeMap::from([(IMAGES.to_owned(), images)]);
        let by_images = |output: &Tensor| -> Result<Vec<Vec<f64>>, ZeroCostError> {
            let jacobian = gradients(score, &sum(output)?, &variables)?;
            rows(jacobian.0.get(IMAGES).ok_or(ZeroCostError::Constant { score })?)
        };
        let rows = by_images(&logits)?;
        let signs: Vec<f32> =
            (0..rows.len()).map(|image| if image % 2 == 0 { 1.0 } else { -1.0 }).collect();
        let signs = Tensor::from_vec(signs, (rows.len(), 1), logits.device())?;
        let signed = by_images(&logits.broadcast_mul(&signs.to_dtype(logits.dtype())?)?)?;
        if norm(&rows) < LEAST * norm(&signed) {
            return Err(ZeroCostError::Cancelled { score });
        }
        let images = rows.len();
        let refused = ZeroCostError::Singular { score, matrix: "covariance of gradients", images };
        let correlations = correlations(rows).ok_or(refused)?;
        let term = |value: &f64| (value + K).ln() + 1.0 / (value + K);
        Ok(-eigenvalues(correlations).iter().map(term).sum::<f64>())
    }
}

/// Less than this of what each image does alone is rounding, in single precision.
const LEAST: f64 = 1e-4;

fn norm(rows: &[Vec<f64>]) -> f64 {
    rows.iter().flatten().map(|value| value * value).sum::<f64>().sqrt()
}

/// Pearson's correlations of rows; `None` when one of them is constant.
fn correlations(mut rows: Vec<Vec<f64>>) -> Option<Vec<Vec<f64>>> {
    for row in &mut rows {
        let mean = row.iter().sum::<f64>() / row.len() as f64;
        row.iter_mut().for_each(|value| *value -= mean);
        let norm = row.iter().map(|value| value * value).sum::<f64>().sqrt();
        if norm == 0.0 || !norm.is_finite() {
            return None;
        }
        row.iter_mut().for_each(|value| *value /= norm);
    }
    let product = |a: &Vec<f64>, b: &Vec<f64>| a.iter().zip(b).map(|(a, b)| a * b).sum();
    Some(rows.iter().map(|a| rows.iter().map(|b| product(a, b)).collect()).collect())
}

#[cfg(test)]
mod tests {
    use approx::assert_relative_eq;

    use super::*;

    #[test]
    fn correlations_by_hand() {
        let rows = vec![vec![1.0, 2.0, 3.0], vec![2.0, 4.0, 6.0], vec![0.0, 3.0, 0.0]];
        let found = correlations(rows).unwrap();
        let expected = [[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
        for (found, expected) in found.iter().flatten().zip(expected.iter().flatten()) {
            assert_relative_eq!(found, expected, epsilon = 1e-15);
        }
        assert_eq!(correlations(vec![vec![1.0, 1.0]]), None);
    }
}
