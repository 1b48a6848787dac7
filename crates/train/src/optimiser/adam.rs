//! Adam with L2 weight decay.

use std::collections::BTreeMap;

use candle_core::{DType, Tensor, Var};
use serde::{Deserialize, Serialize};

use super::{Optimiser, check_decay, decayed, prefixed, refused, regroup};
use crate::{Gradients, TrainError};

/// Constants of [`Adam`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdamConfig {
    /// Decay of the first moment.
    pub beta1: f64,
    /// Decay of the second moment.
    pub beta2: f64,
    /// Added to the root of the second moment.
    pub epsilon: f64,
    /// L2 weight decay, added to the gradient (not decoupled).
    pub weight_decay: f64,
}

impl Default for AdamConfig {
    /// The values of Kingma and Ba 2014: betas 0.9 and 0.999, epsilon 1e-8, no weight decay.
    fn default() -> Self {
        Self { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.0 }
    }
}

impl AdamConfig {
    /// DARTS' values for architecture logits: betas 0.5 and 0.999, epsilon 1e-8, weight decay 1e-3.
    pub const fn darts_logits() -> Self {
        Self { beta1: 0.5, beta2: 0.999, epsilon: 1e-8, weight_decay: 1e-3 }
    }

    /// `true` for the [default](Self::default) values.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Refuses invalid values.
    ///
    /// # Errors
    /// [`TrainError::Config`] naming the field.
    pub fn check(&self) -> Result<(), TrainError> {
        for (field, beta) in [("beta1", self.beta1), ("beta2", self.beta2)] {
            if !(0.0..1.0).contains(&beta) {
                return Err(refused(field, "0 or more and less than 1", beta));
            }
        }
        if !self.epsilon.is_finite() || self.epsilon <= 0.0 {
            return Err(refused("epsilon", "a positive number", self.epsilon));
        }
        check_decay(self.weight_decay)
    }
}

/// Adam (Kingma and Ba 2014, algorithm 1) with L2 weight decay, as PyTorch's `Adam`.
///
/// `d = g + lambda w`, `m <- beta1 m + (1 - beta1) d`, `v <- beta2 v + (1 - beta2) d^2`,
/// `w <- w - rate / (1 - beta1^t) * m / (sqrt(v) / sqrt(1 - beta2^t) + epsilon)`, with `t` counted
/// per variable.
#[derive(Clone, Debug)]
pub struct Adam {
    config: AdamConfig,
    first: BTreeMap<String, Tensor>,
    second: BTreeMap<String, Tensor>,
    steps: BTreeMap<String, Tensor>,
}

impl Adam {
    /// An optimiser that has made no step.
    pub fn new(config: AdamConfig) -> Self {
        Self { config, first: BTreeMap::new(), second: BTreeMap::new(), steps: BTreeMap::new() }
    }

    /// The constants.
    pub fn config(&self) -> AdamConfig {
        self.config
    }

    fn count(&mut self, name: &str, like: &Tensor) -> Result<f64, TrainError> {
        let before = match self.steps.get(name) {
            Some(steps) => steps.to_dtype(DType::F64)?.to_scalar::<f64>()?,
            None => 0.0,
        };
        self.steps.insert(name.to_owned(), Tensor::new(before + 1.0, like.device())?);
        Ok(before + 1.0)
    }
}

impl Optimiser for Adam {
    fn step(
        &mut self,
        variables: &BTreeMap<String, Var>,
        gradients: &Gradients,
        rate: f64,
    ) -> Result<(), TrainError> {
        let AdamConfig { beta1, beta2, epsilon, weight_decay } = self.config;
        for (name, gradient) in &gradients.0 {
            let Some(variable) = variables.get(name) else { continue };
            let direction = decayed(gradient, variable, weight_decay)?;
            let t = self.count(name, gradient)?;
            let first = blend(self.first.get(name), &direction, beta1)?;
            let second = blend(self.second.get(name), &direction.sqr()?, beta2)?;
            let root = (second.sqrt()? / (1.0 - beta2.powf(t)).sqrt())?;
            let update = (first.div(&(root + epsilon)?)? * (rate / (1.0 - beta1.powf(t))))?;
            variable.set(&(variable.as_tensor().detach() - update)?)?;
            self.first.insert(name.clone(), first);
            self.second.insert(name.clone(), second);
        }
        Ok(())
    }

    fn state(&self) -> BTreeMap<String, Tensor> {
        prefixed("first", &self.first)
            .chain(prefixed("second", &self.second))
            .chain(prefixed("steps", &self.steps))
            .collect()
    }

    fn restore(&mut self, state: BTreeMap<String, Tensor>) -> Result<(), TrainError> {
        [self.first, self.second, self.steps] = regroup(state, ["first", "second", "steps"])?;
        Ok(())
    }
}

/// `decay * before + (1 - decay) * now`, with `before` zero at the first step.
fn blend(before: Option<&Tensor>, now: &Tensor, decay: f64) -> Result<Tensor, TrainError> {
    let now = (now * (1.0 - decay))?;
    Ok(match before {
        // A restored moment is on the host.
        Some(before) => ((before.to_device(now.device())? * decay)? + now)?,
        None => now,
    })
}
