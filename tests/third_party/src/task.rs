//! A task.

use dartloom::Tensor;
use dartloom::data::TargetSpec;
use dartloom::metrics::{MetricsError, Scorer};
use dartloom::record::{Objective, Scores};
use dartloom::space::Outputs;
use dartloom::task::{Loss, Task, TaskError};

use crate::Count;

/// One class for an image, by the margins of its score over the others:
/// `sum_b sum_(j != y) max(0, m + x_bj - x_by)`, judged by the share of images that another class
/// is said of, of which less is better.
#[derive(Clone, Debug)]
pub struct Margin {
    margin: f64,
    classes: usize,
    losses: Count,
    scorers: Count,
}

impl Margin {
    /// A task of this margin and as many classes as the targets have.
    ///
    /// # Errors
    /// [`TaskError::Kind`] for targets that are no classes.
    pub fn new(margin: f64, targets: TargetSpec) -> Result<Self, TaskError> {
        let TargetSpec::Class { classes } = targets else {
            return Err(TaskError::Kind { task: "margin", expected: "classes", found: targets });
        };
        Ok(Self { margin, classes, losses: Count::default(), scorers: Count::default() })
    }

    /// The same with losses and scorers counted.
    #[must_use]
    pub fn counted(self, (losses, scorers): (Count, Count)) -> Self {
        Self { losses, scorers, ..self }
    }
}

impl Task for Margin {
    fn outputs(&self) -> Outputs {
        Outputs::Vector(self.classes)
    }

    fn check(&self, targets: &TargetSpec) -> Result<(), TaskError> {
        let expected = TargetSpec::Class { classes: self.classes };
        if *targets == expected {
            return Ok(());
        }
        Err(TaskError::Targets { task: "margin", expected, found: *targets })
    }

    fn loss(&self, output: &Tensor, target: &Tensor) -> Result<Loss, TaskError> {
        self.losses.one_more();
        let own = output.gather(&target.unsqueeze(1)?, 1)?;
        let all = (output.broadcast_sub(&own)? + self.margin)?.relu()?.sum_all()?;
        let count = target.elem_count() as f64;
        // The class itself is among them with its margin.
        Ok(Loss { sum: (all - self.margin * count)?, count })
    }

    fn scorer(&self) -> Box<dyn Scorer> {
        self.scorers.one_more();
        Box::new(Errors::default())
    }

    fn objective(&self) -> Objective {
        Objective::lower("errors")
    }

    fn identity(&self) -> Option<String> {
        Some(format!("margin, version 1, {} of {}", self.margin, self.classes))
    }
}

/// The share of images that another class is said of.
#[derive(Clone, Debug, Default)]
struct Errors {
    wrong: f64,
    all: f64,
}

impl Scorer for Errors {
    fn update(&mut self, output: &Tensor, target: &Tensor) -> Result<(), MetricsError> {
        let said = output.argmax(1)?;
        let wrong =
            said.ne(target)?.to_dtype(dartloom::DType::F64)?.sum_all()?.to_scalar::<f64>()?;
        self.wrong += wrong;
        self.all += target.elem_count() as f64;
        Ok(())
    }

    fn state(&self) -> Vec<f64> {
        vec![self.wrong, self.all]
    }

    fn add(&mut self, state: &[f64]) -> Result<(), MetricsError> {
        let &[wrong, all] = state else {
            return Err(MetricsError::State { expected: 2, found: state.len() });
        };
        self.wrong += wrong;
        self.all += all;
        Ok(())
    }

    fn scores(&self) -> Scores {
        Scores::new().with_some("errors", (self.all > 0.0).then(|| self.wrong / self.all))
    }
}
