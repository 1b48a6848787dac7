use rand::{Rng, RngCore};

use super::{Picture, Transform};
use crate::{DataError, ImageShape, TargetSpec};

/// Cutout, photometric: a square of side `side`, centred at a uniformly drawn pixel and clipped at
/// the border, becomes zero in every channel (DeVries and Taylor 2017, arXiv:1708.04552). A mask
/// keeps its labels, so that a network has to infer the hidden part from its surroundings.
///
/// Draws two numbers, the row and the column of the centre.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Cutout {
    /// Side of the square, in pixels.
    pub side: usize,
}

impl Transform for Cutout {
    fn check(&self, shape: ImageShape, _: TargetSpec) -> Result<(), DataError> {
        let longer = shape.height.max(shape.width);
        if self.side < longer {
            return Ok(());
        }
        let expected = format!("less than {longer}, or cutout blanks the whole image");
        let field = "cutout";
        let found = self.side.to_string();
        Err(DataError::Augmentation { field, expected, found, shape })
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
