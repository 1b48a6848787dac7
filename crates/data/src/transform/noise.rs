use rand::{Rng, RngCore};
use rand_distr::StandardNormal;
use serde::{Deserialize, Serialize};

use super::chance::{between, happens};
use super::{Picture, PictureSpec, Transform};
use crate::DataError;

/// Gaussian noise, photometric: a normal number is added to every value. Its standard deviation is
/// drawn from `deviation`, once for each image. Happens with `probability`.
///
/// Draws one number, and one for the deviation and one or more for each value where it happens.
///
/// The defaults are nnU-Net's (`GaussianNoiseTransform`): 0 to 0.1, which it calls a variance and uses
/// as a standard deviation, with probability 0.1.
///
/// # Differences from nnU-Net
/// It adds the same noise to all channels; here each has its own.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GaussianNoise {
    /// The smallest and the largest standard deviation, in units of normalised values.
    pub deviation: (f64, f64),
    /// Probability of the change.
    pub probability: f64,
}

impl Default for GaussianNoise {
    fn default() -> Self {
        Self { deviation: (0.0, 0.1), probability: 0.1 }
    }
}

impl Transform for GaussianNoise {
    fn check(&self, images: &PictureSpec<'_>) -> Result<(), DataError> {
        images.check_range("GaussianNoise.deviation", self.deviation, (0.0, 1000.0))?;
        images.check_probability("GaussianNoise.probability", self.probability)
    }

    fn apply(&self, picture: &mut Picture<'_>, random: &mut dyn RngCore) -> Result<(), DataError> {
        if !happens(self.probability, random) {
            return Ok(());
        }
        let deviation = between(self.deviation, random) as f32;
        for value in picture.planes().flatten() {
            *value += deviation * random.sample::<f32, _>(StandardNormal);
        }
        Ok(())
    }
}
