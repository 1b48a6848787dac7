use rand::{Rng, RngCore};
use serde::{Deserialize, Serialize};

use super::{Picture, PictureSpec, Place, Transform};
use crate::DataError;

/// Random mirror, spatial: left and right change places with probability 1/2. Draws one number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Flip;

impl Transform for Flip {
    fn check(&self, images: &PictureSpec<'_>) -> Result<(), DataError> {
        if images.shape.width > 1 {
            return Ok(());
        }
        Err(images.refusal("flip", "false where images have one column", true))
    }

    fn apply(&self, picture: &mut Picture<'_>, random: &mut dyn RngCore) -> Result<(), DataError> {
        if !random.random::<bool>() {
            return Ok(());
        }
        let last = picture.shape().width - 1;
        picture.gather(|Place { row, column }| Some(Place { row, column: last - column }))
    }
}

/// Random mirror, spatial: top and bottom change places with probability 1/2. Draws one number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FlipVertical;

impl Transform for FlipVertical {
    fn check(&self, images: &PictureSpec<'_>) -> Result<(), DataError> {
        if images.shape.height > 1 {
            return Ok(());
        }
        Err(images.refusal("FlipVertical", "images of more than one row", 1))
    }

    fn apply(&self, picture: &mut Picture<'_>, random: &mut dyn RngCore) -> Result<(), DataError> {
        if !random.random::<bool>() {
            return Ok(());
        }
        let last = picture.shape().height - 1;
        picture.gather(|Place { row, column }| Some(Place { row: last - row, column }))
    }
}
