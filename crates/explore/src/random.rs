//! Genotypes drawn uniformly.

use dartloom_noise::Noise;
use serde_json::Value;

use super::state::{Tasks, read, write};
use super::{Domain, ExploreError, Explorer, Outcome, Proposal};

/// Random search: every proposal is drawn uniformly ([`Domain::sample`]), operations with
/// replacement, regardless of the outcomes of the others.
///
/// `P(genotype) = prod_nodes 1 / C(in-edges, top) * ops^-top`, the same for all of a [`Domain`].
///
/// Source: L. Li and A. Talwalkar, *Random Search and Reproducibility for Neural Architecture
/// Search*, UAI 2019, arXiv 1902.07638, section 3.
///
/// # Differences from the paper
/// None in the draws; the evaluator trains the candidates in its own way.
#[derive(Clone, Debug)]
pub struct RandomGenotypes {
    domain: Domain,
    noise: Noise,
    tasks: Tasks,
}

const NAME: &str = "random genotypes";

impl RandomGenotypes {
    /// Draws from a domain.
    pub fn new(domain: Domain, noise: Noise) -> Self {
        Self { domain, noise, tasks: Tasks::default() }
    }
}

impl Explorer for RandomGenotypes {
    fn domain(&self) -> &Domain {
        &self.domain
    }

    fn ask(&mut self) -> Result<Option<Proposal>, ExploreError> {
        let mut rng = self.noise.stream(NAME, self.tasks.next());
        let genotype = self.domain.sample(&mut rng)?;
        Ok(Some(self.tasks.propose(genotype)))
    }

    fn tell(&mut self, proposal: &Proposal, _: &Outcome) -> Result<(), ExploreError> {
        self.tasks.close(proposal.task)
    }

    fn state(&self) -> Result<Value, ExploreError> {
        write(NAME, &self.tasks)
    }

    fn restore(&mut self, state: &Value) -> Result<(), ExploreError> {
        self.tasks = read(NAME, state)?;
        Ok(())
    }
}
