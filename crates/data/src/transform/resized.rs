use rand::{Rng, RngCore};
use serde::{Deserialize, Serialize};

use super::chance::between;
use super::{Picture, PictureSpec, Place, Point, Transform};
use crate::{DataError, ImageShape};

/// Random resized crop, spatial: a window of random area and shape is cut and enlarged to the size of
/// the image, bilinear, with the nearest pixels of the mask (Szegedy et al. 2015, arXiv:1409.4842).
///
/// The window has `a H W` pixels and `r` times as many columns as rows: `a` is drawn from `area`, and
/// the logarithm of `r` between those of the ends of `ratio`. A window that does not fit into the
/// image is drawn again, ten times at most; then it is the largest one in the centre whose shape is
/// within `ratio`. Its place is drawn from all that are inside. Draws 22 numbers at most.
///
/// The defaults, area 0.08 to 1 and ratio 3/4 to 4/3, are those of torchvision's `RandomResizedCrop`.
///
/// # Differences from torchvision
/// The size after the crop is that of the image, so windows are enlarged and never shrunk; its
/// antialiasing has then no effect. Pixels are not rounded to 8 bits.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RandomResizedCrop {
    /// The smallest and the largest share of the image's area.
    pub area: (f64, f64),
    /// The smallest and the largest ratio of columns to rows.
    pub ratio: (f64, f64),
}

impl Default for RandomResizedCrop {
    fn default() -> Self {
        Self { area: (0.08, 1.0), ratio: (3.0 / 4.0, 4.0 / 3.0) }
    }
}

/// A rectangle of whole pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) top: usize,
    pub(super) left: usize,
    pub(super) height: usize,
    pub(super) width: usize,
}

impl RandomResizedCrop {
    /// Draws a window of an image of so many rows and columns.
    pub(super) fn window(&self, height: usize, width: usize, random: &mut dyn RngCore) -> Window {
        let ratio = (self.ratio.0.ln(), self.ratio.1.ln());
        for _ in 0..10 {
            let area = between(self.area, random) * height as f64 * width as f64;
            let ratio = between(ratio, random).exp();
            let columns = (area * ratio).sqrt().round_ties_even() as usize;
            let rows = (area / ratio).sqrt().round_ties_even() as usize;
            if (1..=height).contains(&rows) && (1..=width).contains(&columns) {
                let top = random.random_range(0..=height - rows);
                let left = random.random_range(0..=width - columns);
                return Window { top, left, height: rows, width: columns };
            }
        }
        let rows = (width as f64 / self.ratio.0).round_ties_even() as usize;
        let columns = (height as f64 * self.ratio.1).round_ties_even() as usize;
        let rows = rows.clamp(1, height);
        let columns = columns.clamp(1, width);
        Window {
            top: (height - rows) / 2,
            left: (width - columns) / 2,
            height: rows,
            width: columns,
        }
    }
}

impl Transform for RandomResizedCrop {
    fn check(&self, images: &PictureSpec<'_>) -> Result<(), DataError> {
        images.check_range("RandomResizedCrop.area", self.area, (1e-6, 1.0))?;
        images.check_range("RandomResizedCrop.ratio", self.ratio, (0.01, 100.0))
    }

    fn apply(&self, picture: &mut Picture<'_>, random: &mut dyn RngCore) -> Result<(), DataError> {
        let ImageShape { height, width, .. } = picture.shape();
        let window = self.window(height, width, random);
        enlarge(picture, window)
    }
}

/// Fills the picture with what is in the window.
pub(super) fn enlarge(picture: &mut Picture<'_>, window: Window) -> Result<(), DataError> {
    let ImageShape { height, width, .. } = picture.shape();
    let source = |at: usize, (start, part): (usize, usize), whole: usize| {
        let inside = (at as f64 + 0.5) * part as f64 / whole as f64 - 0.5;
        start as f64 + inside.clamp(0.0, (part - 1) as f64)
    };
    picture.warp(|Place { row, column }| Point {
        row: source(row, (window.top, window.height), height),
        column: source(column, (window.left, window.width), width),
    })
}
