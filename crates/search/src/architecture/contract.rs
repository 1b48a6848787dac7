//! A check of the promises of relaxations and penalties, before anything is trained with them.

use std::fmt::Debug;

use dartloom_relax::{Progress, RelaxError, check_relaxation_at};
use dartloom_space::{CellId, LogitId};
use rand::RngCore;

use super::{Architecture, LINKS};
use crate::SearchError;

impl Architecture {
    /// Asks for the weights and penalties of every table as a step does, and refuses relaxations
    /// that break their contract: weights of another shape or type, outside of the set that they
    /// claim or not finite, without a gradient for their logits, or different when asked again.
    /// `noise` makes equal generators.
    ///
    /// [`Bilevel`](crate::Bilevel) does so at its first step. Cost: a few tables of weights.
    ///
    /// # Errors
    /// [`SearchError::Relaxation`] with the table and the relaxation.
    pub fn check<R: RngCore>(
        &self,
        at: Progress,
        noise: impl Fn() -> R,
    ) -> Result<(), SearchError> {
        let relaxation = &*self.choices.relaxation;
        for (index, cell) in self.cells.iter().enumerate() {
            let logits = self.left(index)?;
            check_relaxation_at(relaxation, &logits, at, &noise)
                .map_err(|source| blamed(cell, &relaxation, Some(at), source))?;
            let Some(edges) = self.choices.edges.as_deref() else { continue };
            let id = LogitId::Edges(CellId(index));
            let logits = self.logits[&id].as_tensor();
            for range in self.groups[index].ranges() {
                let row = logits.narrow(0, range.start, range.len())?.unsqueeze(0)?;
                check_relaxation_at(edges, &row, at, &noise)
                    .map_err(|source| blamed(&self.name(id), &edges, Some(at), source))?;
            }
        }
        if let Some((line, choices)) = &self.links {
            let logits = self.logits[&LogitId::Links].as_tensor();
            for range in line.groups().ranges() {
                let row = logits.narrow(0, range.start, range.len())?.unsqueeze(0)?;
                check_relaxation_at(&*choices.relaxation, &row, at, &noise)
                    .map_err(|source| blamed(LINKS, &choices.relaxation, Some(at), source))?;
            }
        }
        self.penalty(at, &mut noise())?;
        Ok(())
    }
}

/// The error of a part that computed something from the logits of `table`.
pub(super) fn blamed(
    table: &str,
    relaxation: &impl Debug,
    at: Option<Progress>,
    source: RelaxError,
) -> SearchError {
    SearchError::Relaxation {
        table: table.to_owned(),
        relaxation: format!("{relaxation:?}"),
        epoch: at.map(|at| at.epoch),
        source: Box::new(source),
    }
}
