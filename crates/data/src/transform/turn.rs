use rand::{Rng, RngCore};
use serde::{Deserialize, Serialize};

use super::{Picture, PictureSpec, Place, Transform};
use crate::{DataError, ImageShape};

/// Turns by 0, 90, 180 or 270 degrees, spatial: each with probability 1/4, for square images that
/// have no upper side, such as those from above. Draws one number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RightAngles;

impl Transform for RightAngles {
    fn check(&self, images: &PictureSpec<'_>) -> Result<(), DataError> {
        let ImageShape { height, width, .. } = images.shape;
        if height == width {
            return Ok(());
        }
        let found = format_args!("{height}x{width}");
        Err(images.refusal("RightAngles", "square images, which stay so when turned", found))
    }

    fn apply(&self, picture: &mut Picture<'_>, random: &mut dyn RngCore) -> Result<(), DataError> {
        turn(picture, random.random_range(0..4_u32))
    }
}

/// Turns a square picture anticlockwise by `quarters` right angles. Pixels outside the largest
/// square at the upper left are lost from a picture that is none.
pub(super) fn turn(picture: &mut Picture<'_>, quarters: u32) -> Result<(), DataError> {
    let ImageShape { height, width, .. } = picture.shape();
    let from = |row: usize, column: usize| Some(Place { row, column });
    match quarters % 4 {
        0 => Ok(()),
        1 => picture.gather(|at| from(at.column, (width - 1).checked_sub(at.row)?)),
        2 => picture.gather(|at| from(height - 1 - at.row, width - 1 - at.column)),
        _ => picture.gather(|at| from((height - 1).checked_sub(at.column)?, at.row)),
    }
}
