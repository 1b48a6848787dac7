use rand::{Rng, RngCore};
use serde::{Deserialize, Serialize};

use super::{Picture, PictureSpec, Place, Transform};
use crate::{DataError, TargetSpec};

/// Random crop, spatial: the image is padded with `padding` zeros on each side and a window of the
/// original size is cut at one of the `(2 * padding + 1)^2` offsets, all equally likely. A mask is
/// padded with its ignored label.
///
/// Draws two numbers, the rows and the columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Crop {
    /// Zeros added on each side before cropping.
    pub padding: usize,
}

impl Transform for Crop {
    fn check(&self, images: &PictureSpec<'_>) -> Result<(), DataError> {
        let shorter = images.shape.height.min(images.shape.width);
        let refuse = |expected| Err(images.refusal("crop_padding", expected, self.padding));
        if self.padding >= shorter {
            return refuse(format!("less than {shorter}, or the crop can miss the image"));
        }
        match images.targets {
            TargetSpec::Mask { ignore: None, .. } if self.padding > 0 => {
                refuse("0 where masks have no ignored label for what is outside".to_owned())
            }
            _ => Ok(()),
        }
    }

    fn apply(&self, picture: &mut Picture<'_>, random: &mut dyn RngCore) -> Result<(), DataError> {
        let rows = offset(self.padding, random);
        let columns = offset(self.padding, random);
        picture.gather(|Place { row, column }| {
            let row = row.checked_add_signed(rows)?;
            Some(Place { row, column: column.checked_add_signed(columns)? })
        })
    }
}

/// A crop offset from `-padding` to `padding`.
fn offset(padding: usize, random: &mut dyn RngCore) -> isize {
    // More padding than any address is the same as the largest: the image leaves the window.
    let padding = isize::try_from(padding).unwrap_or(isize::MAX) as i64;
    random.random_range(-padding..=padding) as isize
}
