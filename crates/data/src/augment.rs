//! Random changes to training images.

use rand::{Rng, RngCore};

use crate::{DataError, ImageShape};

/// Random crop, horizontal flip and cutout, in this order, on normalised pixels.
///
/// * *Crop*: the image is padded with `crop_padding` zeros on each side and a window of the original size is cut at
///   one of the `(2 * crop_padding + 1)^2` offsets, all equally likely.
/// * *Flip*: left and right change places with probability 1/2.
/// * *Cutout* (DeVries and Taylor 2017, arXiv:1708.04552): a square of side `cutout`, centred at a uniformly drawn
///   pixel and clipped at the border, becomes zero in every channel.
///
/// # Differences from the published DARTS code
/// That code pads before normalising, so its border is black; here the border is zero *after* normalising, which is
/// the channel's mean colour. Its cutout side is `2 * (cutout / 2)`, so an odd side loses one pixel; here an odd
/// side is kept. For even sides (16 is usual) the squares are the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Augment {
    /// Zeros added on each side before cropping; 0 turns the crop off.
    pub crop_padding: usize,
    /// Whether to flip half of the images.
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

    /// Refuses what makes no sense on images of `shape`: a crop that can miss the image, a cutout that can
    /// blank all of it, and a flip that changes nothing.
    ///
    /// # Errors
    /// [`DataError::Augmentation`] naming the field.
    pub fn check(&self, shape: ImageShape) -> Result<(), DataError> {
        let (shorter, longer) = (shape.height.min(shape.width), shape.height.max(shape.width));
        let refuse = |field, expected, found: String| {
            Err(DataError::Augmentation { field, expected, found, shape })
        };
        if self.crop_padding >= shorter {
            let expected = format!("less than {shorter}, or the crop can miss the image");
            return refuse("crop_padding", expected, self.crop_padding.to_string());
        }
        if self.flip && shape.width == 1 {
            let expected = "false where images have one column".to_owned();
            return refuse("flip", expected, "true".to_owned());
        }
        if self.cutout >= longer {
            let expected = format!("less than {longer}, or cutout blanks the whole image");
            return refuse("cutout", expected, self.cutout.to_string());
        }
        Ok(())
    }

    /// Changes one image of `shape` in place.
    ///
    /// # Errors
    /// [`DataError::UnusableShape`], and [`DataError::PixelCount`] when `pixels` is not one image of `shape`.
    pub fn apply(
        &self,
        shape: ImageShape,
        pixels: &mut [f32],
        random: &mut dyn RngCore,
    ) -> Result<(), DataError> {
        let expected = shape.pixels()?;
        if pixels.len() != expected {
            return Err(DataError::PixelCount { expected, found: pixels.len() });
        }
        if self.crop_padding > 0 {
            let dy = offset(self.crop_padding, random);
            let dx = offset(self.crop_padding, random);
            for plane in pixels.chunks_exact_mut(shape.height * shape.width) {
                shift(plane, shape.width, dy, dx);
            }
        }
        if self.flip && random.random::<bool>() {
            pixels.chunks_exact_mut(shape.width).for_each(<[f32]>::reverse);
        }
        if self.cutout > 0 {
            let rows = square(self.cutout, shape.height, random);
            let columns = square(self.cutout, shape.width, random);
            for plane in pixels.chunks_exact_mut(shape.height * shape.width) {
                for row in plane.chunks_exact_mut(shape.width).take(rows.end).skip(rows.start) {
                    row[columns.clone()].fill(0.0);
                }
            }
        }
        Ok(())
    }
}

/// A crop offset from `-padding` to `padding`.
fn offset(padding: usize, random: &mut dyn RngCore) -> isize {
    // More padding than any address is the same as the largest: the image leaves the window.
    let padding = isize::try_from(padding).unwrap_or(isize::MAX) as i64;
    random.random_range(-padding..=padding) as isize
}

/// The extent of a cutout of `side` along an axis of `length` pixels, around a drawn centre.
fn square(side: usize, length: usize, random: &mut dyn RngCore) -> std::ops::Range<usize> {
    let centre = random.random_range(0..length);
    let start = centre.saturating_sub(side / 2);
    let end = centre.saturating_add(side - side / 2).min(length);
    start..end
}

/// Moves row `y + dy`, column `x + dx` of `plane` to row `y`, column `x`; what has no source becomes zero.
fn shift(plane: &mut [f32], width: usize, dy: isize, dx: isize) {
    let height = plane.len() / width;
    let kept = width.saturating_sub(dx.unsigned_abs());
    let (source_x, target_x) =
        if dx >= 0 { (dx.unsigned_abs(), 0) } else { (0, dx.unsigned_abs().min(width)) };
    let mut place = |y: usize| {
        let row = y * width;
        match y.checked_add_signed(dy).filter(|&source| source < height && kept > 0) {
            Some(source) => {
                let start = source * width + source_x;
                plane.copy_within(start..start + kept, row + target_x);
                plane[row..row + target_x].fill(0.0);
                plane[row + target_x + kept..row + width].fill(0.0);
            }
            None => plane[row..row + width].fill(0.0),
        }
    };
    // Rows are read before they are overwritten: upwards moves from the top, downwards moves from the bottom.
    if dy >= 0 { (0..height).for_each(&mut place) } else { (0..height).rev().for_each(place) }
}

#[cfg(test)]
mod tests;
