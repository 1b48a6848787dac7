use rand::RngCore;
use serde::{Deserialize, Serialize};

use super::chance::{between, happens};
use super::{Picture, PictureSpec, Transform};
use crate::{DataError, ImageShape};

/// Gaussian blur, photometric: a channel is blurred along rows and columns, each with a standard
/// deviation `s` drawn from `sigma`, in pixels. The weights are `exp(-d^2 / (2 s^2))` for distances
/// `d` of up to `3 s` pixels, made to sum to 1. The border is mirrored. A mask stays.
///
/// Happens with `probability`, and then to each channel with `per_channel`. Draws one number, and
/// three for each channel.
///
/// The defaults are nnU-Net's (`GaussianBlurTransform`): 0.5 to 1 with probability 0.2, and half of
/// the channels.
///
/// # Differences from nnU-Net
/// Its kernels end at about `2 s` to `3 s` pixels.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GaussianBlur {
    /// The smallest and the largest standard deviation, in pixels.
    pub sigma: (f64, f64),
    /// Probability of the change.
    pub probability: f64,
    /// Probability for each channel where it happens.
    pub per_channel: f64,
}

impl Default for GaussianBlur {
    fn default() -> Self {
        Self { sigma: (0.5, 1.0), probability: 0.2, per_channel: 0.5 }
    }
}

impl Transform for GaussianBlur {
    fn check(&self, images: &PictureSpec<'_>) -> Result<(), DataError> {
        images.check_range("GaussianBlur.sigma", self.sigma, (0.0, 100.0))?;
        images.check_probability("GaussianBlur.probability", self.probability)?;
        images.check_probability("GaussianBlur.per_channel", self.per_channel)
    }

    fn apply(&self, picture: &mut Picture<'_>, random: &mut dyn RngCore) -> Result<(), DataError> {
        if !happens(self.probability, random) {
            return Ok(());
        }
        let ImageShape { height, width, .. } = picture.shape();
        for plane in picture.planes() {
            let blurred = happens(self.per_channel, random);
            let down = between(self.sigma, random);
            let right = between(self.sigma, random);
            if blurred {
                for row in plane.chunks_exact_mut(width) {
                    blur_line(row, &kernel(right));
                }
                blur_columns(plane, (height, width), &kernel(down));
            }
        }
        Ok(())
    }
}

/// The weights of distances 0, 1, ..; both sides sum to 1.
pub(super) fn kernel(sigma: f64) -> Vec<f32> {
    let reach = (3.0 * sigma).ceil() as usize;
    let weight = |distance: usize| (-0.5 * (distance as f64 / sigma).powi(2)).exp();
    // For a deviation of 0 the weights of other pixels are 0, and that of distance 0 is 0 / 0.
    let mut weights: Vec<f64> = (0..=reach).map(weight).collect();
    weights[0] = 1.0;
    let sum = 2.0 * weights.iter().sum::<f64>() - 1.0;
    weights.into_iter().map(|weight| (weight / sum) as f32).collect()
}

/// An index beyond either end of `length` pixels, mirrored at the first and the last one.
fn mirrored(at: isize, length: usize) -> usize {
    let period = 2 * (length - 1).max(1) as isize;
    let at = at.rem_euclid(period) as usize;
    at.min(period as usize - at).min(length - 1)
}

fn blur_line(line: &mut [f32], kernel: &[f32]) {
    let before = line.to_vec();
    let tap = |at: isize| before[mirrored(at, before.len())];
    for (at, value) in line.iter_mut().enumerate() {
        let at = at as isize;
        let sides = kernel.iter().enumerate().skip(1);
        *value = kernel[0] * before[at as usize]
            + sides
                .map(|(far, weight)| weight * (tap(at - far as isize) + tap(at + far as isize)))
                .sum::<f32>();
    }
}

/// The same along the columns of a plane of `size` rows and columns, whole rows at a time.
fn blur_columns(plane: &mut [f32], size: (usize, usize), kernel: &[f32]) {
    let height = size.0;
    let width = size.1;
    let before = plane.to_vec();
    let row = |at: isize| {
        let start = mirrored(at, height) * width;
        &before[start..start + width]
    };
    for (at, values) in plane.chunks_exact_mut(width).enumerate() {
        values.iter_mut().for_each(|value| *value *= kernel[0]);
        for (far, weight) in kernel.iter().enumerate().skip(1) {
            let above = row(at as isize - far as isize);
            let below = row(at as isize + far as isize);
            for ((value, above), below) in values.iter_mut().zip(above).zip(below) {
                *value += weight * (above + below);
            }
        }
    }
}
