//! Stochastic gradient descent with momentum.

use std::collections::BTreeMap;

use candle_core::{Tensor, Var};
use dartloom_kernels::MomentumStep;
use serde::{Deserialize, Serialize};

use super::{Optimiser, check_decay, decayed, prefixed, refused, regroup};
use crate::{Gradients, TrainError};

/// Constants of [`Sgd`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SgdConfig {
    /// Momentum `mu`.
    pub momentum: f64,
    /// L2 weight decay `lambda`.
    pub weight_decay: f64,
}

impl Default for SgdConfig {
    /// DARTS' values: momentum 0.9, weight decay 3e-4.
    fn default() -> Self {
        Self { momentum: 0.9, weight_decay: 3e-4 }
    }
}

impl SgdConfig {
    /// Refuses invalid values.
    ///
    /// # Errors
    /// [`TrainError::Config`] naming the field.
    pub fn check(&self) -> Result<(), TrainError> {
        if !(0.0..1.0).contains(&self.momentum) {
            return Err(refused("momentum", "0 or more and less than 1", self.momentum));
        }
        check_decay(self.weight_decay)
    }
}

/// Momentum SGD with L2 weight decay in PyTorch's order of operations.
///
/// `d = g + lambda w`, `v <- mu v + d` (first step: `v = d`), `w <- w - rate v`.
#[derive(Clone, Debug)]
pub struct Sgd {
    config: SgdConfig,
    velocity: BTreeMap<String, Tensor>,
}

impl Sgd {
    /// An optimiser that has made no step.
    pub fn new(config: SgdConfig) -> Self {
        Self { config, velocity: BTreeMap::new() }
    }

    /// The constants.
    pub fn config(&self) -> SgdConfig {
        self.config
    }

    /// The velocity of a variable; `None` before its first step.
    pub fn velocity(&self, name: &str) -> Option<&Tensor> {
        self.velocity.get(name)
    }
}

impl Optimiser for Sgd {
    fn step(
        &mut self,
        variables: &BTreeMap<String, Var>,
        gradients: &Gradients,
        rate: f64,
    ) -> Result<(), TrainError> {
        let SgdConfig { momentum, weight_decay } = self.config;
        let step = MomentumStep { momentum, weight_decay, rate };
        for (name, gradient) in &gradients.0 {
            let Some(variable) = variables.get(name) else { continue };
            let velocity = match self.velocity.get(name) {
                // A restored velocity is on the host.
                Some(velocity) => {
                    let velocity = velocity.to_device(gradient.device())?;
                    step.velocity(&velocity, gradient, variable)?
                }
                None => decayed(gradient, variable, weight_decay)?,
            };
            step.descend(variable, &velocity)?;
            self.velocity.insert(name.clone(), velocity);
        }
        Ok(())
    }

    fn state(&self) -> BTreeMap<String, Tensor> {
        prefixed("velocity", &self.velocity).collect()
    }

    fn restore(&mut self, state: BTreeMap<String, Tensor>) -> Result<(), TrainError> {
        [self.velocity] = regroup(state, ["velocity"])?;
        Ok(())
    }
}
