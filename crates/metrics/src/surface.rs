mod compare;
mod distance;

use candle_core::Tensor;
use dartloom_record::Scores;

pub use self::compare::{SurfaceDistances, surface_distances};
use crate::masks::{Classes, IGNORED, Image, Masks};
use crate::scorer::{add, mean, share};
use crate::{MetricsError, Scorer};

/// The tolerance of [`Surface`] by default, in pixels.
pub const DEFAULT_TOLERANCE: f64 = 2.0;

/// Agreement of the surfaces of classes: surface Dice at a tolerance, and the 95 % Hausdorff
/// distance, means over images.
///
/// Takes logits `[batch, classes, H, W]` and masks `[batch, H, W]`, read as
/// [`Confusion`](crate::Confusion) reads them. Per image and class i but 0, the background, with
/// the surfaces, distances and empty cases of [`SurfaceDistances`]:
///
/// * `surface_dice`, the mean over classes of `surface_dice_i`, from 0 to 1,
/// * `hausdorff_95`, the mean over classes of `hausdorff_95_i`, in pixels; lower is better,
/// * `surface_dice_i`, the mean over the images where class i is present or predicted,
/// * `hausdorff_95_i`, the mean over the images where it is both,
/// * `hausdorff_95_missing_i`, the number of images where it is one of the two: their distance is
///   not finite, and no mean could hold it.
///
/// Pixels whose label is ignored belong to neither surface.
#[derive(Clone, Debug, PartialEq)]
pub struct Surface {
    classes: Classes,
    tolerance: f64,
    /// Of each class but the background: sum and count of surface Dice, of distances, and images
    /// whose distance is not finite.
    sums: Vec<f64>,
}

const SUMS: usize = 5;

impl Surface {
    /// Surfaces of the classes from 1 to `classes - 1`, which agree within `tolerance` pixels;
    /// [`DEFAULT_TOLERANCE`] is usual.
    ///
    /// # Errors
    /// [`MetricsError::Setting`] for fewer than 2 classes or more than 65,536,
    /// [`MetricsError::Tolerance`] unless the tolerance is finite and at least 0.
    pub fn new(classes: usize, ignore: Option<u32>, tolerance: f64) -> Result<Self, MetricsError> {
        let known = with_foreground(classes, ignore)?;
        if !(tolerance.is_finite() && tolerance >= 0.0) {
            return Err(MetricsError::Tolerance { found: tolerance });
        }
        Ok(Self { classes: known, tolerance, sums: vec![0.0; SUMS * (classes - 1)] })
    }

    pub(crate) fn see(&mut self, masks: &Masks) {
        masks.images().for_each(|image| self.see_image(&image));
    }

    fn see_image(&mut self, image: &Image<'_>) {
        for (class, sums) in (1_u32..).zip(self.sums.chunks_exact_mut(SUMS)) {
            let is = |(&there, &label): (&u32, &u32)| label != IGNORED && there == class;
            let true_ones = image.there.iter().zip(image.there).map(is).collect::<Vec<_>>();
            let said = image.said.iter().zip(image.there).map(is).collect::<Vec<_>>();
            let Some(found) = surface_distances(&said, &true_ones, image.sides) else { continue };
            sums[0] += found.dice(self.tolerance);
            sums[1] += 1.0;
            match found.hausdorff(0.95) {
                distance if distance.is_finite() => {
                    sums[2] += distance;
                    sums[3] += 1.0;
                }
                _ => sums[4] += 1.0,
            }
        }
    }
}

/// Classes of which the first is the background.
pub(crate) fn with_foreground(
    classes: usize,
    ignore: Option<u32>,
) -> Result<Classes, MetricsError> {
    if classes < 2 {
        let expected = "from 2 to 65536";
        return Err(MetricsError::Setting { field: "classes", expected, found: classes });
    }
    Classes::new(classes, ignore)
}

impl Scorer for Surface {
    fn update(&mut self, output: &Tensor, target: &Tensor) -> Result<(), MetricsError> {
        let masks = self.classes.read(output, target)?;
        self.see(&masks);
        Ok(())
    }

    fn state(&self) -> Vec<f64> {
        self.sums.clone()
    }

    fn add(&mut self, state: &[f64]) -> Result<(), MetricsError> {
        add(&mut self.sums, state)
    }

    fn scores(&self) -> Scores {
        let dice = |sums: &[f64]| share(sums[0], sums[1]);
        let distance = |sums: &[f64]| share(sums[2], sums[3]);
        let each = || self.sums.chunks_exact(SUMS);
        let mut scores = Scores::new()
            .with_some("surface_dice", mean(each().map(dice)))
            .with_some("hausdorff_95", mean(each().map(distance)));
        for (class, sums) in (1..).zip(each()) {
            scores = scores
                .with_some(format!("surface_dice_{class}"), dice(sums))
                .with_some(format!("hausdorff_95_{class}"), distance(sums))
                .with_some(
                    format!("hausdorff_95_missing_{class}"),
                    (sums[1] > 0.0).then_some(sums[4]),
                );
        }
        scores
    }
}

#[cfg(test)]
mod tests;
