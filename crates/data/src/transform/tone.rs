//! Changes of brightness and contrast on normalised values, channel by channel.

use rand::RngCore;
use serde::{Deserialize, Serialize};

use super::chance::{factor, happens};
use super::{Picture, PictureSpec, Transform};
use crate::DataError;

/// Gamma, photometric: each channel is brought to 0..1, raised to the power of a drawn exponent and
/// brought back, so that it has its mean and standard deviation again.
///
/// With the smallest value `m` and the spread `d` of a channel, `v` becomes
/// `((v - m) / d)^gamma d + m`, then is shifted and scaled to the mean and the deviation from before.
/// With `inverted` the channel is negated before and after: bright and dark change their parts.
///
/// Happens with `probability`. The exponent of each channel is drawn from `range`, below 1 in half of
/// the cases. Draws one number, and two for each channel.
///
/// The defaults are nnU-Net's (`GammaTransform`): 0.7 to 1.5 with probability 0.3, or inverted with
/// probability 0.1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Gamma {
    /// The smallest and the largest exponent.
    pub range: (f64, f64),
    /// True to work on negated channels.
    pub inverted: bool,
    /// Probability of the change.
    pub probability: f64,
}

impl Default for Gamma {
    fn default() -> Self {
        Self { range: (0.7, 1.5), inverted: false, probability: 0.3 }
    }
}

impl Transform for Gamma {
    fn check(&self, images: &PictureSpec<'_>) -> Result<(), DataError> {
        images.check_range("Gamma.range", self.range, (0.01, 100.0))?;
        images.check_probability("Gamma.probability", self.probability)
    }

    fn apply(&self, picture: &mut Picture<'_>, random: &mut dyn RngCore) -> Result<(), DataError> {
        if happens(self.probability, random) {
            let sign = if self.inverted { -1.0 } else { 1.0 };
            for plane in picture.planes() {
                gamma(plane, factor(self.range, random), sign);
            }
        }
        Ok(())
    }
}

/// Range, mean and standard deviation of some values.
#[derive(Clone, Copy, Debug)]
struct Extent {
    least: f32,
    most: f32,
    mean: f64,
    deviation: f64,
}

fn extent(plane: &[f32]) -> Extent {
    let least = plane.iter().copied().fold(f32::INFINITY, f32::min);
    let most = plane.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let count = plane.len().max(1) as f64;
    let mean = plane.iter().map(|&value| f64::from(value)).sum::<f64>() / count;
    let squares = plane.iter().map(|&value| (f64::from(value) - mean).powi(2)).sum::<f64>();
    Extent { least, most, mean, deviation: (squares / count).sqrt() }
}

/// The smallest divisor, for planes of one value.
const LEAST: f64 = 1e-7;

pub(super) fn gamma(plane: &mut [f32], exponent: f64, sign: f32) {
    plane.iter_mut().for_each(|value| *value *= sign);
    let before = extent(plane);
    let spread = before.most - before.least;
    let exponent = exponent as f32;
    for value in &mut *plane {
        let share = (*value - before.least) / spread.max(LEAST as f32);
        *value = share.powf(exponent) * spread + before.least;
    }
    let after = extent(plane);
    let scale = before.deviation / after.deviation.max(LEAST);
    for value in plane {
        *value = ((f64::from(*value) - after.mean) * scale + before.mean) as f32 * sign;
    }
}

/// Brightness, photometric: each channel is multiplied by a factor drawn from `range`, below 1 in half
/// of the cases, with `probability`. It acts on normalised values, so 0, the mean colour, stays.
///
/// Draws one number, and two for each channel. The defaults are nnU-Net's
/// (`MultiplicativeBrightnessTransform`): 0.75 to 1.25 with probability 0.15.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Brightness {
    /// The smallest and the largest factor.
    pub range: (f64, f64),
    /// Probability of the change.
    pub probability: f64,
}

impl Default for Brightness {
    fn default() -> Self {
        Self { range: (0.75, 1.25), probability: 0.15 }
    }
}

impl Transform for Brightness {
    fn check(&self, images: &PictureSpec<'_>) -> Result<(), DataError> {
        images.check_range("Brightness.range", self.range, (0.0, 100.0))?;
        images.check_probability("Brightness.probability", self.probability)
    }

    fn apply(&self, picture: &mut Picture<'_>, random: &mut dyn RngCore) -> Result<(), DataError> {
        if happens(self.probability, random) {
            for plane in picture.planes() {
                let factor = factor(self.range, random) as f32;
                plane.iter_mut().for_each(|value| *value *= factor);
            }
        }
        Ok(())
    }
}

/// Contrast, photometric: the distance of each channel's values from their mean is multiplied by a
/// factor drawn from `range`, below 1 in half of the cases, with `probability`. Values stay between
/// the smallest and the largest one of the channel.
///
/// Draws one number, and two for each channel. The defaults are nnU-Net's (`ContrastTransform`): 0.75
/// to 1.25 with probability 0.15.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Contrast {
    /// The smallest and the largest factor.
    pub range: (f64, f64),
    /// Probability of the change.
    pub probability: f64,
}

impl Default for Contrast {
    fn default() -> Self {
        Self { range: (0.75, 1.25), probability: 0.15 }
    }
}

impl Transform for Contrast {
    fn check(&self, images: &PictureSpec<'_>) -> Result<(), DataError> {
        images.check_range("Contrast.range", self.range, (0.0, 100.0))?;
        images.check_probability("Contrast.probability", self.probability)
    }

    fn apply(&self, picture: &mut Picture<'_>, random: &mut dyn RngCore) -> Result<(), DataError> {
        if happens(self.probability, random) {
            for plane in picture.planes() {
                contrast(plane, factor(self.range, random));
            }
        }
        Ok(())
    }
}

pub(super) fn contrast(plane: &mut [f32], factor: f64) {
    let Extent { least, most, mean, .. } = extent(plane);
    for value in plane {
        let moved = (f64::from(*value) - mean) * factor + mean;
        *value = (moved as f32).clamp(least, most);
    }
}
