//! The loss that a training learns from.

use candle_core::Tensor;
use dartloom_data::Batch;
use dartloom_ops::{Mode, Output};
use dartloom_space::Outputs;
use dartloom_task::Loss;
use dartloom_task::losses::DeepSupervision;

use super::Fit;
use crate::{MeanLoss, Position, Stepper as _, TrainError};

impl Fit<'_> {
    /// The loss that a step learns from.
    pub(super) fn forward(&self, batch: &Batch, at: Position) -> Result<MeanLoss, TrainError> {
        let counter = (at.epoch * self.steps_per_epoch() + at.step) as u64;
        let mut noise = self.noise.stream("drop-path", counter);
        let mut pass = self.pass(Mode::train(), &mut noise);
        pass.drop_path = self.config.drop_path * at.epoch as f64 / self.config.epochs as f64;
        let output = self.model.forward(&batch.inputs, &mut pass)?;
        self.check_output(&output.main, batch)?;
        let loss = self.main_loss(&output, batch)?;
        let mut mean = loss.mean()?;
        if let Some(auxiliary) = output.auxiliary {
            let extra = self.task.loss(&auxiliary, &batch.targets)?.mean()?;
            mean = (mean + (extra * self.config.auxiliary)?)?;
        }
        Ok(MeanLoss { mean, count: loss.count })
    }

    /// The loss of the main head, with those of the heads of deep supervision where there are some.
    fn main_loss(&self, output: &Output, batch: &Batch) -> Result<Loss, TrainError> {
        if output.deep.is_empty() {
            return Ok(self.task.loss(&output.main, &batch.targets)?);
        }
        let heads: Vec<&Tensor> = std::iter::once(&output.main).chain(&output.deep).collect();
        let deep = DeepSupervision::new(heads.len())?;
        Ok(deep.parts(&*self.task, &heads, &batch.targets)?.close()?)
    }

    /// Refuses the output of a custom model that does not fit the task.
    fn check_output(&self, output: &Tensor, batch: &Batch) -> Result<(), TrainError> {
        let inputs = batch.inputs.dims();
        let expected = match self.task.outputs() {
            Outputs::Plane { channels } => [&[batch.count, channels], &inputs[2..]].concat(),
            other => vec![batch.count, other.channels()],
        };
        if output.dims() == expected {
            return Ok(());
        }
        Err(TrainError::Logits { expected, found: output.dims().to_vec() })
    }
}
