//! One class for each row.

use candle_core::Tensor;
use dartloom_record::Scores;

use crate::{Accuracy, Confusion, Details, MetricsError, Scorer};

/// Measures of one class for each row: the score `accuracy`, top-1, with the table of classes and
/// the confusion matrix as [`details`](Scorer::details).
///
/// Takes logits `[batch, classes]` and labels `[batch]`, read as [`Accuracy`] reads them. From
/// 1,025 classes on, nothing but the accuracy is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Labels {
    accuracy: Accuracy,
    confusion: Option<Confusion>,
}

/// Most classes whose confusions are kept: their matrix has 8 MiB.
const MOST: usize = 1 << 10;

impl Labels {
    /// Measures of `classes` classes.
    ///
    /// # Errors
    /// [`MetricsError::Setting`] for no class.
    pub fn new(classes: usize) -> Result<Self, MetricsError> {
        let confusion = (classes <= MOST).then(|| Confusion::new(classes, None)).transpose()?;
        Ok(Self { accuracy: Accuracy::new(), confusion })
    }

    /// The confusion matrix; `None` for more than 1,024 classes.
    #[must_use]
    pub fn confusion(&self) -> Option<&Confusion> {
        self.confusion.as_ref()
    }
}

impl Scorer for Labels {
    fn update(&mut self, output: &Tensor, target: &Tensor) -> Result<(), MetricsError> {
        // Two of logits [batch, classes] and labels [batch] are one, and nothing is counted twice.
        let mut accuracy = self.accuracy.clone();
        accuracy.update(output, target)?;
        if let Some(confusion) = &mut self.confusion {
            confusion.update(output, target)?;
        }
        self.accuracy = accuracy;
        Ok(())
    }

    fn state(&self) -> Vec<f64> {
        let confusion = self.confusion.as_ref().map(Scorer::state).unwrap_or_default();
        [self.accuracy.state(), confusion].concat()
    }

    fn add(&mut self, state: &[f64]) -> Result<(), MetricsError> {
        let own = self.accuracy.state().len();
        let expected = own + self.confusion.as_ref().map_or(0, |own| own.state().len());
        if state.len() != expected {
            return Err(MetricsError::State { expected, found: state.len() });
        }
        self.accuracy.add(&state[..own])?;
        match &mut self.confusion {
            Some(confusion) => confusion.add(&state[own..]),
            None => Ok(()),
        }
    }

    fn scores(&self) -> Scores {
        self.accuracy.scores()
    }

    fn details(&self) -> Details {
        let Some(confusion) = &self.confusion else { return Details::default() };
        let tables = vec![confusion.label_table(), confusion.matrix_table()];
        Details { tables, ..Details::default() }
    }
}

#[cfg(test)]
mod tests;
