use std::num::NonZeroUsize;

use candle_core::{DType, Device, Tensor};
use serde::{Deserialize, Serialize};

use crate::{Meter, MetricsError};

/// Fraction of rows whose label is among the k best-scored classes (top-k accuracy), from 0 to 1.
///
/// The rule: label `y` is among the top k when fewer than k classes `j` go before it, and class `j` goes before `y`
/// when `score[j] > score[y]`, or when the scores are equal and `j < y`. So ties are resolved towards lower
/// indices, exactly k classes are in the top k, and a constant network does not look perfect. A row that holds any
/// NaN counts as wrong. With k of at least the number of classes every other row counts as right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accuracy {
    k: NonZeroUsize,
    correct: u64,
    total: u64,
}

impl Accuracy {
    /// Top-1 accuracy.
    #[must_use]
    pub fn new() -> Self {
        Self { k: NonZeroUsize::MIN, correct: 0, total: 0 }
    }

    /// Top-k accuracy.
    ///
    /// # Errors
    /// [`MetricsError::ZeroK`] when `k` is 0.
    pub fn top(k: usize) -> Result<Self, MetricsError> {
        let k = NonZeroUsize::new(k).ok_or(MetricsError::ZeroK)?;
        Ok(Self { k, correct: 0, total: 0 })
    }

    /// How many classes a row may name.
    #[must_use]
    pub fn k(&self) -> usize {
        self.k.get()
    }

    /// Rows counted as right.
    #[must_use]
    pub fn correct(&self) -> u64 {
        self.correct
    }

    /// Rows seen.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.total
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

impl Meter for Accuracy {
    /// Logits `[batch, classes]` of any float type and labels `[batch]` of any integer type, on any device.
    type Sample<'a> = (&'a Tensor, &'a Tensor);

    /// Counts the rows of a batch; an empty batch changes nothing.
    ///
    /// # Errors
    /// [`MetricsError::Shape`], [`MetricsError::LabelType`], [`MetricsError::LabelOutOfRange`] and
    /// [`MetricsError::Tensor`]; no row of the batch is counted then.
    fn update(&mut self, (logits, labels): Self::Sample<'_>) -> Result<(), MetricsError> {
        let (rows, classes) = match (logits.dims(), labels.dims()) {
            (&[rows, classes], &[labelled]) if rows == labelled => (rows, classes),
            (logits, labels) => {
                return Err(MetricsError::Shape {
                    logits: logits.to_vec(),
                    labels: labels.to_vec(),
                });
            }
        };
        if !labels.dtype().is_int() {
            return Err(MetricsError::LabelType { found: labels.dtype() });
        }
        if rows == 0 {
            return Ok(());
        }
        let labels = labels.to_device(&Device::Cpu)?.to_dtype(DType::I64)?.to_vec1::<i64>()?;
        let columns = (0..rows)
            .zip(&labels)
            .map(|(row, &found)| {
                usize::try_from(found)
                    .ok()
                    .filter(|&column| column < classes)
                    .ok_or(MetricsError::LabelOutOfRange { row, classes, found })
            })
            .collect::<Result<Vec<_>, _>>()?;
        // `classes` is at least 1 here: with none, every label is out of range.
        // Widening on the host works for every device, those without f64 included.
        let scores = logits.to_device(&Device::Cpu)?.to_dtype(DType::F64)?;
        let scores = scores.flatten_all()?.to_vec1::<f64>()?;
        let right = scores
            .chunks_exact(classes)
            .zip(&columns)
            .filter(|&(row, &label)| self.is_right(row, label))
            .count();
        self.correct += right as u64;
        self.total += rows as u64;
        Ok(())
    }

    fn merge(&mut self, other: &Self) -> Result<(), MetricsError> {
        if self.k != other.k {
            return Err(MetricsError::MixedK { expected: self.k(), found: other.k() });
        }
        self.correct += other.correct;
        self.total += other.total;
        Ok(())
    }

    fn value(&self) -> Option<f64> {
        (self.total > 0).then(|| self.correct as f64 / self.total as f64)
    }

    fn reset(&mut self) {
        self.correct = 0;
        self.total = 0;
    }
}
