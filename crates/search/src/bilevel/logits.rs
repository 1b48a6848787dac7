//! The rules that move logits.

use std::collections::BTreeMap;

use candle_core::Tensor;
use dartloom_record::Refused;
use dartloom_relax::{Constraint, ExponentiatedGradient, Progress};
use dartloom_space::CellId;
use dartloom_train::{Adam, Optimiser as _, Schedule, TrainError};
use serde::{Deserialize, Serialize};

use super::{BilevelConfig, CellRule};
use crate::architecture::LINKS;
use crate::{Architecture, LogitGradients, SearchError};

/// The rule by which logits move.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum LogitStep {
    /// Adam, for logits that may be any numbers.
    #[default]
    Adam,
    /// Exponentiated gradient, for logits that are weights and stay on the simplex (GAEA):
    /// [`ExponentiatedGradient::darts`] for operations and [`ExponentiatedGradient::edges`] for
    /// edges, at the logits' learning rate. It has no momentum and no weight decay.
    ExponentiatedGradient,
}

impl LogitStep {
    /// Refuses a rule that would take logits out of their domain.
    pub(super) fn check(self, domain: Constraint) -> Result<(), SearchError> {
        let simplex = self == Self::ExponentiatedGradient;
        if simplex == (domain == Constraint::Simplex) {
            return Ok(());
        }
        let expected = if simplex {
            "`Adam`, since the relaxation's logits are free"
        } else {
            "`ExponentiatedGradient`, since the relaxation's logits live on the simplex"
        };
        Err(Refused::new("logit_step", expected, format!("{self:?}")).into())
    }
}

/// The rule of every cell with its state: cells have optimisers and rates of their own.
#[derive(Debug)]
pub struct LogitOptimiser {
    step: LogitStep,
    /// The optimisers of cells, in the space's order, then that of links.
    parts: Vec<PartOptimiser>,
}

/// Moves the logits of one cell, its line of edges included, or those of links.
#[derive(Debug)]
struct PartOptimiser {
    /// `None` for links.
    cell: Option<CellId>,
    name: String,
    rate: Schedule,
    adam: Adam,
}

impl LogitOptimiser {
    /// # Errors
    /// [`SearchError::Config`] for an invalid rule of a cell, or one that takes logits out of their
    /// domain.
    pub(super) fn new(
        config: &BilevelConfig,
        architecture: &Architecture,
    ) -> Result<Self, SearchError> {
        config.logit_step.check(architecture.domain())?;
        let names = architecture.cells();
        if let Some(unknown) = config.cells.keys().find(|name| !names.contains(name)) {
            return Err(Refused::new(
                "cells",
                "names of cells of the space",
                format!("`{unknown}`; the space has {}", names.join(", ")),
            )
            .into());
        }
        let common = CellRule { rate: config.arch_rate, adam: config.adam };
        let part = |cell: Option<CellId>, name: &str| {
            let CellRule { rate, adam } = config.cells.get(name).copied().unwrap_or(common);
            PartOptimiser { cell, name: name.to_owned(), rate, adam: Adam::new(adam) }
        };
        let cells = names.iter().enumerate();
        let mut parts: Vec<_> =
            cells.map(|(index, name)| part(Some(CellId(index)), name)).collect();
        parts.extend(architecture.link_line().map(|_| part(None, LINKS)));
        Ok(Self { step: config.logit_step, parts })
    }

    /// Moves the logits that have a gradient.
    pub(super) fn step(
        &mut self,
        architecture: &Architecture,
        gradients: &LogitGradients,
        at: Progress,
    ) -> Result<(), SearchError> {
        for part in &mut self.parts {
            let share = gradients.of_part(part.cell);
            let rate = part.rate.at(at.epoch, at.epochs);
            match self.step {
                LogitStep::Adam => {
                    part.adam.step(architecture.named(), &architecture.by_name(&share), rate)?;
                }
                LogitStep::ExponentiatedGradient => exponentiate(architecture, &share, rate)?,
            }
        }
        Ok(())
    }

    /// Everything the next step depends on, by name.
    pub fn state(&self) -> BTreeMap<String, Tensor> {
        let states = self.parts.iter().map(|part| (&part.name, part.adam.state()));
        let named = |(cell, state): (&String, BTreeMap<String, Tensor>)| {
            state
                .into_iter()
                .map(|(key, tensor)| (format!("{cell}/{key}"), tensor))
                .collect::<Vec<_>>()
        };
        states.flat_map(named).collect()
    }

    /// Takes over a saved state.
    ///
    /// # Errors
    /// [`TrainError::State`] for names this rule does not write.
    pub fn restore(&mut self, state: BTreeMap<String, Tensor>) -> Result<(), TrainError> {
        let mut shares = vec![BTreeMap::new(); self.parts.len()];
        for (key, tensor) in state {
            let split = key.rsplit_once('/');
            let cell =
                split.and_then(|(name, _)| self.parts.iter().position(|part| part.name == *name));
            let (Some(cell), Some((_, rest))) = (cell, split) else {
                let expected = "moments named after cells of the space".to_owned();
                return Err(TrainError::State { expected, found: format!("`{key}`") });
            };
            shares[cell].insert(rest.to_owned(), tensor);
        }
        for (part, share) in self.parts.iter_mut().zip(shares) {
            part.adam.restore(share)?;
        }
        Ok(())
    }
}

fn exponentiate(
    architecture: &Architecture,
    gradients: &LogitGradients,
    rate: f64,
) -> Result<(), SearchError> {
    let ops = ExponentiatedGradient { rate, ..ExponentiatedGradient::darts() };
    let edges = ExponentiatedGradient { rate, ..ExponentiatedGradient::edges() };
    for (id, gradient) in &gradients.0 {
        let Some(theta) = architecture.logits().get(id) else { continue };
        match architecture.groups(*id) {
            Some(groups) => edges.step_groups(theta, gradient, groups)?,
            None => ops.step(theta, gradient)?,
        }
    }
    Ok(())
}
