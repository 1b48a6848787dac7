//! Update rules for named variables.

mod adam;
mod sgd;
mod weights;

use std::collections::BTreeMap;
use std::fmt::Debug;

use candle_core::{Tensor, Var};

pub use adam::{Adam, AdamConfig};
pub use sgd::{Sgd, SgdConfig};
pub use weights::{Velocity, WeightOptimiser, WeightStep};

use crate::{Gradients, TrainError};

/// An update rule with a state that can be saved.
///
/// # Contract
/// `step` changes exactly the variables that have a gradient. After `restore(state())` an optimiser
/// continues as the one whose state it took, bit for bit.
pub trait Optimiser: Debug {
    /// Updates `variables` with `gradients` at learning rate `rate`.
    ///
    /// # Errors
    /// When a gradient has another shape than its variable.
    fn step(
        &mut self,
        variables: &BTreeMap<String, Var>,
        gradients: &Gradients,
        rate: f64,
    ) -> Result<(), TrainError>;

    /// Everything the next step depends on, by name.
    fn state(&self) -> BTreeMap<String, Tensor>;

    /// Takes over a saved state.
    ///
    /// # Errors
    /// [`TrainError::State`] for names this optimiser does not write.
    fn restore(&mut self, state: BTreeMap<String, Tensor>) -> Result<(), TrainError>;
}

/// Splits `"{group}.{name}"` states into the named groups.
fn regroup<const N: usize>(
    state: BTreeMap<String, Tensor>,
    groups: [&str; N],
) -> Result<[BTreeMap<String, Tensor>; N], TrainError> {
    let mut parts: [BTreeMap<String, Tensor>; N] = std::array::from_fn(|_| BTreeMap::new());
    for (key, tensor) in state {
        let split = key.split_once('.');
        let group = split.and_then(|(group, _)| groups.iter().position(|known| *known == group));
        match (group, split) {
            (Some(group), Some((_, name))) => {
                parts[group].insert(name.to_owned(), tensor);
            }
            _ => {
                let expected = format!("moments named {}", groups.join(" or "));
                return Err(TrainError::State { expected, found: format!("`{key}`") });
            }
        }
    }
    Ok(parts)
}

fn prefixed<'a>(
    group: &'a str,
    moments: &'a BTreeMap<String, Tensor>,
) -> impl Iterator<Item = (String, Tensor)> + 'a {
    moments.iter().map(move |(name, tensor)| (format!("{group}.{name}"), tensor.clone()))
}

/// `gradient + decay * variable`, the L2 form of weight decay.
fn decayed(gradient: &Tensor, variable: &Var, decay: f64) -> Result<Tensor, TrainError> {
    if decay <= 0.0 {
        return Ok(gradient.clone());
    }
    Ok((gradient + (variable.as_tensor().detach() * decay)?)?)
}

fn refused(field: &'static str, expected: &'static str, found: f64) -> TrainError {
    TrainError::Config { field, expected, found: format!("{found:?}") }
}

fn check_decay(decay: f64) -> Result<(), TrainError> {
    if decay.is_finite() && decay >= 0.0 {
        return Ok(());
    }
    Err(refused("weight_decay", "a finite number of 0 or more", decay))
}
