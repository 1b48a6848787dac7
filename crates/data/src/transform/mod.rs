//! Random changes to training images and their masks.

use std::fmt::Debug;

use rand::RngCore;

use crate::{DataError, ImageShape, TargetSpec};

mod augment;
mod crop;
mod cutout;
mod flip;
mod picture;

pub use augment::Augment;
pub use crop::Crop;
pub use cutout::Cutout;
pub use flip::Flip;
pub use picture::{Picture, Place};

/// A random change to a training image.
///
/// A *spatial* change moves pixels: through [`Picture::gather`], which moves the mask with the
/// image. A *photometric* one changes values: through [`Picture::planes`], which do not include the
/// mask. So no transform can move one without the other.
///
/// Equal generators give equal changes. A [`Loader`](crate::Loader) sets 64 words of a stream aside
/// for each sample; transforms that draw more share numbers with those of the next sample.
pub trait Transform: Debug + Send + Sync {
    /// Refuses settings that make no sense on images of `shape` with such `targets`; by default it
    /// refuses nothing.
    ///
    /// # Errors
    /// [`DataError::Augmentation`] naming the field.
    fn check(&self, shape: ImageShape, targets: TargetSpec) -> Result<(), DataError> {
        let _ = (shape, targets);
        Ok(())
    }

    /// Changes one picture in place.
    ///
    /// # Errors
    /// Those of [`Picture::gather`].
    fn apply(&self, picture: &mut Picture<'_>, random: &mut dyn RngCore) -> Result<(), DataError>;
}

impl<T: Transform + ?Sized> Transform for &T {
    fn check(&self, shape: ImageShape, targets: TargetSpec) -> Result<(), DataError> {
        (**self).check(shape, targets)
    }

    fn apply(&self, picture: &mut Picture<'_>, random: &mut dyn RngCore) -> Result<(), DataError> {
        (**self).apply(picture, random)
    }
}

/// Applies the changes one after the other.
impl Transform for Vec<Box<dyn Transform>> {
    fn check(&self, shape: ImageShape, targets: TargetSpec) -> Result<(), DataError> {
        self.iter().try_for_each(|transform| transform.check(shape, targets))
    }

    fn apply(&self, picture: &mut Picture<'_>, random: &mut dyn RngCore) -> Result<(), DataError> {
        self.iter().try_for_each(|transform| transform.apply(picture, random))
    }
}

#[cfg(test)]
mod tests;
