//! Candidates judged with a supernet's weights.

use candle_core::Tensor;
use dartloom_data::Loader;
use dartloom_net::{NetworkSize, Setting, Supernet};
use dartloom_noise::Noise;
use dartloom_ops::{Mode, Pass, Place};
use dartloom_space::{Cost, Genotype};
use dartloom_task::Task;
use dartloom_train::evaluate;

use crate::VerdictError;
use crate::fault::failed;
use crate::training::measured;
use dartloom_explore::{Evaluator, ExploreError, Outcome, Proposal};
use dartloom_search::check_build;
use dartloom_search::hard_weights;

/// Judges a candidate by the score of a trained supernet with weight 1 on the candidate's
/// operations and 0 elsewhere: no candidate is trained.
///
/// Batch norms normalise with the batch, since running statistics belong to the mixture of all
/// operations.
///
/// Source: L. Li and A. Talwalkar, *Random Search and Reproducibility for Neural Architecture
/// Search*, UAI 2019, arXiv 1902.07638, section 3 (random search with weight sharing).
///
/// # Differences from the paper
/// In the paper, the shared weights are trained by one random architecture at a time; here any
/// training of the supernet will do, such as a search that is still in its warm-up, where all
/// operations have the same weight.
#[derive(Debug)]
pub struct SharedWeights<'a> {
    /// The supernet.
    pub supernet: &'a Supernet,
    /// Its space and operations, and what costs are counted for.
    pub setting: Setting<'a>,
    /// The task.
    pub task: &'a dyn Task,
    /// Images that candidates are judged with.
    pub valid: Loader<'a>,
}

impl SharedWeights<'_> {
    fn judge(&self, genotype: &Genotype) -> Result<Outcome, VerdictError> {
        let variables = self.supernet.variables();
        let Setting { space, place, .. } = &self.setting;
        let place = Place { dtype: variables.dtype(), ..place.clone() };
        let weights = hard_weights(space, genotype, &place)?;
        let mut noise = Noise::new(0).stream("shared weights", 0);
        let judged = evaluate(&self.valid, self.task, |images| -> Result<Tensor, VerdictError> {
            let mut pass = Pass::new(Mode::probe(), &mut noise);
            Ok(self.supernet.forward(images, &weights, &mut pass)?.main)
        })?;
        Ok(measured(&judged, self.cost(genotype)?))
    }

    fn cost(&self, genotype: &Genotype) -> Result<Cost, VerdictError> {
        let plan = self.setting.plan(genotype, &NetworkSize::default())?;
        Ok(self.setting.registry.cost(&plan)?)
    }
}

impl Evaluator for SharedWeights<'_> {
    fn evaluate(&mut self, proposal: &Proposal) -> Result<Outcome, ExploreError> {
        self.judge(&proposal.genotype).or_else(|error| failed(proposal.task, error))
    }

    /// # Errors
    /// [`OpError::Unregistered`](dartloom_ops::OpError::Unregistered) and its like for operations
    /// that the registry lacks, [`TrainError::Outputs`](dartloom_train::TrainError::Outputs) for
    /// images of other classes.
    fn check(&self) -> Result<(), ExploreError> {
        let Setting { space, registry, build, .. } = &self.setting;
        registry.check(space.op_set()).map_err(ExploreError::part)?;
        check_build(*build, self.task, self.valid.dataset()).map_err(ExploreError::part)
    }
}
