//! Selection at the end of a search.

use candle_core::Tensor;
use dartloom_record::Direction;
use dartloom_space::CellWeights;
use dartloom_train::Evaluation;

use super::{Criterion, PerturbationConfig, Perturbed, Probe, Removed, select};
use crate::{CandidateId, Kept, SearchError, SupernetSearch};

/// Selects an architecture by [perturbation](PerturbationConfig) among the remaining candidates,
/// with the weights at the end of a search.
///
/// Afterwards the search holds the decision: its table has 1 at the architecture's operations and 0
/// elsewhere, and [`SupernetSearch::network`] returns the network, as `tune` has trained it.
///
/// # Errors
/// [`SearchError::Config`] for a node without in-edges, or when a pass fails.
pub fn perturb(
    search: &mut SupernetSearch<'_>,
    config: &PerturbationConfig,
) -> Result<Perturbed, SearchError> {
    let space = search.space();
    let kept = search.kept();
    let noise = search.noise().child("perturbation");
    let mut probe = Searched { search, config, begun: 0 };
    let (kept, drops) = select(space, config, kept, noise, &mut probe)?;
    let genotype = kept.genotype(space)?;
    search.settle(kept);
    Ok(Perturbed { genotype, drops })
}

struct Searched<'a, 'b> {
    search: &'a mut SupernetSearch<'b>,
    config: &'a PerturbationConfig,
    /// Epochs' batches that tuning has begun.
    begun: usize,
}

impl Probe for Searched<'_, '_> {
    fn score(&mut self, kept: &Kept, removed: Option<Removed>) -> Result<f64, SearchError> {
        self.search.leave(kept);
        let found = self.search.score_with(|weights| {
            if let Some(removed) = removed {
                let (Removed::Candidate(CandidateId { cell, .. }) | Removed::Edge { cell, .. }) =
                    removed;
                weights.cells[cell] = without(&weights.cells[cell], removed)?;
            }
            Ok(())
        })?;
        Ok(match self.config.criterion {
            Criterion::Score => rising(&found),
            Criterion::Loss => -found.loss,
        })
    }

    fn tune(&mut self, kept: &Kept) -> Result<(), SearchError> {
        self.search.leave(kept);
        self.begun += self.search.tune(self.begun, self.config.tune)?;
        Ok(())
    }
}

/// The score that selects, its sign turned where lower is better.
fn rising(found: &Evaluation) -> f64 {
    match found.objective.direction {
        Direction::Higher => found.score(),
        Direction::Lower => -found.score(),
    }
}

/// Weights of a cell with zeros where something is taken away.
fn without(
    weights: &CellWeights<Tensor>,
    removed: Removed,
) -> Result<CellWeights<Tensor>, SearchError> {
    let (rows, columns) = weights.ops.dims2()?;
    let mut ops = vec![1u8; rows * columns];
    let mut edges = vec![1u8; rows];
    match removed {
        Removed::Candidate(CandidateId { row, op, .. }) => ops[row * columns + op] = 0,
        Removed::Edge { row, .. } => {
            ops[row * columns..][..columns].fill(0);
            edges[row] = 0;
        }
    }
    let masked = |weights: &Tensor, mask: Vec<u8>| {
        let mask = Tensor::from_vec(mask, weights.shape(), weights.device())?;
        weights.detach() * mask.to_dtype(weights.dtype())?
    };
    let edges = weights.edges.as_ref().map(|own| masked(own, edges)).transpose()?;
    Ok(CellWeights { ops: masked(&weights.ops, ops)?, edges })
}
