//! Selection at the end of a search.

use candle_core::Tensor;
use dartloom_net::Pass;
use dartloom_ops::Mode;
use dartloom_task::usual;
use dartloom_train::{Position, TrainError, evaluate};

use super::{Criterion, PerturbationConfig, Perturbed, Probe, Removed, select};
use crate::prune::Pruning;
use crate::{Kept, SearchError, SupernetSearch};

impl SupernetSearch<'_> {
    /// Selects an architecture by [perturbation](PerturbationConfig), from what the search has left
    /// and with the weights at its end.
    ///
    /// Afterwards the search holds the decision: its table has 1 at the architecture's operations
    /// and 0 elsewhere, and [`SupernetSearch::network`] hands the network out, as far as `tune` has
    /// trained it.
    ///
    /// # Errors
    /// [`SearchError::Config`] for a node without in-edges, or when a pass fails.
    pub fn perturb(&mut self, config: &PerturbationConfig) -> Result<Perturbed, SearchError> {
        let kept = self.bilevel.architecture.kept().cloned();
        let kept = kept.unwrap_or_else(|| Kept::all(self.space));
        let (space, noise) = (self.space, self.noise.child("perturbation"));
        let mut probe = Searched { search: self, config, decisions: 0 };
        let (kept, drops) = select(space, config, kept, noise, &mut probe)?;
        let genotype = kept.genotype(space)?;
        self.bilevel.architecture.keep(Some(kept.clone()));
        self.memory.pruning = Some(Pruning::of(kept));
        Ok(Perturbed { genotype, drops })
    }
}

struct Searched<'a, 'b> {
    search: &'a mut SupernetSearch<'b>,
    config: &'a PerturbationConfig,
    decisions: usize,
}

impl Probe for Searched<'_, '_> {
    fn score(&mut self, kept: &Kept, removed: Option<Removed>) -> Result<f64, SearchError> {
        let search = &mut *self.search;
        search.bilevel.architecture.keep(Some(kept.clone()));
        let epochs = search.config.epochs;
        let mut noise = search.noise.stream("relaxation", epochs as u64);
        let bilevel = &search.bilevel;
        let mut weights = bilevel.architecture.weights(search.progress(epochs), &mut noise)?;
        if let Some(removed) = removed {
            let (Removed::Candidate { cell, .. } | Removed::Edge { cell, .. }) = removed;
            weights[cell] = without(&weights[cell], removed)?;
        }
        let task = usual(search.scoring.dataset().targets()).map_err(TrainError::from)?;
        let found = evaluate(&search.scoring, &*task, |images| -> Result<Tensor, SearchError> {
            let mut pass = Pass::new(Mode::probe(), &mut noise);
            pass.execution = bilevel.execution;
            Ok(bilevel.supernet.forward(images, &weights, &mut pass)?.logits)
        })?;
        Ok(match self.config.criterion {
            Criterion::Accuracy => found.score(),
            Criterion::Loss => -found.loss,
        })
    }

    fn tune(&mut self, kept: &Kept) -> Result<(), SearchError> {
        let search = &mut *self.search;
        search.bilevel.architecture.keep(Some(kept.clone()));
        let epochs = search.config.epochs;
        for step in 0..self.config.tune {
            // Batches that no epoch has seen.
            let (epoch, per_epoch) = (epochs + self.decisions, search.train.batches_per_epoch());
            let batch = search.train.batch(epoch + step / per_epoch, step % per_epoch)?;
            let at = Position { epoch: epochs - 1, step };
            search.bilevel.step(at, epochs, &batch, None)?;
        }
        self.decisions += 1 + self.config.tune / search.train.batches_per_epoch();
        Ok(())
    }
}

/// Weights of a cell with zeros where something is taken away.
fn without(weights: &Tensor, removed: Removed) -> Result<Tensor, SearchError> {
    let (rows, columns) = weights.dims2()?;
    let mut mask = vec![1u8; rows * columns];
    match removed {
        Removed::Candidate { row, op, .. } => mask[row * columns + op] = 0,
        Removed::Edge { row, .. } => mask[row * columns..][..columns].fill(0),
    }
    let mask = Tensor::from_vec(mask, (rows, columns), weights.device())?;
    Ok((weights.detach() * mask.to_dtype(weights.dtype())?)?)
}
