//! The task that targets suggest.

use dartloom_data::TargetSpec;

use crate::{Classification, MultiLabel, Regression, Segmentation, Task, TaskError};

/// The task of a data set whose targets are these, with nothing added: [`Classification`],
/// [`MultiLabel`], [`Regression`] of squared errors, or [`Segmentation`] by cross-entropy.
///
/// # Errors
/// [`TaskError::Setting`] if the number of classes, labels or values is too small or too large.
pub fn usual(targets: TargetSpec) -> Result<Box<dyn Task>, TaskError> {
    Ok(match targets {
        TargetSpec::Class { classes } => Box::new(Classification::new(classes)?),
        TargetSpec::Labels(labels) => Box::new(MultiLabel::new(labels)?),
        TargetSpec::Values(values) => Box::new(Regression::new(values)?),
        TargetSpec::Mask { classes, ignore } => Box::new(Segmentation::new(classes, ignore)?),
        other => {
            return Err(TaskError::Setting {
                field: "targets",
                expected: "targets of a task that is known here".to_owned(),
                found: other.to_string(),
            });
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_of_every_kind_have_a_task_that_takes_them() {
        let kinds = [
            TargetSpec::Class { classes: 3 },
            TargetSpec::Labels(3),
            TargetSpec::Values(3),
            TargetSpec::Mask { classes: 3, ignore: Some(255) },
        ];
        for targets in kinds {
            let task = usual(targets).unwrap();
            task.check(&targets).unwrap();
            assert_eq!(task.outputs().channels(), 3);
        }
        assert!(usual(TargetSpec::Class { classes: 1 }).is_err());
    }
}
