use candle_core::Tensor;
use dartloom_record::Scores;

use crate::scorer::{add, mean, share};
use crate::{MetricsError, Scorer, read};

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
/// * `pixel_accuracy = sum_i n[i][i] / sum_i t[i]`,
/// * `mean_accuracy`, the mean of `n[i][i] / t[i]` over the classes that are there,
/// * `iou_i` and `dice_i` of every class.
///
/// # Classes that are absent
/// A class that is neither present nor predicted has no IoU and no Dice (0/0), and is left out of
/// the means. A class that is predicted but not present has 0.
#[derive(Clone, Debug, PartialEq)]
pub struct Confusion {
    classes: usize,
    ignore: Option<u32>,
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
        if !(1..=1 << 16).contains(&classes) {
            let expected = "from 1 to 65536";
            return Err(MetricsError::Setting { field: "classes", expected, found: classes });
        }
        Ok(Self { classes, ignore, counts: vec![0.0; classes * (classes + 1)] })
    }

    /// The number of pixels of class `there` that were predicted as `said`; 0 for an index that is
    /// not a class.
    #[must_use]
    pub fn count(&self, there: usize, said: usize) -> f64 {
        let known = there < self.classes && said < self.classes;
        if known { self.counts[there * (self.classes + 1) + said] } else { 0.0 }
    }

    /// Pixels of a class.
    fn there(&self, class: usize) -> f64 {
        self.counts.chunks_exact(self.classes + 1).nth(class).map_or(0.0, |row| row.iter().sum())
    }

    /// Pixels predicted as a class.
    fn said(&self, class: usize) -> f64 {
        (0..self.classes).map(|there| self.count(there, class)).sum()
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

    /// The row and column of a label and logits, or nothing for a pixel that is ignored.
    fn label(&self, found: i64) -> Option<Option<usize>> {
        if self.ignore.is_some_and(|ignore| i64::from(ignore) == found) {
            return Some(None);
        }
        usize::try_from(found).ok().filter(|&label| label < self.classes).map(Some)
    }
}

/// Of `classes` values that lie `stride` apart, beginning at `at`, the first of the highest.
fn highest(values: &[f64], at: usize, stride: usize, classes: usize) -> usize {
    let mut best = (0, f64::NEG_INFINITY);
    for class in 0..classes {
        let value = values[at + class * stride];
        if value.is_nan() {
            return classes;
        }
        if value > best.1 {
            best = (class, value);
        }
    }
    best.0
}

impl Scorer for Confusion {
    fn update(&mut self, output: &Tensor, target: &Tensor) -> Result<(), MetricsError> {
        let classes = self.classes;
        let said = output.dims();
        let there = target.dims();
        let fits = said.len() == there.len() + 1
            && said.get(1) == Some(&classes)
            && said.first() == there.first()
            && said.get(2..) == there.get(1..);
        if !fits {
            let expected =
                format!("logits [batch, {classes}, ..] with labels [batch, ..] of equal rest");
            return Err(read::shapes(expected, output, target));
        }
        let labels = read::labels(target)?;
        if labels.is_empty() {
            return Ok(());
        }
        let places = labels.len() / there[0];
        let known = |(at, &found): (usize, &i64)| {
            let row = at / places;
            let place = at % places;
            let error = MetricsError::LabelOutOfRange { row, place, classes, found };
            self.label(found).ok_or(error)
        };
        let labels = labels.iter().enumerate().map(known).collect::<Result<Vec<_>, _>>()?;
        let values = read::numbers(output)?;
        for (at, label) in labels.into_iter().enumerate() {
            let Some(label) = label else { continue };
            let first = at / places * places * classes + at % places;
            let said = highest(&values, first, places, classes);
            self.counts[label * (classes + 1) + said] += 1.0;
        }
        Ok(())
    }

    fn state(&self) -> Vec<f64> {
        self.counts.clone()
    }

    fn add(&mut self, state: &[f64]) -> Result<(), MetricsError> {
        add(&mut self.counts, state)
    }

    fn scores(&self) -> Scores {
        let classes = || 0..self.classes;
        let right = |class| self.count(class, class);
        let all: f64 = self.counts.iter().sum();
        let accuracies = classes().map(|class| share(right(class), self.there(class)));
        let mut scores = Scores::new()
            .with_some("mean_iou", mean(classes().map(|class| self.iou(class))))
            .with_some("mean_dice", mean(classes().map(|class| self.dice(class))))
            .with_some("pixel_accuracy", share(classes().map(right).sum(), all))
            .with_some("mean_accuracy", mean(accuracies));
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
