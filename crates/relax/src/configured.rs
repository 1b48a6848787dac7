//! Relaxations and regularisers as values: by name, with their settings.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{
    BetaDecay, ConcaveNorm, Constraint, Entmax, Gumbel, L1, NegativeEntropy, Penalised, Ramp,
    Regulariser, RelaxError, Relaxation, Sigmoid, Simplex, Softmax, SomeOn, Sparsemax, ZeroOne,
    ZeroOneNorm,
};

/// A relaxation of this crate with its settings, as configurations write it: `Entmax(1.5)`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum ConfiguredRelaxation {
    /// DARTS.
    Softmax,
    /// FairDARTS, with the weight of its zero-one loss in every cell.
    Sigmoid(f64),
    /// GAEA: the weights themselves, which exponentiated gradient moves.
    Simplex,
    /// A softmax with exact zeros.
    Sparsemax,
    /// Between softmax (1) and sparsemax (2).
    Entmax(f64),
    /// One operation drawn by the weights (GDAS).
    Gumbel(GumbelConfig),
    /// Independent links of which some is on (DiNTS).
    SomeOn,
}

/// A Gumbel relaxation's draws and temperatures.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GumbelConfig {
    /// Temperature in the first epoch.
    pub from: f64,
    /// Temperature in the last epoch.
    pub to: f64,
    /// `true` for weights that are one-hot.
    pub hard: bool,
    /// `true` for logits that are weights and live on the simplex (EGDAS).
    pub simplex: bool,
}

impl Default for GumbelConfig {
    /// GDAS.
    fn default() -> Self {
        Self { from: 10.0, to: 0.1, hard: true, simplex: false }
    }
}

impl GumbelConfig {
    fn relaxation(self) -> Result<Gumbel, RelaxError> {
        let Self { from, to, hard, simplex } = self;
        // Anything between two temperatures is one, too.
        for temperature in [from, to] {
            Softmax::new(temperature)?;
        }
        let ramp = Ramp::new(from, to);
        let gumbel = if hard { Gumbel::hard(ramp) } else { Gumbel::soft(ramp) };
        Ok(if simplex { gumbel.on_simplex() } else { gumbel })
    }
}

impl ConfiguredRelaxation {
    /// The relaxation.
    ///
    /// # Errors
    /// [`RelaxError::Parameter`] naming a setting that makes no sense.
    pub fn relaxation(self) -> Result<Arc<dyn Relaxation>, RelaxError> {
        Ok(match self {
            Self::Softmax => Arc::new(Softmax::default()),
            Self::Sigmoid(weight) => Arc::new(Penalised::new(Sigmoid, ZeroOne::default(), weight)?),
            Self::Simplex => Arc::new(Simplex),
            Self::Sparsemax => Arc::new(Sparsemax),
            Self::Entmax(alpha) => Arc::new(Entmax::new(alpha)?),
            Self::Gumbel(config) => Arc::new(config.relaxation()?),
            Self::SomeOn => Arc::new(SomeOn),
        })
    }
}

/// A regulariser of this crate with its settings, as configurations write it: `ConcaveNorm(0.5)`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum ConfiguredRegulariser {
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
    /// Small logits (the mean of their absolute values).
    L1,
}

/// As [`ConcaveNorm::default`]: a smoothing is not a property of a term but of its gradient at 0.
const SMOOTHING: f64 = 1e-3;

impl ConfiguredRegulariser {
    /// The regulariser.
    ///
    /// # Errors
    /// [`RelaxError::Parameter`] naming a setting that makes no sense.
    pub fn regulariser(self) -> Result<Box<dyn Regulariser>, RelaxError> {
        Ok(match self {
            Self::ZeroOne => Box::new(ZeroOne::default()),
            Self::ZeroOneL1 => Box::new(ZeroOne { norm: ZeroOneNorm::L1 }),
            Self::Entropy => Box::new(NegativeEntropy),
            Self::ConcaveNorm(power) => Box::new(ConcaveNorm::new(power, SMOOTHING)?),
            Self::BetaDecay => Box::new(BetaDecay),
            Self::L1 => Box::new(L1),
        })
    }

    /// The property that the term needs and that this relaxation lacks, in words; `None` if it
    /// fits.
    pub fn misfit(self, relaxation: &dyn Relaxation) -> Option<&'static str> {
        let weights = relaxation.constraint();
        match self {
            Self::ZeroOne | Self::ZeroOneL1 => (weights != Constraint::UnitInterval).then_some(
                "terms that fit the relaxation: `ZeroOne` drives independent weights to 0 or \
                 1, those of a `Sigmoid`",
            ),
            Self::Entropy => (weights != Constraint::Simplex).then_some(
                "terms that fit the relaxation: `Entropy` is that of weights that sum to 1, which \
                 those of a `Sigmoid` do not",
            ),
            Self::BetaDecay => (relaxation.domain() != Constraint::Free).then_some(
                "terms that fit the relaxation: `BetaDecay` keeps free logits small, and here \
                 they live on the simplex",
            ),
            Self::L1 => (relaxation.domain() != Constraint::Free).then_some(
                "terms that fit the relaxation: `L1` keeps free logits small, and here they live \
                 on the simplex",
            ),
            Self::ConcaveNorm(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_checked() {
        use ConfiguredRelaxation as Relaxations;
        assert!(Relaxations::Entmax(1.5).relaxation().is_ok());
        assert!(Relaxations::Entmax(-1.0).relaxation().is_err());
        let cold = GumbelConfig { to: 0.0, ..GumbelConfig::default() };
        assert!(Relaxations::Gumbel(cold).relaxation().is_err());
        assert!(Relaxations::Gumbel(GumbelConfig::default()).relaxation().is_ok());
        assert!(ConfiguredRegulariser::ConcaveNorm(2.0).regulariser().is_err());
    }

    #[test]
    fn terms_fit_the_weights_that_they_move() {
        let sigmoid = ConfiguredRelaxation::Sigmoid(1.0).relaxation().unwrap();
        let softmax = ConfiguredRelaxation::Softmax.relaxation().unwrap();
        assert!(ConfiguredRegulariser::ZeroOne.misfit(&*sigmoid).is_none());
        assert!(ConfiguredRegulariser::ZeroOne.misfit(&*softmax).is_some());
        assert!(ConfiguredRegulariser::Entropy.misfit(&*sigmoid).is_some());
        assert!(ConfiguredRegulariser::L1.misfit(&*softmax).is_none());
        let simplex = ConfiguredRelaxation::Simplex.relaxation().unwrap();
        assert!(ConfiguredRegulariser::L1.misfit(&*simplex).is_some());
        assert!(ConfiguredRegulariser::ConcaveNorm(0.5).misfit(&*softmax).is_none());
    }
}
