//! Evaluations of a search outside of its epochs, such as its score without some candidates.

use candle_core::Tensor;
use dartloom_data::Batch;
use dartloom_noise::Noise;
use dartloom_ops::{Mode, Pass};
use dartloom_space::{ArchWeights, Space};
use dartloom_train::{Evaluation, Position, evaluate};

use super::SupernetSearch;
use crate::prune::Pruning;
use crate::{Kept, SearchError};

impl<'a> SupernetSearch<'a> {
    /// The space that is searched.
    pub fn space(&self) -> &'a Space {
        self.setting.space
    }

    /// The epochs that the search has at most.
    pub(crate) fn epochs_of_search(&self) -> usize {
        self.config.epochs
    }

    /// A batch of validation images that no epoch has drawn.
    pub(crate) fn valid_batch(&self, draw: usize) -> Result<Batch, SearchError> {
        let drawn = self.config.epochs * self.train.batches_per_epoch();
        Ok(self.valid.batch(drawn + draw, 0)?)
    }

    /// The noise that all draws of the search come from.
    pub(crate) fn noise(&self) -> Noise {
        self.noise
    }

    /// The remaining candidates.
    pub(crate) fn kept(&self) -> Kept {
        let kept = self.bilevel.core.architecture.kept().cloned();
        kept.unwrap_or_else(|| Kept::all(self.setting.space))
    }

    /// `true` if logits no longer count.
    pub(crate) fn is_decided(&self) -> bool {
        self.bilevel.core.architecture.kept().is_some_and(Kept::is_decided)
    }

    /// Keeps only these candidates for the passes that follow.
    pub(crate) fn leave(&mut self, kept: &Kept) {
        self.bilevel.core.architecture.keep(Some(kept.clone()));
    }

    /// Keeps only these candidates from now on.
    pub(crate) fn settle(&mut self, kept: Kept) {
        self.leave(&kept);
        self.memory.pruning = Some(Pruning::of(kept));
    }

    /// Loss and scores on the validation images with the weights at the search's end, changed by
    /// `change`. Batch norms normalise with the batch.
    pub(crate) fn score_with(
        &self,
        change: impl FnOnce(&mut ArchWeights<Tensor>) -> Result<(), SearchError>,
    ) -> Result<Evaluation, SearchError> {
        let epochs = self.config.epochs;
        let mut noise = self.noise.stream("relaxation", epochs as u64);
        let core = &self.bilevel.core;
        let mut weights = core.architecture.weights(self.progress(epochs), &mut noise)?;
        change(&mut weights)?;
        evaluate(&self.scoring, self.task, |images| -> Result<Tensor, SearchError> {
            let mut pass = Pass::new(Mode::probe(), &mut noise);
            pass.execution = core.execution;
            Ok(core.supernet.forward(images, &weights, &mut pass)?.main)
        })
    }

    /// Trains the weights for `steps` steps after the last epoch, on batches that no epoch has
    /// seen, from the `later`-th epoch after it on; returns the number of epochs' batches that this
    /// began.
    pub(crate) fn tune(&mut self, later: usize, steps: usize) -> Result<usize, SearchError> {
        let epochs = self.config.epochs;
        let per_epoch = self.train.batches_per_epoch();
        for step in 0..steps {
            let epoch = epochs + later + step / per_epoch;
            let batch = self.train.batch(epoch, step % per_epoch)?;
            let at = Position { epoch: epochs - 1, step };
            self.bilevel.step(at, epochs, &batch, None)?;
        }
        Ok(1 + steps / per_epoch)
    }
}
