//! The contract of tasks.

use std::fmt::Debug;

use candle_core::Tensor;
use dartloom_data::{Dataset, TargetSpec};
use dartloom_metrics::Scorer;
use dartloom_record::Objective;
use dartloom_space::Outputs;

use crate::{Constant, Loss, Parts, TaskError};

/// A learning task: the outputs of a network, the loss of an error, and the judgement of a result.
pub trait Task: Debug + Send + Sync {
    /// The outputs of a network for one image.
    fn outputs(&self) -> Outputs;

    /// Refuses a data set whose targets are of another task; asked once, before anything is built.
    ///
    /// # Errors
    /// [`TaskError::Targets`].
    fn check(&self, targets: &TargetSpec) -> Result<(), TaskError>;

    /// The loss of a batch of outputs: a sum over the counted items and their count, never a mean.
    /// Differentiable in `output`; shapes are those of [`outputs`](Self::outputs) and of the
    /// targets.
    ///
    /// # Errors
    /// [`TaskError::Shape`], [`TaskError::Label`], or the tensor library's.
    fn loss(&self, output: &Tensor, target: &Tensor) -> Result<Loss, TaskError>;

    /// The loss of a batch of outputs before its ratios, as sums and counts that add up over the
    /// shards of a batch: by default those of [`loss`](Self::loss). A task whose loss is a ratio of
    /// sums over the batch, as a Dice loss, has more of them.
    ///
    /// # Errors
    /// As [`loss`](Self::loss).
    fn parts(&self, output: &Tensor, target: &Tensor) -> Result<Parts, TaskError> {
        Ok(Parts::of(&self.loss(output, target)?)?)
    }

    /// The loss of a batch of outputs that are judged and not learnt from: by default
    /// [`loss`](Self::loss), without terms that only help learning, such as label smoothing.
    ///
    /// # Errors
    /// As [`loss`](Self::loss).
    fn judged_loss(&self, output: &Tensor, target: &Tensor) -> Result<Loss, TaskError> {
        self.loss(output, target)
    }

    /// The [judged loss](Self::judged_loss) before its ratios, as sums and counts that add up over
    /// the batches of a set ([`Totals`](crate::Totals)): by default those of
    /// [`judged_loss`](Self::judged_loss). A task whose loss is a ratio of sums has more of them.
    ///
    /// # Errors
    /// As [`loss`](Self::loss).
    fn judged_parts(&self, output: &Tensor, target: &Tensor) -> Result<Parts, TaskError> {
        Ok(Parts::of(&self.judged_loss(output, target)?)?)
    }

    /// A new scorer of its outputs, whose first score is the [`objective`](Self::objective).
    fn scorer(&self) -> Box<dyn Scorer>;

    /// The score that selects.
    fn objective(&self) -> Objective;

    /// The best answer that is the same for every image, learnt from the targets of `train` and
    /// judged with `test`: what a network has to beat to have learnt anything. `None`, the default,
    /// knows of none.
    ///
    /// # Errors
    /// Those of the data, and of the scorer.
    fn constant(
        &self,
        train: &dyn Dataset,
        test: &dyn Dataset,
    ) -> Result<Option<Constant>, TaskError> {
        let _ = (train, test);
        Ok(None)
    }

    /// The same task learnt with label smoothing, which a task without classes has not: `None`, the
    /// default.
    ///
    /// # Errors
    /// [`TaskError::Setting`] unless `smoothing` is at least 0 and below 1.
    fn smoothed(&self, smoothing: f64) -> Result<Option<Box<dyn Task>>, TaskError> {
        let _ = smoothing;
        Ok(None)
    }

    /// A text that changes whenever what this task computes changes: its name, its configuration,
    /// and a version of its code. Stored work is only used again for the same identity; `None`, the
    /// default, says nothing, and such work is done again.
    fn identity(&self) -> Option<String> {
        None
    }
}

macro_rules! forward {
    ($($pointer:ty),*) => {$(
        impl<T: Task + ?Sized> Task for $pointer {
            fn outputs(&self) -> Outputs {
                (**self).outputs()
            }
            fn check(&self, targets: &TargetSpec) -> Result<(), TaskError> {
                (**self).check(targets)
            }
            fn loss(&self, output: &Tensor, target: &Tensor) -> Result<Loss, TaskError> {
                (**self).loss(output, target)
            }
            fn parts(&self, output: &Tensor, target: &Tensor) -> Result<Parts, TaskError> {
                (**self).parts(output, target)
            }
            fn judged_loss(&self, output: &Tensor, target: &Tensor) -> Result<Loss, TaskError> {
                (**self).judged_loss(output, target)
            }
            fn judged_parts(&self, output: &Tensor, target: &Tensor) -> Result<Parts, TaskError> {
                (**self).judged_parts(output, target)
            }
            fn scorer(&self) -> Box<dyn Scorer> {
                (**self).scorer()
            }
            fn objective(&self) -> Objective {
                (**self).objective()
            }
            fn constant(
                &self,
                train: &dyn Dataset,
                test: &dyn Dataset,
            ) -> Result<Option<Constant>, TaskError> {
                (**self).constant(train, test)
            }
            fn smoothed(&self, smoothing: f64) -> Result<Option<Box<dyn Task>>, TaskError> {
                (**self).smoothed(smoothing)
            }
            fn identity(&self) -> Option<String> {
                (**self).identity()
            }
        }
    )*};
}

forward!(&T, Box<T>);
