use candle_core::Tensor;
use dartloom_record::Scores;

use crate::scorer::add;
use crate::{MetricsError, Scorer, read};

/// The default number of bins of a histogram.
pub const DEFAULT_BINS: usize = 512;

/// Area under the receiver operating characteristic, by histograms that add up: the score `auc`.
///
/// Takes logits `[batch]` or `[batch, 1]` and labels 0 or 1 of the same shape. The area is the
/// probability that a positive sample has a higher logit than a negative one, where equal logits
/// count half (Hanley and McNeil 1982):
///
/// `auc = sum_b n_b (P_b + p_b / 2) / (P N)` with `p_b` and `n_b` the positive and negative samples
/// in bin `b`, `P_b` the positive ones in higher bins, `P` and `N` all of them. Bins divide
/// `sigmoid(logit)` evenly; two samples in one bin count as equal, so that the result is off by at
/// most the share of pairs in a common bin, halved. Without samples of both kinds there is no
/// value. A NaN counts as the worst logit for its label.
#[derive(Clone, Debug, PartialEq)]
pub struct Auc {
    counts: Histograms,
}

/// Positive and negative samples by bin.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Histograms {
    /// The positive ones, then the negative ones.
    pub(crate) counts: Vec<f64>,
}

impl Histograms {
    pub(crate) fn new(bins: usize) -> Result<Self, MetricsError> {
        if !(2..=1 << 20).contains(&bins) {
            let expected = "from 2 to 1048576";
            return Err(MetricsError::Setting { field: "bins", expected, found: bins });
        }
        Ok(Self { counts: vec![0.0; 2 * bins] })
    }

    fn bins(&self) -> usize {
        self.counts.len() / 2
    }

    pub(crate) fn count(&mut self, logit: f64, positive: bool) {
        let bins = self.bins();
        let share = match (logit.is_nan(), positive) {
            (true, true) => 0.0,
            (true, false) => 1.0,
            _ => 1.0 / (1.0 + (-logit).exp()),
        };
        let bin = ((share * bins as f64) as usize).min(bins - 1);
        self.counts[if positive { bin } else { bins + bin }] += 1.0;
    }

    pub(crate) fn auc(&self) -> Option<f64> {
        let (positive, negative) = self.counts.split_at(self.bins());
        let mut above = 0.0;
        let mut pairs = 0.0;
        for (p, n) in positive.iter().zip(negative).rev() {
            pairs += n * (above + p / 2.0);
            above += p;
        }
        let all = above * negative.iter().sum::<f64>();
        (all > 0.0).then(|| pairs / all)
    }
}

impl Auc {
    /// An area by histograms of `bins` bins.
    ///
    /// # Errors
    /// [`MetricsError::Setting`] for fewer than 2 bins or more than 2^20.
    pub fn new(bins: usize) -> Result<Self, MetricsError> {
        Ok(Self { counts: Histograms::new(bins)? })
    }

    /// The area, from 0 to 1; `None` without samples of both kinds.
    #[must_use]
    pub fn value(&self) -> Option<f64> {
        self.counts.auc()
    }
}

impl Scorer for Auc {
    fn update(&mut self, output: &Tensor, target: &Tensor) -> Result<(), MetricsError> {
        read::rows(output, target, 1)?;
        let labels = read::numbers(target)?;
        read::binary(&labels, 1)?;
        for (logit, label) in read::numbers(output)?.into_iter().zip(labels) {
            self.counts.count(logit, label > 0.5);
        }
        Ok(())
    }

    fn state(&self) -> Vec<f64> {
        self.counts.counts.clone()
    }

    fn add(&mut self, state: &[f64]) -> Result<(), MetricsError> {
        add(&mut self.counts.counts, state)
    }

    fn scores(&self) -> Scores {
        Scores::new().with_some("auc", self.value())
    }
}

#[cfg(test)]
mod tests;
