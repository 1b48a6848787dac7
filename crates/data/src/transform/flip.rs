use rand::{Rng, RngCore};

use super::{Picture, Place, Transform};
use crate::{DataError, ImageShape, TargetSpec};

/// Random mirror, spatial: left and right change places with probability 1/2. Draws one number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Flip;

impl Transform for Flip {
    fn check(&self, shape: ImageShape, _: TargetSpec) -> Result<(), DataError> {
        if shape.width > 1 {
            return Ok(());
        }
        let field = "flip";
        let expected = "false where images have one column".to_owned();
        Err(DataError::Augmentation { field, expected, found: "true".to_owned(), shape })
    }

    fn apply(&self, picture: &mut Picture<'_>, random: &mut dyn RngCore) -> Result<(), DataError> {
        if !random.random::<bool>() {
            return Ok(());
        }
        let last = picture.shape().width - 1;
        picture.gather(|Place { row, column }| Some(Place { row, column: last - column }))
    }
}
