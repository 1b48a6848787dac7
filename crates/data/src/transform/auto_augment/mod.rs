//! Learnt policies of changes.

use rand::{Rng, RngCore};
use serde::{Deserialize, Serialize};

use super::chance::happens;
use super::{Picture, PictureSpec, Transform, levels};
use crate::DataError;

mod moved;
mod operation;
mod policy;
#[cfg(test)]
mod tests;

/// A learnt set of sub-policies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Policy {
    /// The one found on CIFAR-10.
    #[default]
    Cifar10,
    /// The one found on ImageNet.
    ImageNet,
}

/// AutoAugment (Cubuk et al. 2019, arXiv:1805.09501): one of 25 sub-policies, all equally likely, is
/// applied to each image. A sub-policy has two operations in an order, each with a probability and a
/// magnitude `m` from 0 to 9.
///
/// | operation | magnitude |
/// | --- | --- |
/// | `ShearX`, `ShearY` | `0.3 m / 9` pixels to the side for each pixel of distance, either sign |
/// | `TranslateX`, `TranslateY` | `150 / 331 m / 9` of the width or height in whole pixels, either sign |
/// | `Rotate` | `30 m / 9` degrees, either sign |
/// | `Color`, `Brightness`, `Contrast`, `Sharpness` | a factor of `1 + 0.9 m / 9` or `1 - 0.9 m / 9` |
/// | `Posterize` | `8 - round(4 m / 9)` bits are kept |
/// | `Solarize` | levels of `255 - 255 m / 9` and more are inverted |
/// | `AutoContrast`, `Equalize`, `Invert` | none |
///
/// Operations are defined on levels of 8 bits, as in Pillow: colours are brought to `round(255
/// (value * deviation + mean))`, changed, and normalised again. Where the
/// [`Normalization`](crate::Normalization) has scale 255 these are the stored bytes, and nothing is
/// lost. Shear, translation and rotation move image and mask by the nearest pixel; what comes from
/// outside has the level `fill` in every channel, and the ignored label in a mask. The other
/// operations leave a mask as it is.
///
/// FairDARTS and D-DARTS retrain with it: crop, flip, [`Policy::Cifar10`], cutout. For images of 1 or 3
/// channels. Draws five numbers.
///
/// # Differences from the paper
/// Magnitudes and the order of sub-policies are torchvision's. The paper inverts levels from 0 to 256
/// for `Solarize`. Published code fills with black, grey or the mean colour; the default here is grey,
/// 128.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AutoAugment {
    /// The sub-policies.
    pub policy: Policy,
    /// Level, 0 to 255, of what comes from outside.
    pub fill: u8,
}

impl Default for AutoAugment {
    fn default() -> Self {
        Self { policy: Policy::default(), fill: 128 }
    }
}

impl AutoAugment {
    /// That policy, with grey for what comes from outside.
    #[must_use]
    pub fn new(policy: Policy) -> Self {
        Self { policy, ..Self::default() }
    }
}

impl Transform for AutoAugment {
    fn check(&self, images: &PictureSpec<'_>) -> Result<(), DataError> {
        images.check_grey_or_rgb("AutoAugment")?;
        images.check_colours("AutoAugment")?;
        images.check_outside("AutoAugment")
    }

    fn apply(&self, picture: &mut Picture<'_>, random: &mut dyn RngCore) -> Result<(), DataError> {
        let rule = levels::rule(picture, "AutoAugment")?;
        let steps = self.policy.steps();
        let steps = &steps[random.random_range(0..steps.len())];
        for step in steps {
            let applied = happens(step.probability(), random);
            let sign = if random.random::<bool>() { 1.0 } else { -1.0 };
            if applied {
                let strength = step.operation.strength(step.magnitude, picture.shape());
                let signed = if step.operation.is_signed() { sign * strength } else { strength };
                step.operation.apply(picture, signed, rule, self.fill)?;
            }
        }
        Ok(())
    }
}
