//! Gradients by name.

use std::collections::BTreeMap;

use candle_core::{DType, Tensor, Var};

use crate::TrainError;

/// Gradients of named variables; a variable the loss does not depend on is missing.
#[derive(Clone, Debug, Default)]
pub struct Gradients(pub BTreeMap<String, Tensor>);

/// Runs backward from a scalar `loss` and takes the gradients of `variables`, in name order.
///
/// # Errors
/// When the tensor library fails.
pub fn gradients_of(
    loss: &Tensor,
    variables: &BTreeMap<String, Var>,
) -> Result<Gradients, TrainError> {
    let mut store = loss.backward()?;
    Ok(Gradients::take(&mut store, variables))
}

impl Gradients {
    /// Takes the gradients of `variables` out of candle's store.
    pub fn take(
        store: &mut candle_core::backprop::GradStore,
        variables: &BTreeMap<String, Var>,
    ) -> Self {
        let take = |(name, var): (&String, &Var)| {
            store.remove(var.as_tensor()).map(|gradient| (name.clone(), gradient.detach()))
        };
        Self(variables.iter().filter_map(take).collect())
    }

    /// Name of the first gradient, in name order, that holds a number that is not finite.
    pub fn first_not_finite(&self) -> Option<&str> {
        let broken = |gradient: &Tensor| !squares(gradient).is_ok_and(f64::is_finite);
        self.0.iter().find(|(_, gradient)| broken(gradient)).map(|(name, _)| name.as_str())
    }

    /// Euclidean norm over all values, accumulated in f64.
    ///
    /// # Errors
    /// When the tensor library fails.
    pub fn norm(&self) -> Result<f64, TrainError> {
        let mut sum = 0.0;
        for gradient in self.0.values() {
            sum += squares(gradient)?;
        }
        Ok(sum.sqrt())
    }

    /// Scales all gradients so that their norm is at most `most`; returns the norm before.
    ///
    /// `g <- g * min(1, most / (norm + 1e-6))`, as PyTorch's `clip_grad_norm_`.
    ///
    /// # Errors
    /// When the tensor library fails.
    pub fn clip_norm(&mut self, most: f64) -> Result<f64, TrainError> {
        let norm = self.norm()?;
        let scale = most / (norm + 1e-6);
        if scale < 1.0 {
            for gradient in self.0.values_mut() {
                *gradient = (&*gradient * scale)?;
            }
        }
        Ok(norm)
    }
}

fn squares(tensor: &Tensor) -> Result<f64, TrainError> {
    let flat = tensor.flatten_all()?;
    Ok(match flat.dtype() {
        DType::F64 => flat.to_vec1::<f64>()?.iter().map(|v| v * v).sum(),
        _ => {
            let values = flat.to_dtype(DType::F32)?.to_vec1::<f32>()?;
            values.iter().map(|&v| f64::from(v) * f64::from(v)).sum()
        }
    })
}
