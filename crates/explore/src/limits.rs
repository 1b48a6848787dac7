//! Limits on the size of candidates: larger ones are not evaluated.

use std::fmt;

use dartloom_space::{Cost, Genotype, SpaceError};
use serde::{Deserialize, Serialize};

use super::{Evaluator, ExploreError, Outcome, Proposal, Resource};

/// The limits of a candidate; `None` stands for no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Most trainable numbers.
    pub parameters: Option<u64>,
    /// Most multiply-adds for one image.
    pub macs: Option<u64>,
}

impl Limits {
    /// The first limit that a cost breaks.
    pub fn broken(&self, cost: &Cost) -> Option<Outcome> {
        let limits = [(Resource::Parameters, self.parameters), (Resource::Macs, self.macs)];
        limits.into_iter().find_map(|(resource, limit)| {
            let limit = limit?;
            let found = resource.of(cost)?;
            (found > limit).then_some(Outcome::Infeasible { resource, limit, found })
        })
    }
}

/// An evaluator that sees only candidates within limits. Others are [`Outcome::Infeasible`], and
/// those whose cost cannot be counted [`Outcome::Failed`].
pub struct Limited<E, C> {
    evaluator: E,
    cost: C,
    limits: Limits,
}

impl<E, C> Limited<E, C>
where
    E: Evaluator,
    C: FnMut(&Genotype) -> Result<Cost, SpaceError>,
{
    /// Limits for an evaluator; `cost` computes the cost of a candidate, as
    /// [`Blueprint::cost`](dartloom_space::Blueprint::cost) does.
    pub fn new(evaluator: E, cost: C, limits: Limits) -> Self {
        Self { evaluator, cost, limits }
    }
}

impl<E, C> Evaluator for Limited<E, C>
where
    E: Evaluator,
    C: FnMut(&Genotype) -> Result<Cost, SpaceError>,
{
    fn evaluate(&mut self, proposal: &Proposal) -> Result<Outcome, ExploreError> {
        match (self.cost)(&proposal.genotype) {
            Ok(cost) => match self.limits.broken(&cost) {
                Some(broken) => Ok(broken),
                None => self.evaluator.evaluate(proposal),
            },
            Err(error) => Ok(Outcome::Failed { reason: error.to_string() }),
        }
    }

    fn check(&self) -> Result<(), ExploreError> {
        self.evaluator.check()
    }
}

impl<E: fmt::Debug, C> fmt::Debug for Limited<E, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limited")
            .field("evaluator", &self.evaluator)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
