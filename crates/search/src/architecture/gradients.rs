//! Gradients of logits, by address.

use std::collections::BTreeMap;

use candle_core::Tensor;
use dartloom_space::{CellId, LogitId};
use dartloom_train::Gradients;

use super::Architecture;
use crate::SearchError;

/// Gradients of logits; those that a loss does not depend on are missing.
#[derive(Clone, Debug, Default)]
pub struct LogitGradients(pub BTreeMap<LogitId, Tensor>);

impl LogitGradients {
    /// Those of one cell.
    pub fn of_cell(&self, cell: CellId) -> Self {
        self.of_part(Some(cell))
    }

    /// Those of one cell, or those of links, which belong to none.
    pub(crate) fn of_part(&self, cell: Option<CellId>) -> Self {
        let own = self.0.iter().filter(|(id, _)| id.cell() == cell);
        Self(own.map(|(&id, gradient)| (id, gradient.clone())).collect())
    }

    /// Adds other gradients, if there are any.
    ///
    /// # Errors
    /// When two gradients of the same logits have different shapes.
    pub fn add(&mut self, more: &Self) -> Result<(), SearchError> {
        for (&id, gradient) in &more.0 {
            let sum = match self.0.get(&id) {
                Some(before) => (before + gradient)?,
                None => gradient.clone(),
            };
            self.0.insert(id, sum);
        }
        Ok(())
    }
}

impl Architecture {
    /// Gradients by address, of those by [name](Self::name).
    ///
    /// # Errors
    /// [`SearchError::Logits`] for a name that no logits have.
    pub fn addressed(&self, gradients: &Gradients) -> Result<LogitGradients, SearchError> {
        let found = gradients.0.iter().map(|(name, gradient)| {
            let unknown = || SearchError::Logits {
                expected: self.named().keys().cloned().collect(),
                found: name.clone(),
            };
            Ok((self.id(name).ok_or_else(unknown)?, gradient.clone()))
        });
        found.collect::<Result<_, _>>().map(LogitGradients)
    }

    /// Gradients by [name](Self::name), as optimisers take them.
    pub fn by_name(&self, gradients: &LogitGradients) -> Gradients {
        let named = gradients.0.iter().map(|(&id, gradient)| (self.name(id), gradient.clone()));
        Gradients(named.collect())
    }
}
