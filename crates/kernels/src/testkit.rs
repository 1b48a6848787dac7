//! Gradient checks for operations built on the kernels (feature `testkit`).

use candle_core::{DType, Device, Tensor, Var};

/// How close a gradient must be to the central difference.
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

/// Why a gradient check failed.
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
        /// What the backward pass said; zero when it said nothing.
        analytic: f64,
        /// What the central difference said.
        numeric: f64,
    },
}

/// Compares the gradient of `function` with central differences, for every element of every
/// input.
///
/// The scalar is `sum(function(inputs) * r)` with fixed `r` in `[-1, 1)`; per element `e` the
/// difference is `(scalar(e + step) - scalar(e - step)) / (2 step)`. `function` must be
/// deterministic and differentiable within `step` of the inputs, which are `f64` tensors on the
/// CPU. Missing gradients count as zero.
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
    let values = host_values(inputs)?;
    let scalar = |tensors: &[Tensor]| -> Result<Tensor, GradientError<E>> {
        let y = function(tensors).map_err(GradientError::Function)?;
        let weights = filled(y.dims(), 0x5eed)?;
        Ok((y * weights)?.sum_all()?)
    };
    let vars =
        inputs.iter().map(|x| Var::from_tensor(&x.copy()?)).collect::<Result<Vec<_>, _>>()?;
    let tensors: Vec<Tensor> = vars.iter().map(|var| var.as_tensor().clone()).collect();
    let gradients = scalar(&tensors)?.backward()?;
    for (argument, tensor) in tensors.iter().enumerate() {
        let analytic = match gradients.get(tensor) {
            Some(gradient) => gradient.flatten_all()?.to_vec1::<f64>()?,
            None => vec![0.0; tensor.elem_count()],
        };
        for (element, &analytic) in analytic.iter().enumerate() {
            let shifted = |offset: f64| -> Result<f64, GradientError<E>> {
                let mut moved = values[argument].clone();
                moved[element] += offset;
                let mut inputs = inputs.to_vec();
                inputs[argument] = Tensor::from_vec(moved, tensor.shape(), &Device::Cpu)?;
                Ok(scalar(&inputs)?.to_scalar::<f64>()?)
            };
            let numeric = (shifted(check.step)? - shifted(-check.step)?) / (2.0 * check.step);
            let scale = analytic.abs().max(numeric.abs()).max(1.0);
            let close = (analytic - numeric).abs() <= check.tolerance * scale;
            if !close {
                return Err(GradientError::Mismatch { argument, element, analytic, numeric });
            }
        }
    }
    Ok(())
}

/// An `f64` tensor of the given shape with fixed pseudo-random values in `[-1, 1)` (SplitMix64).
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
