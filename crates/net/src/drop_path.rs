//! Drop-path: whole operation outputs are dropped per image.

use candle_core::Tensor;
use dartloom_ops::Pass;
use rand::{Rng, RngCore};

use crate::NetError;

/// Drops `x` for each image of `[B, C, H, W]` with `probability`, and scales what stays.
///
/// `y_b = x_b m_b / (1 - p)` with `m_b ~ Bernoulli(1 - p)` and `p = probability` (FractalNet, as
/// in DARTS' retraining). A probability of 0 returns `x`; with 1 everything is dropped.
///
/// # Errors
/// When the tensor library fails.
pub fn drop_path(
    x: &Tensor,
    probability: f64,
    noise: &mut dyn RngCore,
) -> Result<Tensor, NetError> {
    if probability <= 0.0 {
        return Ok(x.clone());
    }
    scaled(x, keep(x.dim(0)?, probability, noise))
}

/// Draws whether each of `batch` images keeps an operation's output, scaled to keep the mean;
/// `None` when drop-path is off.
pub(crate) fn gate(pass: &mut Pass<'_>, batch: usize) -> Option<Vec<f64>> {
    let active = pass.mode.is_training() && pass.drop_path > 0.0;
    active.then(|| keep(batch, pass.drop_path, pass.noise))
}

/// Factors of `batch` images: 0 with `probability`, otherwise the factor that keeps the mean.
fn keep(batch: usize, probability: f64, noise: &mut dyn RngCore) -> Vec<f64> {
    let keep = 1.0 - probability;
    let scale = if keep > 0.0 { 1.0 / keep } else { 0.0 };
    (0..batch).map(|_| if noise.random::<f64>() < keep { scale } else { 0.0 }).collect()
}

/// `x` times a factor per image.
pub(crate) fn scaled(x: &Tensor, factors: Vec<f64>) -> Result<Tensor, NetError> {
    let shape = (factors.len(), 1, 1, 1);
    let factors = Tensor::from_vec(factors, shape, x.device())?.to_dtype(x.dtype())?;
    Ok(x.broadcast_mul(&factors)?)
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Device};
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;

    #[test]
    fn keeps_the_mean_and_drops_whole_images() {
        let x = Tensor::ones((2000, 1, 2, 2), DType::F64, &Device::Cpu).unwrap();
        let y = drop_path(&x, 0.3, &mut ChaCha8Rng::seed_from_u64(1)).unwrap();
        let images: Vec<Vec<f64>> = y.flatten_from(1).unwrap().to_vec2().unwrap();
        assert!(images.iter().all(|image| image.iter().all(|v| v.to_bits() == image[0].to_bits())));
        let mean = y.mean_all().unwrap().to_scalar::<f64>().unwrap();
        assert!((mean - 1.0).abs() < 0.05, "{mean}");
    }

    #[test]
    fn probability_zero_is_the_identity_and_one_drops_all() {
        let x = Tensor::ones((3, 1, 1, 1), DType::F32, &Device::Cpu).unwrap();
        let mut noise = ChaCha8Rng::seed_from_u64(1);
        let kept = drop_path(&x, 0.0, &mut noise).unwrap().flatten_all().unwrap();
        assert_eq!(kept.to_vec1::<f32>().unwrap(), [1.0; 3]);
        let gone = drop_path(&x, 1.0, &mut noise).unwrap().flatten_all().unwrap();
        assert_eq!(gone.to_vec1::<f32>().unwrap(), [0.0; 3]);
    }
}
