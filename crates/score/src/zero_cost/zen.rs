//! Zen-score.

use candle_core::{DType, Tensor};
use dartloom_net::memory::Workload;
use dartloom_noise::Noise;
use dartloom_ops::{LayerKind, Mode, Model};
use rand_distr::{Distribution as _, StandardNormal};

use super::passes::{finite, host, logits, restoring, rows, weights};
use super::score::forward_alone;
use super::{Reads, Scorable, ZeroCostError, ZeroCostScore};

/// The expressivity of a network: `log mean_b |f(x_b) - f(x_b + s e_b)| + sum_n log sqrt(v_n)`,
/// with `f` the features before global pooling (the logits if nothing is pooled), `|.|` the
/// Euclidean norm, images `x` and noise `e` of standard normal values, `s` = `scale`, and `v_n` the
/// variance of the input of batch norm `n`, its mean over the channels. Weights of convolutions and
/// fully connected layers are standard normal values, too. It needs no data.
///
/// Source: M. Lin, P. Wang, Z. Sun, H. Chen, X. Sun, Q. Qian, H. Li and R. Jin, *Zen-NAS: A
/// Zero-Shot NAS for High-Performance Image Recognition*, ICCV 2021, arXiv 2102.01063, algorithm 1.
///
/// # Differences from the paper
/// - The norm is that of the paper's text; the released code adds absolute values.
/// - Variances are those of the batch; the released code reads running ones after one batch.
/// - Residual connections stay, because a cell without its skip connections is another
///   architecture.
/// - A norm whose input does not vary scales nothing, and is left out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Zen {
    /// Scale of the noise.
    pub scale: f64,
}

impl Default for Zen {
    /// The paper's 0.01.
    fn default() -> Self {
        Self { scale: 0.01 }
    }
}

impl ZeroCostScore for Zen {
    fn name(&self) -> &'static str {
        "zen"
    }

    fn reads(&self) -> Reads {
        Reads::Size
    }

    fn workload(&self, batch: usize) -> Workload {
        forward_alone(self.dtype(), batch)
    }

    fn score(&self, given: &Scorable<'_>, noise: Noise) -> Result<f64, ZeroCostError> {
        let Scorable { network, batch, .. } = *given;
        let score = self.name();
        let weights = weights(score, network)?;
        let like = &batch.inputs;
        let images = normal(like, noise, "zen images", 0)?;
        let moved = (&images + (normal(like, noise, "zen noise", 0)? * self.scale)?)?;
        restoring(network, || {
            for (index, var) in weights.values().enumerate() {
                var.set(&normal(var.as_tensor(), noise, "zen weights", index as u64)?)?;
            }
            let here = Features::of(network, &images)?;
            let there = Features::of(network, &moved)?;
            let apart = rows(&(here.features - there.features)?)?;
            let norm = |row: &Vec<f64>| row.iter().map(|value| value * value).sum::<f64>().sqrt();
            let mean = apart.iter().map(norm).sum::<f64>() / apart.len() as f64;
            finite(score, "features", &[mean])?;
            if mean == 0.0 {
                return Err(ZeroCostError::Constant { score });
            }
            let scales = here.variances.iter().filter(|variance| **variance > 0.0);
            Ok(mean.ln() + scales.map(|variance| variance.sqrt().ln()).sum::<f64>())
        })
    }
}

/// Standard normal values in the shape and type of a tensor.
pub(super) fn normal(
    like: &Tensor,
    noise: Noise,
    purpose: &str,
    at: u64,
) -> candle_core::Result<Tensor> {
    let mut rng = noise.stream(purpose, at);
    let values: Vec<f64> =
        (0..like.elem_count()).map(|_| StandardNormal.sample(&mut rng)).collect();
    Tensor::from_vec(values, like.dims(), like.device())?.to_dtype(like.dtype())
}

/// The features of images in a network.
struct Features {
    features: Tensor,
    /// Variances of every norm's input.
    variances: Vec<f64>,
}

impl Features {
    fn of(network: &dyn Model, images: &Tensor) -> Result<Self, ZeroCostError> {
        let mut pooled = None;
        let mut inputs: Vec<Tensor> = Vec::new();
        let mut watch = |kind, input: &Tensor, output: Tensor| {
            match kind {
                LayerKind::GlobalAvgPool => pooled = Some(input.detach()),
                LayerKind::Norm => inputs.push(variance(input)?),
                _ => {}
            }
            Ok(output)
        };
        let logits = logits(network, images, Mode::probe(), Some(&mut watch))?;
        let variances = inputs.iter().map(|variance| Ok(host(variance)?[0]));
        let variances = variances.collect::<Result<_, ZeroCostError>>()?;
        Ok(Self { features: pooled.unwrap_or(logits), variances })
    }
}

/// The variance of each channel over images and positions, its mean over the channels.
fn variance(input: &Tensor) -> candle_core::Result<Tensor> {
    let input = input.detach().to_dtype(DType::F64)?;
    let channels = input.transpose(0, 1)?.flatten_from(1)?;
    let centred = channels.broadcast_sub(&channels.mean_keepdim(1)?)?;
    centred.sqr()?.mean_all()
}
