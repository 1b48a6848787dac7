use candle_core::Tensor;
use dartloom_record::Scores;

use crate::masks::{Classes, IGNORED, Image, Masks};
use crate::scorer::{add, mean, share};
use crate::{MetricsError, Scorer};

/// Means over images of the IoU and the Dice of each image alone: every image weighs the same,
/// however large its objects are.
///
/// Takes logits `[batch, classes, H, W]` and masks `[batch, H, W]`, read as
/// [`Confusion`](crate::Confusion) reads them. With `iou_i(b)` of class i in image b:
///
/// * `image_mean_iou`, `image_mean_dice`: the mean over classes of the mean over images,
/// * `image_mean_iou_foreground`, `image_mean_dice_foreground`: the same without class 0,
/// * `image_iou_i`, `image_dice_i`: the mean over images of class i,
/// * `images_without_i`: the number of images in which class i is neither present nor predicted.
///
/// # Images without the class
/// An image in which a class is neither present nor predicted has no score for it (0/0). It is left
/// out of the mean of this class and counted in `images_without_i`, as in nnU-Net
/// (arXiv:1809.10486, its evaluation of predictions). An image in which a class is predicted and
/// not present has 0.
#[derive(Clone, Debug, PartialEq)]
pub struct ImageMeans {
    classes: Classes,
    /// Of each class: sums of IoU and Dice, images with it and without it.
    sums: Vec<f64>,
}

const SUMS: usize = 4;

impl ImageMeans {
    /// Means of `classes` classes; pixels labelled `ignore` do not count.
    ///
    /// # Errors
    /// [`MetricsError::Setting`] for no class, or more than 65,536.
    pub fn new(classes: usize, ignore: Option<u32>) -> Result<Self, MetricsError> {
        Ok(Self { classes: Classes::new(classes, ignore)?, sums: vec![0.0; SUMS * classes] })
    }

    /// Mean of the IoU of a class over the images that have one.
    #[must_use]
    pub fn iou(&self, class: usize) -> Option<f64> {
        self.of(class).and_then(|sums| share(sums[0], sums[2]))
    }

    /// Mean of the Dice of a class over the images that have one.
    #[must_use]
    pub fn dice(&self, class: usize) -> Option<f64> {
        self.of(class).and_then(|sums| share(sums[1], sums[2]))
    }

    /// Images in which a class is neither present nor predicted; 0 for an index that is no class.
    #[must_use]
    pub fn images_without(&self, class: usize) -> f64 {
        self.of(class).map_or(0.0, |sums| sums[3])
    }

    fn of(&self, class: usize) -> Option<&[f64]> {
        self.sums.chunks_exact(SUMS).nth(class)
    }

    pub(crate) fn see(&mut self, masks: &Masks) {
        masks.images().for_each(|image| self.see_image(&image));
    }

    fn see_image(&mut self, image: &Image<'_>) {
        let classes = self.classes.count;
        // Pixels of each class: true and said, true, said; the last said is none.
        let mut counts = vec![[0_u32; 3]; classes + 1];
        for (&there, &said) in image.there.iter().zip(image.said) {
            if there == IGNORED {
                continue;
            }
            counts[there as usize][0] += u32::from(there == said);
            counts[there as usize][1] += 1;
            counts[said as usize][2] += 1;
        }
        for (sums, counts) in self.sums.chunks_exact_mut(SUMS).zip(counts) {
            let [both, there, said] = counts.map(f64::from);
            if there + said > 0.0 {
                sums[0] += both / (there + said - both);
                sums[1] += 2.0 * both / (there + said);
                sums[2] += 1.0;
            } else {
                sums[3] += 1.0;
            }
        }
    }
}

impl Scorer for ImageMeans {
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
        let classes = || 0..self.classes.count;
        let foreground = || classes().skip(1);
        let mut scores = Scores::new()
            .with_some("image_mean_iou", mean(classes().map(|class| self.iou(class))))
            .with_some("image_mean_dice", mean(classes().map(|class| self.dice(class))))
            .with_some("image_mean_iou_foreground", mean(foreground().map(|c| self.iou(c))))
            .with_some("image_mean_dice_foreground", mean(foreground().map(|c| self.dice(c))));
        let seen = self.sums.iter().any(|&sum| sum > 0.0);
        for class in classes() {
            scores = scores
                .with_some(format!("image_iou_{class}"), self.iou(class))
                .with_some(format!("image_dice_{class}"), self.dice(class))
                .with_some(
                    format!("images_without_{class}"),
                    seen.then(|| self.images_without(class)),
                );
        }
        scores
    }
}

#[cfg(test)]
mod tests;
