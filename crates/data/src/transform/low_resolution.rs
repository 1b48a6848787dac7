use rand::RngCore;
use serde::{Deserialize, Serialize};

use super::chance::{between, happens};
use super::{Picture, PictureSpec, Transform};
use crate::{DataError, ImageShape};

/// Simulated low resolution, photometric: a channel is reduced by a factor drawn from `zoom`, taking
/// the nearest pixels, and enlarged again, bilinear. A mask stays.
///
/// Happens with `probability`, and then to each channel with `per_channel`. Draws one number, and two
/// for each channel.
///
/// The defaults are nnU-Net's (`SimulateLowResolutionTransform`): half to full size with probability
/// 0.25, and half of the channels.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LowResolution {
    /// The smallest and the largest size, as a share of the full one.
    pub zoom: (f64, f64),
    /// Probability of the change.
    pub probability: f64,
    /// Probability for each channel where it happens.
    pub per_channel: f64,
}

impl Default for LowResolution {
    fn default() -> Self {
        Self { zoom: (0.5, 1.0), probability: 0.25, per_channel: 0.5 }
    }
}

impl Transform for LowResolution {
    fn check(&self, images: &PictureSpec<'_>) -> Result<(), DataError> {
        images.check_range("LowResolution.zoom", self.zoom, (0.01, 1.0))?;
        images.check_probability("LowResolution.probability", self.probability)?;
        images.check_probability("LowResolution.per_channel", self.per_channel)
    }

    fn apply(&self, picture: &mut Picture<'_>, random: &mut dyn RngCore) -> Result<(), DataError> {
        if !happens(self.probability, random) {
            return Ok(());
        }
        let ImageShape { height, width, .. } = picture.shape();
        for plane in picture.planes() {
            let reduced = happens(self.per_channel, random);
            let zoom = between(self.zoom, random);
            if reduced {
                coarsen(plane, (height, width), zoom);
            }
        }
        Ok(())
    }
}

/// Where a place of the full size lies between two of the reduced one.
#[derive(Clone, Copy, Debug)]
struct Between {
    first: usize,
    second: usize,
    share: f32,
}

/// One axis: the places of the full size that are kept, and where each place lies between them.
fn axis(length: usize, zoom: f64) -> (Vec<usize>, Vec<Between>) {
    let small = ((length as f64 * zoom).round_ties_even() as usize).clamp(1, length);
    let ratio = length as f64 / small as f64;
    let kept = |at: usize| (((at as f64 + 0.5) * ratio) as usize).min(length - 1);
    let lies = |at: usize| {
        let place = ((at as f64 + 0.5) / ratio - 0.5).max(0.0);
        let first = (place as usize).min(small - 1);
        let second = (first + 1).min(small - 1);
        Between { first, second, share: (place - first as f64) as f32 }
    };
    ((0..small).map(kept).collect(), (0..length).map(lies).collect())
}

/// Reduces and enlarges a plane of `size` rows and columns.
pub(super) fn coarsen(plane: &mut [f32], size: (usize, usize), zoom: f64) {
    let width = size.1;
    let rows = axis(size.0, zoom);
    let columns = axis(width, zoom);
    let small = columns.0.len();
    let reduced: Vec<f32> = rows
        .0
        .iter()
        .flat_map(|row| columns.0.iter().map(move |column| row * width + column))
        .map(|at| plane[at])
        .collect();
    let mix = |from: f32, to: f32, share: f32| from + (to - from) * share;
    for (row, values) in rows.1.iter().zip(plane.chunks_exact_mut(width)) {
        let upper = &reduced[row.first * small..][..small];
        let lower = &reduced[row.second * small..][..small];
        for (column, value) in columns.1.iter().zip(values) {
            let Between { first, second, share } = *column;
            let above = mix(upper[first], upper[second], share);
            let below = mix(lower[first], lower[second], share);
            *value = mix(above, below, row.share);
        }
    }
}
