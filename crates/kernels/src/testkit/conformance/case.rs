//! One call: its inputs, and everything it gives.

use candle_core::{DType, Device, Tensor, Var, backprop::GradStore};

use super::compare::Outcome;
use super::{ConformanceError, Kernels};
use crate::testkit::filled;
use crate::{BatchNormSpec, ConvSpec, PoolSpec, Statistics};

/// A call, and the shape of its first argument.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) input: [usize; 4],
    pub(super) content: Content,
    pub(super) call: Call,
}

/// The values of the image.
#[derive(Clone, Copy, Debug)]
pub(super) enum Content {
    /// Fixed values in `[-1, 1)`.
    Values,
    /// Halves between -1 and 1: ties everywhere, both zeros among them.
    Ties,
    /// Infinities and NaN between fixed values.
    NotFinite,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Call {
    Conv2d { weight: [usize; 4], spec: ConvSpec },
    MaxPool2d(PoolSpec),
    AvgPool2d { spec: PoolSpec, count_padding: bool },
    Relu,
    BatchNorm { affine: bool, statistics: Statistics },
    UpsampleNearest2d { factor: (usize, usize) },
}

/// A named argument that is differentiated.
type Argument = (&'static str, Tensor);

impl Case {
    /// The differentiated arguments as `f64` on the CPU, already rounded to `dtype`.
    pub(super) fn inputs(&self, dtype: DType) -> candle_core::Result<Vec<Argument>> {
        let mut inputs = vec![("x", self.image()?)];
        match self.call {
            Call::Conv2d { weight, .. } => inputs.push(("weight", filled(&weight, 2)?)),
            Call::BatchNorm { affine: true, .. } => {
                inputs.push(("gamma", filled(&[self.input[1]], 3)?));
                inputs.push(("beta", filled(&[self.input[1]], 4)?));
            }
            _ => {}
        }
        let rounded = |tensor: Tensor| tensor.to_dtype(dtype)?.to_dtype(DType::F64);
        inputs.into_iter().map(|(name, input)| Ok((name, rounded(input)?))).collect()
    }

    fn image(&self) -> candle_core::Result<Tensor> {
        let values = filled(&self.input, 1)?.flatten_all()?.to_vec1::<f64>()?;
        let fill = |(index, value): (usize, f64)| match self.content {
            Content::Values => value,
            Content::Ties => (2.0 * value).round() / 2.0,
            Content::NotFinite => match index % 7 {
                2 => f64::NAN,
                3 => f64::INFINITY,
                5 => f64::NEG_INFINITY,
                _ => value,
            },
        };
        let values: Vec<f64> = values.into_iter().enumerate().map(fill).collect();
        Tensor::from_vec(values, &self.input, &Device::Cpu)
    }

    /// Result, gradients of its product with fixed weights, and running statistics.
    pub(super) fn run(
        &self,
        kernels: &Kernels,
        inputs: &[Argument],
        dtype: DType,
        device: &Device,
    ) -> Result<Outcome, ConformanceError> {
        let place = |tensor: &Tensor| -> candle_core::Result<Var> {
            Var::from_tensor(&tensor.to_dtype(dtype)?.to_device(device)?)
        };
        let vars: Vec<Var> =
            inputs.iter().map(|(_, input)| place(input)).collect::<Result<_, _>>()?;
        let running = self.running()?;
        let running: Vec<Var> = running.iter().map(place).collect::<Result<_, _>>()?;
        let y = self.call(kernels, &vars, &running)?;
        let weights = filled(y.dims(), 7)?.to_dtype(y.dtype())?.to_device(y.device())?;
        let gradients = (&y * weights)?.backward()?;
        let mut outcome = vec![("result".to_owned(), y.detach())];
        for ((name, _), var) in inputs.iter().zip(&vars) {
            outcome.extend(gradient(name, var, &gradients));
        }
        for (name, var) in ["running mean", "running variance"].into_iter().zip(&running) {
            outcome.push((name.to_owned(), var.as_tensor().detach()));
        }
        outcome.iter().try_for_each(|value| is_at_home(value, dtype, device))?;
        Ok(outcome)
    }

    /// Mean and variance before the call: neither 0 nor 1, so that using them shows.
    fn running(&self) -> candle_core::Result<Vec<Tensor>> {
        if !matches!(self.call, Call::BatchNorm { .. }) {
            return Ok(Vec::new());
        }
        let channels = [self.input[1]];
        Ok(vec![filled(&channels, 5)?, (filled(&channels, 6)? + 1.5)?])
    }

    fn call(&self, kernels: &Kernels, vars: &[Var], running: &[Var]) -> crate::Result<Tensor> {
        let x = vars[0].as_tensor();
        match self.call {
            Call::Conv2d { spec, .. } => (kernels.conv2d)(x, vars[1].as_tensor(), spec),
            Call::MaxPool2d(spec) => (kernels.max_pool2d)(x, spec),
            Call::AvgPool2d { spec, count_padding } => (kernels.avg_pool2d)(x, spec, count_padding),
            Call::Relu => (kernels.relu)(x),
            Call::BatchNorm { affine, statistics } => {
                let affine = affine.then(|| (vars[1].as_tensor(), vars[2].as_tensor()));
                let mean = &running[0];
                let variance = &running[1];
                let spec = BatchNormSpec::default();
                (kernels.batch_norm)(x, affine, mean, variance, statistics, spec)
            }
            Call::UpsampleNearest2d { factor } => (kernels.upsample_nearest2d)(x, factor),
        }
    }
}

fn gradient(name: &str, var: &Var, gradients: &GradStore) -> Option<(String, Tensor)> {
    let gradient = gradients.get(var)?;
    Some((format!("gradient of {name}"), gradient.clone()))
}

fn is_at_home(
    (name, tensor): &(String, Tensor),
    dtype: DType,
    device: &Device,
) -> Result<(), ConformanceError> {
    if tensor.dtype() != dtype {
        let value = name.clone();
        let expected = dtype;
        let found = tensor.dtype();
        return Err(ConformanceError::ElementType { value, expected, found });
    }
    let expected = device.location();
    let found = tensor.device().location();
    if expected != found {
        return Err(ConformanceError::Device { value: name.clone(), expected, found });
    }
    Ok(())
}
