//! Gradients against central differences.

use candle_core::{Tensor, Var};
use dartloom_kernels::testkit::{GradientCheck, check_gradients, filled};

use super::{LawError, Subject, Trial};
use crate::{Mode, OpError, Operation as _};

pub(super) fn check(subject: &Subject, trial: Trial<'_>, mode: Mode) -> Result<(), LawError> {
    let x = trial.input(4)?;
    let check = GradientCheck::default();
    check_gradients(std::slice::from_ref(&x), check, |x| subject.op.forward(&x[0], mode))
        .map_err(|source| LawError::InputGradient { mode, source })?;
    check_parameters(subject, &x, mode, check)
}

/// The scalar is `sum(op(x) * r)` with fixed `r` in `[-1, 1)`.
fn scalar(subject: &Subject, x: &Tensor, mode: Mode) -> Result<Tensor, OpError> {
    let y = subject.op.forward(x, mode)?;
    let weights = filled(y.dims(), 0x5eed)?.to_device(y.device())?;
    Ok((y * weights)?.sum_all()?)
}

fn check_parameters(
    subject: &Subject,
    x: &Tensor,
    mode: Mode,
    check: GradientCheck,
) -> Result<(), LawError> {
    let gradients = scalar(subject, x, mode)?.backward()?;
    for (name, var) in subject.variables.parameters() {
        let Some(gradient) = gradients.get(var) else {
            return Err(LawError::Unreached { name: name.clone() });
        };
        let analytic = gradient.flatten_all()?.to_vec1::<f64>()?;
        let values = var.flatten_all()?.to_vec1::<f64>()?;
        for (element, analytic) in analytic.into_iter().enumerate() {
            let at = |offset: f64| -> Result<f64, OpError> {
                let mut shifted = values.clone();
                shifted[element] += offset;
                set(var, shifted)?;
                Ok(scalar(subject, x, mode)?.to_scalar::<f64>()?)
            };
            let numeric = (at(check.step)? - at(-check.step)?) / (2.0 * check.step);
            let scale = analytic.abs().max(numeric.abs()).max(1.0);
            let close = (analytic - numeric).abs() <= check.tolerance * scale;
            if !close {
                let name = name.clone();
                return Err(LawError::ParameterGradient { name, element, analytic, numeric });
            }
        }
        set(var, values)?;
    }
    Ok(())
}

fn set(var: &Var, values: Vec<f64>) -> Result<(), OpError> {
    Ok(var.set(&Tensor::from_vec(values, var.shape(), var.device())?)?)
}
