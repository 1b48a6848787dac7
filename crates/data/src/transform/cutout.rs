use rand::{Rng, RngCore};
use serde::{Deserialize, Serialize};

use super::{Picture, PictureSpec, Transform};
use crate::{DataError, ImageShape};

/// Cutout, photometric: a square of side `side`, centred at a uniformly drawn pixel and clipped at
/// the border, becomes zero in every channel (DeVries and Taylor 2017, arXiv:1708.04552). A mask
/// keeps its labels, so that a network has to infer the hidden part from its surroundings.
///
/// Draws two numbers, the row and the column of the centre.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cutout {
    /// Side of the square, in pixels.
    pub side: usize,
}

impl Transform for Cutout {
    fn check(&self, images: &PictureSpec<'_>) -> Result<(), DataError> {
        let longer = images.shape.height.max(images.shape.width);
        if self.side < longer {
            return Ok(());
        }
        let expected = format!("less than {longer}, or cutout blanks the whole image");
        Err(images.refusal("cutout", expected, self.side))
    }

    fn apply(&self, picture: &mut Picture<'_>, random: &mut dyn RngCore) -> Result<(), DataError> {
        let ImageShape { height, width, .. } = picture.shape();
        let rows = square(self.side, height, random);
        let columns = square(self.side, width, random);
        for plane in picture.planes() {
            for row in plane.chunks_exact_mut(width).take(rows.end).skip(rows.start) {
                row[columns.clone()].fill(0.0);
            }
        }
        Ok(())
    }
}

/// The extent of a cutout of `side` along an axis of `length` pixels, around a drawn centre.
pub(super) fn square(
    side: usize,
    length: usize,
    random: &mut dyn RngCore,
) -> std::ops::Range<usize> {
    let centre = random.random_range(0..length);
    let start = centre.saturating_sub(side / 2);
    let end = centre.saturating_add(side - side / 2).min(length);
    start..end
}
