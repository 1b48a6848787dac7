use std::num::NonZeroUsize;

use candle_core::Tensor;
use dartloom_record::Scores;

use crate::scorer::{add, share};
use crate::{MetricsError, Scorer, read};

/// Share of rows whose label is among the k best-scored classes (top-k accuracy), from 0 to 1: the
/// score `accuracy`, or `accuracy_top_k` for k above 1.
///
/// Takes logits `[batch, classes]` of any float type and labels `[batch]` of any integer type, on
/// any device.
///
/// The rule: label `y` is among the top k when fewer than k classes `j` go before it, and class `j`
/// goes before `y` when `score[j] > score[y]`, or when the scores are equal and `j < y`. So ties
/// are resolved towards lower indices, exactly k classes are in the top k, and a constant network
/// does not look perfect. A row that holds any NaN counts as wrong. With k of at least the number
/// of classes every other row counts as right.
#[derive(Clone, Debug, PartialEq)]
pub struct Accuracy {
    k: NonZeroUsize,
    /// Rows that are right, and all.
    seen: [f64; 2],
}

impl Accuracy {
    /// Top-1 accuracy.
    #[must_use]
    pub fn new() -> Self {
        Self { k: NonZeroUsize::MIN, seen: [0.0; 2] }
    }

    /// Top-k accuracy.
    ///
    /// # Errors
    /// [`MetricsError::Setting`] if `k` is 0.
    pub fn top(k: usize) -> Result<Self, MetricsError> {
        let refused = MetricsError::Setting { field: "k", expected: "at least 1", found: k };
        Ok(Self { k: NonZeroUsize::new(k).ok_or(refused)?, seen: [0.0; 2] })
    }

    /// The number of classes that a row may name.
    #[must_use]
    pub fn k(&self) -> usize {
        self.k.get()
    }

    /// The share of rows that are right; `None` when none was seen.
    #[must_use]
    pub fn value(&self) -> Option<f64> {
        let [right, all] = self.seen;
        share(right, all)
    }

    fn is_right(&self, scores: &[f64], label: usize) -> bool {
        if scores.iter().any(|score| score.is_nan()) {
            return false;
        }
        let own = scores[label];
        let before =
            |(class, &score): (usize, &f64)| score > own || (score >= own && class < label);
        scores.iter().enumerate().filter(|&entry| before(entry)).count() < self.k.get()
    }
}

impl Default for Accuracy {
    fn default() -> Self {
        Self::new()
    }
}

impl Scorer for Accuracy {
    fn update(&mut self, output: &Tensor, target: &Tensor) -> Result<(), MetricsError> {
        let (rows, classes) = match (output.dims(), target.dims()) {
            (&[rows, classes], &[labelled]) if rows == labelled => (rows, classes),
            _ => {
                let expected = "logits [batch, classes] with labels [batch]";
                return Err(read::shapes(expected, output, target));
            }
        };
        let labels = read::labels(target)?;
        let columns = columns(&labels, classes)?;
        if rows == 0 {
            return Ok(());
        }
        // `classes` is at least 1 here: with none, every label is out of range.
        let scores = read::numbers(output)?;
        let rated = scores.chunks_exact(classes).zip(&columns);
        let right = rated.filter(|&(row, &label)| self.is_right(row, label)).count();
        add(&mut self.seen, &[right as f64, rows as f64])
    }

    fn state(&self) -> Vec<f64> {
        self.seen.to_vec()
    }

    fn add(&mut self, state: &[f64]) -> Result<(), MetricsError> {
        add(&mut self.seen, state)
    }

    fn scores(&self) -> Scores {
        let name = match self.k() {
            1 => "accuracy".to_owned(),
            k => format!("accuracy_top_{k}"),
        };
        Scores::new().with_some(name, self.value())
    }
}

/// The labels of a batch as columns of its logits.
fn columns(labels: &[i64], classes: usize) -> Result<Vec<usize>, MetricsError> {
    let column = |(row, &found): (usize, &i64)| {
        let column = usize::try_from(found).ok().filter(|&column| column < classes);
        column.ok_or(MetricsError::LabelOutOfRange { row, place: 0, classes, found })
    };
    labels.iter().enumerate().map(column).collect()
}

#[cfg(test)]
mod tests;
