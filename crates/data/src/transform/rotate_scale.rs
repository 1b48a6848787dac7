use rand::RngCore;
use serde::{Deserialize, Serialize};

use super::chance::{between, factor, happens};
use super::{Picture, PictureSpec, Place, Point, Transform};
use crate::{DataError, ImageShape};

/// Free rotation and scaling around the centre, spatial, in one interpolation: bilinear for the
/// image, the nearest pixel for the mask. What comes from outside is 0 in the image and the ignored
/// label in the mask.
///
/// With the angle `a` and the factor `s`, the place `p` shows what was at
/// `centre + s R(a) (p - centre)`, where `R(a)` turns by `a`. A factor above 1 makes objects smaller.
///
/// The angle is drawn from `-degrees` to `degrees` with probability `turned`, and is 0 otherwise. The
/// factor is drawn from `scale` with probability `scaled`, below 1 in half of the cases and above
/// otherwise, and is 1 otherwise. Draws five numbers.
///
/// The defaults are those of nnU-Net for two dimensions (Isensee et al. 2021; its class
/// `SpatialTransform`): 180 degrees and 0.7 to 1.4, each with probability 0.2, no elastic deformation.
///
/// # Differences from nnU-Net
/// It cuts its patch out of a larger one, so that corners are filled with image; here they are
/// empty. It interpolates the masks of each class and takes the largest; here labels are those of the
/// nearest pixels.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RotateScale {
    /// The largest angle, in degrees.
    pub degrees: f64,
    /// Probability of a rotation.
    pub turned: f64,
    /// The smallest and the largest factor.
    pub scale: (f64, f64),
    /// Probability of a scaling.
    pub scaled: f64,
}

impl Default for RotateScale {
    fn default() -> Self {
        Self { degrees: 180.0, turned: 0.2, scale: (0.7, 1.4), scaled: 0.2 }
    }
}

impl Transform for RotateScale {
    fn check(&self, images: &PictureSpec<'_>) -> Result<(), DataError> {
        images.check_probability("RotateScale.turned", self.turned)?;
        images.check_probability("RotateScale.scaled", self.scaled)?;
        if !(0.0..=180.0).contains(&self.degrees) {
            return Err(images.refusal("RotateScale.degrees", "an angle, 0 to 180", self.degrees));
        }
        images.check_range("RotateScale.scale", self.scale, (0.1, 10.0))?;
        images.check_outside("RotateScale")
    }

    fn apply(&self, picture: &mut Picture<'_>, random: &mut dyn RngCore) -> Result<(), DataError> {
        let turned = happens(self.turned, random);
        let scaled = happens(self.scaled, random);
        let degrees = between((-self.degrees, self.degrees), random);
        let scale = factor(self.scale, random);
        if !turned && !scaled {
            return Ok(());
        }
        move_around(picture, if turned { degrees } else { 0.0 }, if scaled { scale } else { 1.0 })
    }
}

/// Shows at each place what was `scale` times as far from the centre, turned by `degrees`.
pub(super) fn move_around(
    picture: &mut Picture<'_>,
    degrees: f64,
    scale: f64,
) -> Result<(), DataError> {
    let ImageShape { height, width, .. } = picture.shape();
    let middle = |length: usize| (length - 1) as f64 / 2.0;
    let centre = Point { row: middle(height), column: middle(width) };
    let sine = degrees.to_radians().sin() * scale;
    let cosine = degrees.to_radians().cos() * scale;
    picture.warp(|Place { row, column }| {
        let down = row as f64 - centre.row;
        let right = column as f64 - centre.column;
        Point {
            row: centre.row + cosine * down + sine * right,
            column: centre.column + cosine * right - sine * down,
        }
    })
}
