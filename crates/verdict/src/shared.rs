//! Candidates judged with a supernet's weights.

use candle_core::Tensor;
use dartloom_data::Loader;
use dartloom_net::{Pass, Supernet};
use dartloom_noise::Noise;
use dartloom_ops::{Mode, Registry};
use dartloom_space::{Blueprint, Build, Cost, Genotype, Space};
use dartloom_task::usual;
use dartloom_train::{TrainError, evaluate};

use crate::VerdictError;
use crate::fault::failed;
use dartloom_explore::{Evaluator, ExploreError, Outcome, Proposal};
use dartloom_search::check_build;
use dartloom_search::hard_weights;

/// Judges a candidate by the accuracy of a trained supernet with weight 1 on the candidate's
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
    /// Its space.
    pub space: &'a Space,
    /// Its operations.
    pub registry: &'a Registry,
    /// Sizes of the network whose costs are counted.
    pub build: Build,
    /// Images that candidates are judged with.
    pub valid: Loader<'a>,
}

impl SharedWeights<'_> {
    fn judge(&self, genotype: &Genotype) -> Result<Outcome, VerdictError> {
        let variables = self.supernet.variables();
        let weights = hard_weights(self.space, genotype, &variables.place())?;
        let mut noise = Noise::new(0).stream("shared weights", 0);
        let task = usual(self.valid.dataset().targets()).map_err(TrainError::from)?;
        let judged = evaluate(&self.valid, &*task, |images| -> Result<Tensor, VerdictError> {
            let mut pass = Pass::new(Mode::probe(), &mut noise);
            Ok(self.supernet.forward(images, &weights, &mut pass)?.main)
        })?;
        Ok(Outcome::measured(judged.score(), self.cost(genotype)?))
    }

    fn cost(&self, genotype: &Genotype) -> Result<Cost, VerdictError> {
        let network = genotype.network_in(self.space)?;
        let ops = self.registry.catalog();
        let plan = Blueprint::derived(genotype, &network, ops, self.build)?;
        Ok(self.registry.cost(&plan)?)
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
        self.registry.check(self.space.op_set()).map_err(ExploreError::part)?;
        let data = self.valid.dataset();
        let task = usual(data.targets()).map_err(ExploreError::part)?;
        check_build(self.build, &*task, data).map_err(ExploreError::part)
    }
}
