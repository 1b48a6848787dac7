//! Random changes to training images and their masks.

use std::fmt::Debug;

use rand::RngCore;

use crate::DataError;

mod augment;
mod auto_augment;
mod blur;
mod chance;
mod configured;
mod crop;
mod cutout;
mod flip;
mod jitter;
mod levels;
mod low_resolution;
mod noise;
mod picture;
mod resized;
mod rotate_scale;
mod spec;
mod tone;
mod turn;

pub use augment::Augment;
pub use auto_augment::{AutoAugment, Policy};
pub use blur::GaussianBlur;
pub use configured::{Augmentation, ConfiguredTransform};
pub use crop::Crop;
pub use cutout::Cutout;
pub use flip::{Flip, FlipVertical};
pub use jitter::ColorJitter;
pub use low_resolution::LowResolution;
pub use noise::GaussianNoise;
pub use picture::{Picture, Place, Point};
pub use resized::RandomResizedCrop;
pub use rotate_scale::RotateScale;
pub use spec::PictureSpec;
pub use tone::{Brightness, Contrast, Gamma};
pub use turn::RightAngles;

/// A random change to a training image.
///
/// A *spatial* change moves pixels: through [`Picture::gather`] and [`Picture::warp`], which move
/// the mask with the image. A *photometric* one changes values: through [`Picture::planes`], which
/// do not include the mask. So no transform can move one without the other.
///
/// Equal generators give equal changes. A [`Loader`](crate::Loader) gives each sample numbers of its
/// own, 2^28 words of 32 bits.
pub trait Transform: Debug + Send + Sync {
    /// Refuses settings that make no sense, by themselves or on such `images`; by default it refuses
    /// nothing.
    ///
    /// # Errors
    /// [`DataError::Augmentation`] naming the field; [`PictureSpec::refusal`] makes one.
    fn check(&self, images: &PictureSpec<'_>) -> Result<(), DataError> {
        let _ = images;
        Ok(())
    }

    /// Changes one picture in place.
    ///
    /// # Errors
    /// Those of [`Picture::gather`], and [`DataError::Augmentation`] for a picture that
    /// [`check`](Self::check) refuses.
    fn apply(&self, picture: &mut Picture<'_>, random: &mut dyn RngCore) -> Result<(), DataError>;
}

impl<T: Transform + ?Sized> Transform for &T {
    fn check(&self, images: &PictureSpec<'_>) -> Result<(), DataError> {
        (**self).check(images)
    }

    fn apply(&self, picture: &mut Picture<'_>, random: &mut dyn RngCore) -> Result<(), DataError> {
        (**self).apply(picture, random)
    }
}

/// Applies the changes one after the other.
impl Transform for Vec<Box<dyn Transform>> {
    fn check(&self, images: &PictureSpec<'_>) -> Result<(), DataError> {
        self.iter().try_for_each(|transform| transform.check(images))
    }

    fn apply(&self, picture: &mut Picture<'_>, random: &mut dyn RngCore) -> Result<(), DataError> {
        self.iter().try_for_each(|transform| transform.apply(picture, random))
    }
}

#[cfg(test)]
mod tests;
