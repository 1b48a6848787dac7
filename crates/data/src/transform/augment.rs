use rand::RngCore;

use super::{Crop, Cutout, Flip, Picture, PictureSpec, Transform};
use crate::DataError;

/// [`Crop`], [`Flip`] and [`Cutout`], in this order, on normalised pixels: the changes usual for
/// small images.
///
/// # Differences from the published DARTS code
/// That code pads before normalising, so its border is black; here the border is zero *after*
/// normalising, which is the channel's mean colour. Its cutout side is `2 * (cutout / 2)`, so an
/// odd side loses one pixel; here an odd side is kept. For even sides (16 is usual) the squares are
/// the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Augment {
    /// Zeros added on each side before cropping; 0 turns the crop off.
    pub crop_padding: usize,
    /// `true` to flip half of the images.
    pub flip: bool,
    /// Side of the square set to zero, in pixels; 0 turns it off.
    pub cutout: usize,
}

impl Augment {
    /// The setting usual for CIFAR: padding 4, flip, and a cutout of side `cutout`.
    #[must_use]
    pub const fn cifar(cutout: usize) -> Self {
        Self { crop_padding: 4, flip: true, cutout }
    }

    /// Runs `each` on the changes that are turned on, in order.
    fn parts(
        &self,
        mut each: impl FnMut(&dyn Transform) -> Result<(), DataError>,
    ) -> Result<(), DataError> {
        if self.crop_padding > 0 {
            each(&Crop { padding: self.crop_padding })?;
        }
        if self.flip {
            each(&Flip)?;
        }
        if self.cutout > 0 {
            each(&Cutout { side: self.cutout })?;
        }
        Ok(())
    }
}

impl Transform for Augment {
    fn check(&self, images: &PictureSpec<'_>) -> Result<(), DataError> {
        self.parts(|part| part.check(images))
    }

    fn apply(&self, picture: &mut Picture<'_>, random: &mut dyn RngCore) -> Result<(), DataError> {
        self.parts(|part| part.apply(picture, random))
    }
}
