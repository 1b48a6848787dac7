//! Terms of the loss as data.

use dartloom::relax::{
    BetaDecay, ConcaveNorm, Constraint, NegativeEntropy, Penalties, Ramp, RelaxError, Relaxation,
    ZeroOne, ZeroOneNorm,
};
use serde::{Deserialize, Serialize};

/// A term of the loss and how much it counts, epoch by epoch.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Penalty {
    /// The term.
    pub kind: PenaltyKind,
    /// Its weight in the first epoch; that in the last one when left out.
    #[serde(default)]
    pub from: Option<f64>,
    /// Its weight in the last epoch.
    pub to: f64,
    /// Share of the search after which the weight begins to move.
    #[serde(default)]
    pub begin: f64,
    /// Share of the search after which it rests.
    #[serde(default = "whole")]
    pub end: f64,
}

fn whole() -> f64 {
    1.0
}

/// What can be added to the loss of every cell.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum PenaltyKind {
    /// Squared distance from one half, negative (FairDARTS).
    ZeroOne,
    /// Absolute distance from one half, negative (FairDARTS).
    ZeroOneL1,
    /// Distance from uniform weights (GAEA's entropic regulariser).
    Entropy,
    /// A power of the weights below 1: sparsity.
    ConcaveNorm(f64),
    /// Small and equal logits (beta-DARTS).
    BetaDecay,
}

impl Penalty {
    fn ramp(&self) -> Result<Ramp, RelaxError> {
        let from = self.from.unwrap_or(self.to);
        for (name, found) in [("to", self.to), ("from", from)] {
            if !found.is_finite() {
                let expected = "a finite number";
                return Err(RelaxError::Parameter { name, expected, found });
            }
        }
        Ramp::new(from, self.to).between(self.begin, self.end)
    }

    /// What a relaxation must be like for the term to mean anything, where this one is not.
    pub(super) fn misfit(&self, relaxation: &dyn Relaxation) -> Option<&'static str> {
        let weights = relaxation.constraint();
        match self.kind {
            PenaltyKind::ZeroOne | PenaltyKind::ZeroOneL1 => (weights != Constraint::UnitInterval)
                .then_some(
                    "terms that fit the relaxation: `ZeroOne` drives independent weights to 0 or \
                     1, those of a `Sigmoid`",
                ),
            PenaltyKind::Entropy => (weights != Constraint::Simplex).then_some(
                "terms that fit the relaxation: `Entropy` is that of weights that sum to 1, which \
                 those of a `Sigmoid` do not",
            ),
            PenaltyKind::BetaDecay => (relaxation.domain() != Constraint::Free).then_some(
                "terms that fit the relaxation: `BetaDecay` keeps free logits small, and here \
                 they live on the simplex",
            ),
            PenaltyKind::ConcaveNorm(_) => None,
        }
    }
}

/// The terms of a loss.
pub(super) fn penalties(all: &[Penalty]) -> Result<Penalties, RelaxError> {
    all.iter().try_fold(Penalties::new(), |terms, penalty| {
        let ramp = penalty.ramp()?;
        Ok(match penalty.kind {
            PenaltyKind::ZeroOne => terms.with(ZeroOne::default(), ramp),
            PenaltyKind::ZeroOneL1 => terms.with(ZeroOne { norm: ZeroOneNorm::L1 }, ramp),
            PenaltyKind::Entropy => terms.with(NegativeEntropy, ramp),
            PenaltyKind::ConcaveNorm(power) => {
                // A smoothing is no property of a term but of its gradient at 0.
                terms.with(ConcaveNorm::new(power, SMOOTHING)?, ramp)
            }
            PenaltyKind::BetaDecay => terms.with(BetaDecay, ramp),
        })
    })
}

/// As [`ConcaveNorm::default`].
const SMOOTHING: f64 = 1e-3;
