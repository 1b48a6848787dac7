//! Scores in place of trainings.

use std::fmt;
use std::ops::Range;

use dartloom_noise::Noise;
use dartloom_ops::Registry;
use dartloom_space::{Blueprint, Genotype, SpaceError};
use dartloom_task::Task;

use super::{Draw, Scored, Subject, ZeroCostError, ZeroCostScore, scored};
use dartloom_explore::{Domain, Evaluator, ExploreError, Outcome, Proposal};

/// An evaluator whose quality is a score, with its sign changed if less is better.
///
/// Every candidate is scored with the same seeds, whatever its task: equal architectures have equal
/// qualities. A candidate whose score is meaningless is an [`Outcome::Failed`] with the reason.
pub struct ZeroCostEvaluator<'a, P> {
    /// The score.
    pub score: &'a dyn ZeroCostScore,
    /// The operations.
    pub registry: &'a Registry,
    /// The network of a genotype, such as that of
    /// [`nasbench201::blueprint`](dartloom_space::nasbench201::blueprint).
    pub plan: P,
    /// The task of the networks.
    pub task: &'a dyn Task,
    /// The source of batches.
    pub draw: &'a mut Draw<'a>,
    /// The seeds.
    pub seeds: Range<u64>,
}

impl<P> ZeroCostEvaluator<'_, P>
where
    P: FnMut(&Genotype) -> Result<Blueprint, SpaceError>,
{
    /// The score of a genotype and the cost of its network.
    ///
    /// # Errors
    /// As [`scored`], and when the network cannot be laid out.
    pub fn scored(&mut self, genotype: &Genotype) -> Result<(Scored, Blueprint), ZeroCostError> {
        let plan = (self.plan)(genotype)?;
        let subject = Subject { plan: &plan, registry: self.registry, task: self.task };
        let found = scored(self.score, &subject, self.draw, self.seeds.clone())?;
        Ok((found, plan))
    }
}

impl<P> Evaluator for ZeroCostEvaluator<'_, P>
where
    P: FnMut(&Genotype) -> Result<Blueprint, SpaceError>,
{
    fn evaluate(&mut self, proposal: &Proposal) -> Result<Outcome, ExploreError> {
        let failed = |reason: String| Outcome::Failed { reason };
        Ok(match self.scored(&proposal.genotype) {
            Ok((found, plan)) => match plan.cost() {
                Ok(cost) if self.score.higher_is_better() => Outcome::measured(found.mean, cost),
                Ok(cost) => Outcome::measured(-found.mean, cost),
                Err(error) => failed(error.to_string()),
            },
            // Batches are the same for all candidates.
            Err(ZeroCostError::Data(error)) => {
                return Err(ExploreError::judging(proposal.task, error));
            }
            Err(error) => failed(error.to_string()),
        })
    }
}

impl<P> fmt::Debug for ZeroCostEvaluator<'_, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ZeroCostEvaluator")
            .field("score", &self.score)
            .field("seeds", &self.seeds)
            .finish_non_exhaustive()
    }
}

/// The best `keep` of `candidates` genotypes drawn from a domain, best first: the start of a
/// [`WarmStart`](dartloom_explore::WarmStart). Equal ones count once, and those that cannot be
/// evaluated are left out, so there may be fewer.
///
/// # Errors
/// Those of [`Domain::sample`], of the evaluator and of its [`check`](Evaluator::check).
pub fn best_by_score(
    domain: &Domain,
    evaluator: &mut dyn Evaluator,
    (candidates, keep): (usize, usize),
    noise: Noise,
) -> Result<Vec<Genotype>, ExploreError> {
    evaluator.check()?;
    let mut seen = std::collections::BTreeSet::new();
    let mut found = Vec::new();
    for task in 0..candidates as u64 {
        let genotype = domain.sample(&mut noise.stream("zero-cost candidates", task))?;
        if !seen.insert(domain.key(&genotype)) {
            continue;
        }
        let proposal = Proposal::new(task, genotype);
        if let Some(quality) = evaluator.evaluate(&proposal)?.quality() {
            found.push((quality, proposal.genotype));
        }
    }
    // Stable: the first drawn among equals.
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    Ok(found.into_iter().take(keep).map(|(_, genotype)| genotype).collect())
}
