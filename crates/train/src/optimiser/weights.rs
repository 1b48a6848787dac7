//! The optimiser of a network's weights, chosen by name.

use std::collections::BTreeMap;

use candle_core::{Tensor, Var};
use serde::{Deserialize, Serialize};

use super::{Adam, AdamConfig, Optimiser, Sgd, SgdConfig};
use crate::{Gradients, TrainError};

/// The rule that moves the weights of a network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum WeightStep {
    /// Momentum SGD ([`Sgd`]).
    #[default]
    Sgd,
    /// Adam ([`Adam`]).
    Adam,
}

impl WeightStep {
    /// `true` for momentum SGD, which is what nobody has to name.
    #[must_use]
    pub fn is_sgd(&self) -> bool {
        *self == Self::Sgd
    }

    /// Numbers that the rule keeps for each weight.
    #[must_use]
    pub const fn moments(self) -> u64 {
        match self {
            Self::Sgd => 1,
            Self::Adam => 2,
        }
    }
}

/// The optimiser of a network's weights: one rule or the other.
#[derive(Clone, Debug)]
pub enum WeightOptimiser {
    /// Momentum SGD.
    Sgd(Sgd),
    /// Adam.
    Adam(Adam),
}

impl WeightOptimiser {
    /// The optimiser of a rule, with those of the constants that are its own; it has made no step.
    #[must_use]
    pub fn new(step: WeightStep, sgd: SgdConfig, adam: AdamConfig) -> Self {
        match step {
            WeightStep::Sgd => Self::Sgd(Sgd::new(sgd)),
            WeightStep::Adam => Self::Adam(Adam::new(adam)),
        }
    }

    /// The name of its moments in checkpoints.
    #[must_use]
    pub const fn group(&self) -> &'static str {
        match self {
            Self::Sgd(_) => "sgd",
            Self::Adam(_) => "weight_adam",
        }
    }

    /// Its L2 weight decay.
    #[must_use]
    pub fn weight_decay(&self) -> f64 {
        match self {
            Self::Sgd(sgd) => sgd.config().weight_decay,
            Self::Adam(adam) => adam.config().weight_decay,
        }
    }

    /// The momentum and the velocity of a variable; `None` for Adam, and before the first step.
    #[must_use]
    pub fn velocity(&self, name: &str) -> Option<Velocity<'_>> {
        match self {
            Self::Sgd(sgd) => {
                let momentum = sgd.config().momentum;
                sgd.velocity(name).map(|value| Velocity { momentum, value })
            }
            Self::Adam(_) => None,
        }
    }
}

/// The part of a step of momentum SGD that comes from the steps before.
#[derive(Clone, Copy, Debug)]
pub struct Velocity<'a> {
    /// Momentum `mu`.
    pub momentum: f64,
    /// Velocity `v`, of the shape of its variable.
    pub value: &'a Tensor,
}

impl Optimiser for WeightOptimiser {
    fn step(
        &mut self,
        variables: &BTreeMap<String, Var>,
        gradients: &Gradients,
        rate: f64,
    ) -> Result<(), TrainError> {
        match self {
            Self::Sgd(sgd) => sgd.step(variables, gradients, rate),
            Self::Adam(adam) => adam.step(variables, gradients, rate),
        }
    }

    fn state(&self) -> BTreeMap<String, Tensor> {
        match self {
            Self::Sgd(sgd) => sgd.state(),
            Self::Adam(adam) => adam.state(),
        }
    }

    fn restore(&mut self, state: BTreeMap<String, Tensor>) -> Result<(), TrainError> {
        match self {
            Self::Sgd(sgd) => sgd.restore(state),
            Self::Adam(adam) => adam.restore(state),
        }
    }
}
