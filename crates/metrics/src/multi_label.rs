use candle_core::Tensor;
use dartloom_record::Scores;

use crate::auc::Histograms;
use crate::scorer::{add, mean, share};
use crate::{DEFAULT_BINS, MetricsError, Scorer, read};

/// Measures of how well several yes-or-no labels are predicted.
///
/// Takes logits `[batch, labels]` and labels 0 or 1 of the same shape. A label is predicted if its
/// logit is above 0; a NaN always counts as a wrong prediction.
///
/// * `mean_auc`, the mean of `auc_i` (see [`Auc`](crate::Auc)) over the labels that are present in
///   some rows and not in others,
/// * `mean_f1`, the mean of `2 tp / (2 tp + fp + fn)` over the labels that are present or predicted
///   in some row,
/// * `label_accuracy`, the share of labels that are right (one less the Hamming loss),
/// * `exact_match`, the share of rows with all labels right,
/// * `auc_i` of every label.
#[derive(Clone, Debug, PartialEq)]
pub struct MultiLabel {
    labels: Vec<Label>,
    /// Rows with all labels right, and all.
    rows: [f64; 2],
}

/// The observations of one label.
#[derive(Clone, Debug, PartialEq)]
struct Label {
    histograms: Histograms,
    /// Counts of labels: predicted and present, predicted and absent, present and not predicted.
    counts: [f64; 3],
}

impl Label {
    fn numbers(&mut self) -> impl Iterator<Item = &mut f64> {
        self.histograms.counts.iter_mut().chain(&mut self.counts)
    }

    fn f1(&self) -> Option<f64> {
        let [right, wrong, missed] = self.counts;
        share(2.0 * right, 2.0 * right + wrong + missed)
    }

    /// Counts a prediction and returns `true` if it was right.
    fn count(&mut self, logit: f64, there: bool) -> bool {
        self.histograms.count(logit, there);
        let said = if logit.is_nan() { !there } else { logit > 0.0 };
        match (said, there) {
            (true, true) => self.counts[0] += 1.0,
            (true, false) => self.counts[1] += 1.0,
            (false, true) => self.counts[2] += 1.0,
            (false, false) => {}
        }
        said == there
    }
}

impl MultiLabel {
    /// Scores of `labels` labels, with areas by histograms of [`DEFAULT_BINS`] bins.
    ///
    /// # Errors
    /// [`MetricsError::Setting`] for no label.
    pub fn new(labels: usize) -> Result<Self, MetricsError> {
        if labels == 0 {
            let expected = "at least 1";
            return Err(MetricsError::Setting { field: "labels", expected, found: labels });
        }
        let label = Label { histograms: Histograms::new(DEFAULT_BINS)?, counts: [0.0; 3] };
        Ok(Self { labels: vec![label; labels], rows: [0.0; 2] })
    }

    /// The numbers of the state, one after the other.
    fn numbers(&mut self) -> impl Iterator<Item = &mut f64> {
        self.labels.iter_mut().flat_map(Label::numbers).chain(&mut self.rows)
    }
}

impl Scorer for MultiLabel {
    fn update(&mut self, output: &Tensor, target: &Tensor) -> Result<(), MetricsError> {
        let width = self.labels.len();
        let rows = read::rows(output, target, width)?;
        let there = read::numbers(target)?;
        read::binary(&there, width)?;
        let logits = read::numbers(output)?;
        for (logits, there) in logits.chunks_exact(width).zip(there.chunks_exact(width)) {
            let mut right = 0;
            for (label, (&logit, &there)) in self.labels.iter_mut().zip(logits.iter().zip(there)) {
                right += usize::from(label.count(logit, there > 0.5));
            }
            self.rows[0] += f64::from(u8::from(right == width));
        }
        self.rows[1] += rows as f64;
        Ok(())
    }

    fn state(&self) -> Vec<f64> {
        self.clone().numbers().map(|number| *number).collect()
    }

    fn add(&mut self, state: &[f64]) -> Result<(), MetricsError> {
        let mut sums = self.state();
        add(&mut sums, state)?;
        self.numbers().zip(sums).for_each(|(number, sum)| *number = sum);
        Ok(())
    }

    fn scores(&self) -> Scores {
        let [exact, rows] = self.rows;
        let aucs: Vec<_> = self.labels.iter().map(|label| label.histograms.auc()).collect();
        let wrong: f64 = self.labels.iter().map(|label| label.counts[1] + label.counts[2]).sum();
        let told = rows * self.labels.len() as f64;
        let mut scores = Scores::new()
            .with_some("mean_auc", mean(aucs.iter().copied()))
            .with_some("mean_f1", mean(self.labels.iter().map(Label::f1)))
            .with_some("label_accuracy", share(told - wrong, told))
            .with_some("exact_match", share(exact, rows));
        for (label, auc) in aucs.into_iter().enumerate() {
            scores = scores.with_some(format!("auc_{label}"), auc);
        }
        scores
    }
}

#[cfg(test)]
mod tests;
