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
    let [gradients] = gradients_of_groups(loss, [variables])?;
    Ok(gradients)
}

/// As [`gradients_of`], for several groups of variables; a variable that is in two groups is in the
/// first.
pub(crate) fn gradients_of_groups<const N: usize>(
    loss: &Tensor,
    groups: [&BTreeMap<String, Var>; N],
) -> Result<[Gradients; N], TrainError> {
    let mut store = loss.backward()?;
    Ok(groups.map(|variables| Gradients::take(&mut store, variables)))
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

/// The sum of squares. On the CPU the values are added in their order, which none of candle's sums
/// does. On other devices the sum is computed there, and one number is copied.
fn squares(tensor: &Tensor) -> Result<f64, TrainError> {
    if !tensor.device().is_cpu() {
        return squares_there(tensor);
    }
    let flat = tensor.flatten_all()?;
    Ok(match flat.dtype() {
        DType::F64 => flat.to_vec1::<f64>()?.iter().map(|v| v * v).sum(),
        _ => {
            let values = flat.to_dtype(DType::F32)?.to_vec1::<f32>()?;
            values.iter().map(|&v| f64::from(v) * f64::from(v)).sum()
        }
    })
}

fn squares_there(tensor: &Tensor) -> Result<f64, TrainError> {
    Ok(tensor.to_dtype(DType::F64)?.sqr()?.sum_all()?.to_scalar::<f64>()?)
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;

    #[test]
    fn squares_are_the_same_to_rounding_wherever_they_are_summed() {
        let values: Vec<f32> = (0..1000).map(|i| (i as f32).sin()).collect();
        let tensor = Tensor::from_vec(values, (10, 100), &Device::Cpu).unwrap();
        let here = squares(&tensor).unwrap();
        let there = squares_there(&tensor).unwrap();
        assert!((here - there).abs() < 1e-9 * here, "{here} {there}");
        let broken = Tensor::new(f32::NAN, &Device::Cpu).unwrap();
        assert!(squares_there(&broken).unwrap().is_nan());
    }
}
