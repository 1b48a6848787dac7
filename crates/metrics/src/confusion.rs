mod classes;
mod tables;

use candle_core::Tensor;
use dartloom_record::Scores;

pub use self::classes::ClassRow;
pub(crate) use self::classes::percent;
use crate::masks::{Classes, IGNORED, Masks};
use crate::scorer::{add, mean, share};
use crate::{MetricsError, Scorer};

/// A confusion matrix: counts of true classes against predicted ones, for pixels or whole images.
///
/// Takes logits `[batch, classes, ..]` and labels `[batch, ..]` with the same dimensions after the
/// first: `[B, C, H, W]` with `[B, H, W]`, or `[B, C]` with `[B]`. The predicted class is the first
/// of those with the highest logit. If a logit is NaN, nothing is predicted, which counts as wrong.
/// Pixels whose label is `ignore` are not counted.
///
/// With `n[i][j]` the number of pixels of class `i` that were predicted as `j`, over everything
/// seen so far, `t[i] = sum_j n[i][j]` and `p[i] = sum_j n[j][i]`:
///
/// * `mean_iou`, the mean of `iou_i = n[i][i] / (t[i] + p[i] - n[i][i])` (Long et al. 2015,
///   arXiv:1411.4038, section 5),
/// * `mean_dice`, the mean of `dice_i = 2 n[i][i] / (t[i] + p[i])`,
/// * `mean_iou_foreground` and `mean_dice_foreground`, the same without class 0, the background,
/// * `pixel_accuracy = sum_i n[i][i] / sum_i t[i]`,
/// * `mean_accuracy`, the mean of `n[i][i] / t[i]` over the classes that are there,
/// * `iou_i` and `dice_i` of every class.
///
/// # Classes that are absent
/// A class that is neither present nor predicted has no IoU and no Dice (0/0), and is left out of
/// the means. A class that is predicted but not present has 0.
///
/// # Differences from the paper
/// Long et al. take the mean over all classes of a set in which every class occurs.
#[derive(Clone, Debug, PartialEq)]
pub struct Confusion {
    classes: Classes,
    /// One row per true class and one column per predicted class, with a further column for pixels
    /// without a prediction.
    counts: Vec<f64>,
}

impl Confusion {
    /// Counts of `classes` classes; pixels labelled `ignore` do not count.
    ///
    /// # Errors
    /// [`MetricsError::Setting`] for no class, or more than 65,536.
    pub fn new(classes: usize, ignore: Option<u32>) -> Result<Self, MetricsError> {
        let known = Classes::new(classes, ignore)?;
        Ok(Self { classes: known, counts: vec![0.0; classes * (classes + 1)] })
    }

    /// The number of pixels of class `there` that were predicted as `said`; 0 for an index that is
    /// not a class.
    #[must_use]
    pub fn count(&self, there: usize, said: usize) -> f64 {
        let classes = self.classes.count;
        let known = there < classes && said < classes;
        if known { self.counts[there * (classes + 1) + said] } else { 0.0 }
    }

    /// Pixels of a class.
    fn there(&self, class: usize) -> f64 {
        let mut rows = self.counts.chunks_exact(self.classes.count + 1);
        rows.nth(class).map_or(0.0, |row| row.iter().sum())
    }

    /// Pixels predicted as a class.
    fn said(&self, class: usize) -> f64 {
        (0..self.classes.count).map(|there| self.count(there, class)).sum()
    }

    /// Intersection over union of a class; `None` if it is neither present nor predicted.
    #[must_use]
    pub fn iou(&self, class: usize) -> Option<f64> {
        let both = self.count(class, class);
        share(both, self.there(class) + self.said(class) - both)
    }

    /// Dice coefficient of a class; `None` if it is neither present nor predicted.
    #[must_use]
    pub fn dice(&self, class: usize) -> Option<f64> {
        share(2.0 * self.count(class, class), self.there(class) + self.said(class))
    }

    /// Share of the pixels predicted as a class that are of it; `None` if it is not predicted.
    #[must_use]
    pub fn precision(&self, class: usize) -> Option<f64> {
        share(self.count(class, class), self.said(class))
    }

    /// Share of the pixels of a class that are predicted as it; `None` if it is not present.
    #[must_use]
    pub fn recall(&self, class: usize) -> Option<f64> {
        share(self.count(class, class), self.there(class))
    }

    /// The IoU of the classes that are present, weighted by their pixels; `None` when nothing was
    /// seen.
    #[must_use]
    pub fn frequency_weighted_iou(&self) -> Option<f64> {
        let weighted = |class| Some(self.iou(class)? * self.there(class));
        let sum = (0..self.classes.count).filter_map(weighted).sum();
        share(sum, self.counts.iter().sum())
    }

    /// Counts masks that were read.
    pub(crate) fn see(&mut self, masks: &Masks) {
        let columns = self.classes.count + 1;
        for (&there, &said) in masks.there.iter().zip(&masks.said) {
            if there != IGNORED {
                self.counts[there as usize * columns + said as usize] += 1.0;
            }
        }
    }
}

impl Scorer for Confusion {
    fn update(&mut self, output: &Tensor, target: &Tensor) -> Result<(), MetricsError> {
        let masks = self.classes.read(output, target)?;
        self.see(&masks);
        Ok(())
    }

    fn state(&self) -> Vec<f64> {
        self.counts.clone()
    }

    fn add(&mut self, state: &[f64]) -> Result<(), MetricsError> {
        add(&mut self.counts, state)
    }

    fn scores(&self) -> Scores {
        let classes = || 0..self.classes.count;
        let foreground = || classes().skip(1);
        let right = |class| self.count(class, class);
        let all: f64 = self.counts.iter().sum();
        let mut scores = Scores::new()
            .with_some("mean_iou", mean(classes().map(|class| self.iou(class))))
            .with_some("mean_dice", mean(classes().map(|class| self.dice(class))))
            .with_some("mean_iou_foreground", mean(foreground().map(|class| self.iou(class))))
            .with_some("mean_dice_foreground", mean(foreground().map(|class| self.dice(class))))
            .with_some("pixel_accuracy", share(classes().map(right).sum(), all))
            .with_some("mean_accuracy", mean(classes().map(|class| self.recall(class))));
        for class in classes() {
            scores = scores
                .with_some(format!("iou_{class}"), self.iou(class))
                .with_some(format!("dice_{class}"), self.dice(class));
        }
        scores
    }
}

#[cfg(test)]
mod tests;
