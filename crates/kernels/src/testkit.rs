//! Gradient checks for operations built on the kernels, and the kernels' own conformance suite
//! (feature `testkit`).

pub mod conformance;
mod host;

pub use host::{bits, values};

use candle_core::{DType, Device, Tensor, Var};

/// The distance that is allowed between a gradient and the central difference.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GradientCheck {
    /// Step of the central difference.
    pub step: f64,
    /// Largest `|analytic - numeric| / max(1, |analytic|, |numeric|)`.
    pub tolerance: f64,
}

impl Default for GradientCheck {
    /// Fit for `f64` and inputs of order one.
    fn default() -> Self {
        Self { step: 1e-5, tolerance: 1e-7 }
    }
}

/// The reason for which a gradient check failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GradientError<E: std::error::Error + 'static> {
    /// The function under test failed.
    #[error("the function under test failed")]
    Function(#[source] E),

    /// candle failed.
    #[error(transparent)]
    Candle(#[from] candle_core::Error),

    /// The inputs must be `f64` for differences to mean anything.
    #[error("argument {argument} is {found:?}, gradient checks need f64")]
    ElementType {
        /// Index of the input.
        argument: usize,
        /// Its element type.
        found: DType,
    },

    /// An analytic gradient differs from the central difference.
    #[error("argument {argument}, element {element}: gradient {analytic}, difference {numeric}")]
    Mismatch {
        /// Index of the input.
        argument: usize,
        /// Row-major index of the element.
        element: usize,
        /// The gradient of the backward pass; zero when there was none.
        analytic: f64,
        /// The central difference.
        numeric: f64,
    },
}

/// Compares the gradient of `function` with central differences, for every element of every
/// input.
///
/// The scalar is `sum(function(inputs) * r)` with fixed `r` in `[-1, 1)`; per element `e` the
/// difference is `(scalar(e + step) - scalar(e - step)) / (2 step)`. `function` must be
/// deterministic and differentiable within `step` of the inputs, which are `f64` tensors on one
/// device. Missing gradients count as zero.
///
/// # Errors
///
/// [`GradientError::Mismatch`] with the first element that disagrees, or why the check could not
/// run.
pub fn check_gradients<E, F>(
    inputs: &[Tensor],
    check: GradientCheck,
    function: F,
) -> Result<(), GradientError<E>>
where
    E: std::error::Error + 'static,
    F: Fn(&[Tensor]) -> Result<Tensor, E>,
{
    let probe = Probe { values: host_values(inputs)?, inputs, function };
    let vars =
        inputs.iter().map(|x| Var::from_tensor(&x.copy()?)).collect::<Result<Vec<_>, _>>()?;
    let tensors: Vec<Tensor> = vars.iter().map(|var| var.as_tensor().clone()).collect();
    let gradients = probe.scalar(&tensors)?.backward()?;
    for (argument, tensor) in tensors.iter().enumerate() {
        let analytic = match gradients.get(tensor) {
            Some(gradient) => gradient.flatten_all()?.to_vec1::<f64>()?,
            None => vec![0.0; tensor.elem_count()],
        };
        for (element, analytic) in analytic.into_iter().enumerate() {
            let numeric = probe.difference(argument, element, check.step)?;
            let scale = analytic.abs().max(numeric.abs()).max(1.0);
            let close = (analytic - numeric).abs() <= check.tolerance * scale;
            if !close {
                return Err(GradientError::Mismatch { argument, element, analytic, numeric });
            }
        }
    }
    Ok(())
}

/// A function made scalar, and where it is probed.
struct Probe<'a, F> {
    inputs: &'a [Tensor],
    values: Vec<Vec<f64>>,
    function: F,
}

