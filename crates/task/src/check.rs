//! Requirements on outputs, targets and a task's settings.

use candle_core::{DType, Device, Tensor};
use dartloom_data::TargetSpec;
use dartloom_record::Objective;
use serde::Serialize;

use crate::TaskError;

/// The requirements on a batch.
#[derive(Clone, Copy)]
pub(crate) struct Expected {
    pub(crate) task: &'static str,
    /// The shapes that belong together, in words.
    pub(crate) shapes: &'static str,
}

impl Expected {
    /// The error of an output and a target of other shapes.
    pub(crate) fn refused(self, width: usize, output: &Tensor, target: &Tensor) -> TaskError {
        TaskError::Shape {
            task: self.task,
            expected: format!("{} with {width} numbers", self.shapes),
            output: output.dims().to_vec(),
            target: target.dims().to_vec(),
        }
    }

    /// Refuses labels of `classes` classes that are too large: gathering would read beside the
    /// logits.
    pub(crate) fn labels(self, labels: &Tensor, classes: usize) -> Result<(), TaskError> {
        if labels.elem_count() == 0 {
            return Ok(());
        }
        let found = labels.flatten_all()?.to_dtype(DType::U32)?.max(0)?.to_scalar::<u32>()?;
        if usize::try_from(found).is_ok_and(|label| label < classes) {
            return Ok(());
        }
        Err(TaskError::Label { task: self.task, classes, found })
    }
}

/// Refuses targets that are not `expected`.
pub(crate) fn targets(
    task: &'static str,
    expected: TargetSpec,
    found: &TargetSpec,
) -> Result<(), TaskError> {
    if *found == expected {
        return Ok(());
    }
    Err(TaskError::Targets { task, expected, found: *found })
}

/// Refuses a number of classes, labels or values that is too small or too large.
pub(crate) fn some(field: &'static str, found: usize, least: usize) -> Result<(), TaskError> {
    if (least..=1 << 16).contains(&found) {
        return Ok(());
    }
    let expected = format!("from {least} to 65536");
    Err(TaskError::Setting { field, expected, found: found.to_string() })
}

/// Refuses a label smoothing that is not below 1.
pub(crate) fn smoothing(smoothing: f64) -> Result<(), TaskError> {
    if (0.0..1.0).contains(&smoothing) {
        return Ok(());
    }
    let expected = "0 or more and less than 1".to_owned();
    Err(TaskError::Setting { field: "smoothing", expected, found: smoothing.to_string() })
}

/// Refuses a number that is not finite or below `least`.
pub(crate) fn at_least(field: &'static str, found: f64, least: f64) -> Result<(), TaskError> {
    if found.is_finite() && found >= least {
        return Ok(());
    }
    let expected = format!("a finite number of {least} or more");
    Err(TaskError::Setting { field, expected, found: found.to_string() })
}

/// Refuses a number that is not finite and above 0.
pub(crate) fn above(field: &'static str, found: f64) -> Result<(), TaskError> {
    if found.is_finite() && found > 0.0 {
        return Ok(());
    }
    let expected = "a finite number above 0".to_owned();
    Err(TaskError::Setting { field, expected, found: found.to_string() })
}

/// The score called `name` among those that can select.
pub(crate) fn objective(name: &str, all: Vec<Objective>) -> Result<Objective, TaskError> {
    let names: Vec<_> = all.iter().map(|objective| objective.name.clone()).collect();
    match all.into_iter().find(|objective| objective.name == name) {
        Some(objective) => Ok(objective),
        None => Err(TaskError::Setting {
            field: "objective",
            expected: format!("one of {}", names.join(", ")),
            found: name.to_owned(),
        }),
    }
}

/// Refuses weights that are not one finite number of at least 0 for each of `count`, some of them
/// above 0.
pub(crate) fn weights(weights: &[f64], count: usize) -> Result<(), TaskError> {
    let usable = |weight: &f64| weight.is_finite() && *weight >= 0.0;
    let any = weights.iter().any(|weight| *weight > 0.0);
    if weights.len() == count && weights.iter().all(usable) && any {
        return Ok(());
    }
    Err(TaskError::Setting {
        field: "weights",
        expected: format!("{count} finite numbers of 0 or more, not all 0"),
        found: format!("{weights:?}"),
    })
}

/// The weights of classes as a tensor like the logits.
pub(crate) fn tensor(weights: &[f64], like: &Tensor) -> Result<Tensor, TaskError> {
    Ok(Tensor::new(weights, &Device::Cpu)?.to_dtype(like.dtype())?.to_device(like.device())?)
}

/// A scalar as a number.
pub(crate) fn number(scalar: &Tensor) -> Result<f64, TaskError> {
    Ok(scalar.to_device(&Device::Cpu)?.to_dtype(DType::F64)?.to_scalar()?)
}

/// Name and configuration as text; `None` for a configuration that has no such form.
pub(crate) fn identity(name: &str, task: &impl Serialize) -> Option<String> {
    serde_json::to_string(task).ok().map(|text| format!("{name} 1 {text}"))
}
