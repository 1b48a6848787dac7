//! Laws about the state that passes and builds leave behind.

use std::collections::BTreeMap;

use candle_core::{DType, Tensor};
use dartloom_kernels::Statistics;

use super::{LawError, Subject, Trial};
use crate::{Mode, OpError, Operation as _};

const MODES: [Mode; 3] = [Mode::probe(), Mode::eval(), Mode::train()];

/// Equal seeds, equal variables; equal inputs, equal outputs.
pub(super) fn check_repeats(trial: Trial<'_>) -> Result<(), LawError> {
    let first = trial.subject(DType::F64)?;
    let second = trial.subject(DType::F64)?;
    let one = first.variables.snapshot()?;
    let two = second.variables.snapshot()?;
    if let Some(name) = difference(&one, &two)? {
        return Err(LawError::Creation { name });
    }
    let x = trial.input(2)?;
    for mode in MODES {
        let y = bits(&first.op.forward(&x, mode)?)?;
        // Training changes statistics but does not read them, so it repeats as well.
        if bits(&first.op.forward(&x, mode)?)? != y || bits(&second.op.forward(&x, mode)?)? != y {
            return Err(LawError::Repeat { mode });
        }
        second.variables.load(&first.variables.snapshot()?)?;
    }
    Ok(())
}

/// Checks that each kind of pass changes only the variables that it may change.
pub(super) fn check_variables(subject: &Subject, trial: Trial<'_>) -> Result<(), LawError> {
    for mode in MODES {
        let before = subject.variables.snapshot()?;
        subject.op.forward(&trial.input(3)?, mode)?;
        let after = subject.variables.snapshot()?;
        let buffers = subject.variables.buffers();
        for (name, value) in &before {
            let changed = bits(value)? != bits(&after[name])?;
            let updates = mode.statistics == Statistics::Update && buffers.contains_key(name);
            if changed && !updates {
                return Err(LawError::Changed { mode, name: name.clone() });
            }
            let running = name.ends_with("running_mean") || name.ends_with("running_var");
            if !changed && updates && running {
                return Err(LawError::Stale { name: name.clone() });
            }
        }
    }
    Ok(())
}

/// The first name whose values differ.
fn difference(
    one: &BTreeMap<String, Tensor>,
    two: &BTreeMap<String, Tensor>,
) -> Result<Option<String>, OpError> {
    for name in one.keys().chain(two.keys()) {
        let same = match (one.get(name), two.get(name)) {
            (Some(one), Some(two)) => one.dims() == two.dims() && bits(one)? == bits(two)?,
            _ => false,
        };
        if !same {
            return Ok(Some(name.clone()));
        }
    }
    Ok(None)
}

fn bits(tensor: &Tensor) -> Result<Vec<u64>, OpError> {
    let values = tensor.to_dtype(DType::F64)?.flatten_all()?.to_vec1::<f64>()?;
    Ok(values.into_iter().map(f64::to_bits).collect())
}