impl<F> Probe<'_, F> {
    fn scalar<E>(&self, inputs: &[Tensor]) -> Result<Tensor, GradientError<E>>
    where
        E: std::error::Error + 'static,
        F: Fn(&[Tensor]) -> Result<Tensor, E>,
    {
        let y = (self.function)(inputs).map_err(GradientError::Function)?;
        let weights = filled(y.dims(), 0x5eed)?.to_device(y.device())?;
        Ok((y * weights)?.sum_all()?)
    }

    /// The central difference in one element.
    fn difference<E>(
        &self,
        argument: usize,
        element: usize,
        step: f64,
    ) -> Result<f64, GradientError<E>>
    where
        E: std::error::Error + 'static,
        F: Fn(&[Tensor]) -> Result<Tensor, E>,
    {
        let shifted = |offset: f64| -> Result<f64, GradientError<E>> {
            let mut values = self.values[argument].clone();
            values[element] += offset;
            let mut inputs = self.inputs.to_vec();
            let like = &inputs[argument];
            inputs[argument] = Tensor::from_vec(values, like.shape(), like.device())?;
            Ok(self.scalar(&inputs)?.to_scalar::<f64>()?)
        };
        Ok((shifted(step)? - shifted(-step)?) / (2.0 * step))
    }
}

/// An `f64` tensor on the CPU, of the given shape, with fixed pseudo-random values in `[-1, 1)`
/// (SplitMix64).
///
/// # Errors
///
/// What candle reports when the tensor cannot be made.
pub fn filled(shape: &[usize], seed: u64) -> candle_core::Result<Tensor> {
    let mut state = seed;
    let values: Vec<f64> = (0..shape.iter().product()).map(|_| next(&mut state)).collect();
    Tensor::from_vec(values, shape, &Device::Cpu)
}

fn next(state: &mut u64) -> f64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^= z >> 31;
    (z >> 11) as f64 / (1u64 << 52) as f64 - 1.0
}

fn host_values<E: std::error::Error + 'static>(
    inputs: &[Tensor],
) -> Result<Vec<Vec<f64>>, GradientError<E>> {
    let mut values = Vec::with_capacity(inputs.len());
    for (argument, input) in inputs.iter().enumerate() {
        if input.dtype() != DType::F64 {
            return Err(GradientError::ElementType { argument, found: input.dtype() });
        }
        values.push(input.flatten_all()?.to_vec1::<f64>()?);
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Error, Tensor};

    use super::{GradientCheck, GradientError, check_gradients, filled};

    fn run(
        inputs: &[Tensor],
        function: impl Fn(&[Tensor]) -> candle_core::Result<Tensor>,
    ) -> Result<(), GradientError<Error>> {
        check_gradients(inputs, GradientCheck::default(), function)
    }

    #[test]
    fn right_gradients_pass() {
        let inputs = [filled(&[2, 3], 1).unwrap(), filled(&[3, 2], 2).unwrap()];
        run(&inputs, |t| t[0].matmul(&t[1])?.tanh()).unwrap();
    }

    #[test]
    fn a_lost_gradient_is_found() {
        let inputs = [filled(&[4], 1).unwrap(), filled(&[4], 2).unwrap()];
        let error = run(&inputs, |t| &t[0] * t[1].detach()).unwrap_err();
        assert!(matches!(error, GradientError::Mismatch { argument: 1, element: 0, .. }));
    }

    #[test]
    fn a_slightly_wrong_gradient_is_found() {
        let inputs = [filled(&[4], 1).unwrap()];
        // The value of 3 x, the gradient of 3.00001 x.
        let error = run(&inputs, |t| (&t[0] * 3.00001)? - (t[0].detach() * 0.00001)?);
        assert!(matches!(error.unwrap_err(), GradientError::Mismatch { argument: 0, .. }));
    }

    #[test]
    fn single_precision_is_refused() {
        let inputs = [filled(&[4], 1).unwrap().to_dtype(DType::F32).unwrap()];
        let error = run(&inputs, |t| t[0].sqr()).unwrap_err();
        assert!(matches!(error, GradientError::ElementType { argument: 0, found: DType::F32 }));
    }
}
