//! The leg of a discrete search.

mod teller;

use std::cell::RefCell;
use std::collections::BTreeSet;

use dartloom_dist::journal::Journal;
use dartloom_dist::{InlinePool, TaskEvent, TaskPool, TaskSpec};
use dartloom_net::memory::Calibration;
use dartloom_noise::Noise;
use dartloom_record::{Event, Leg, RunDir, RunLayout};
use serde_json::json;

use super::{Contest, LegResult, Tried};
use crate::comparison::{ExplorerParts, Stopwatch, Workers};
use crate::{Training, VerdictError};
use dartloom_explore::{
    Assignment, Budget, Domain, ExploreError, Key, MemoryUse, Order, Outcome, PooledConfig,
    PooledSearch, Proposal, Standing, Trial, assign, best, failures,
};
use teller::Teller;

impl Contest<'_> {
    /// Searches for as many multiply-adds as `most`, or for the explorer's number of candidates.
    pub(super) fn explore(
        &mut self,
        parts: &ExplorerParts<'_>,
        noise: Noise,
        most: Option<u64>,
    ) -> Result<Option<LegResult>, VerdictError> {
        let comparison = self.comparison;
        let leg = &Leg::Explore(parts.key.clone());
        let layout = comparison.layout();
        let ExplorerParts { space, rules, .. } = parts;
        let identity = self.explored(leg, parts, most)?;
        match self.stored(leg, &identity)? {
            None if !self.looks => {}
            stored => return Ok(stored),
        }
        let images = comparison.candidate_images(parts, self.seed)?;
        let checkpoints = self.dir.inside(&layout.candidates(&parts.key))?;
        let training = comparison.training(parts, self.seed, &images, checkpoints.clone());
        let domain = Domain::top((*space).clone(), comparison.config.random.top);
        let mut explorer = parts.explorer.make(domain.clone(), noise.child("explorer"))?;
        let mut pool: Box<dyn TaskPool + '_> = match comparison.workers {
            Some(workers) => workers.pool(&parts.key, self.seed, &checkpoints)?,
            None => inline(&training),
        };
        let threads = comparison.workers.map(Workers::threads_each);
        let log = layout.journal(&parts.key);
        if !identity.is_said() {
            // What it holds was judged by code that nobody can know to be the same.
            self.dir.remove(&log)?;
        }
        let journal = self.dir.file(&log);
        let owner = json!({ "leg": layout.stem(leg), "seed": self.seed });
        let (mut journal, past) = Journal::open(journal, &owner).map_err(ExploreError::from)?;
        let budget = match most {
            Some(price) => Budget { evaluations: None, price: Some(price) },
            None => Budget { evaluations: Some(rules.candidates), price: None },
        };
        let phase = self.phase(leg);
        let seconds = layout.seconds(leg);
        let mut watch = Stopwatch::new(&mut *self.observer, comparison.clock, &self.dir, seconds)?;
        let begun = Event::ExplorationStarted {
            phase: phase.clone(),
            explorer: parts.explorer.title(),
            candidates: expected(&training, &domain, noise, budget)?,
            objective: Some(comparison.task.objective()),
            told: Vec::new(),
        };
        let mut teller = Teller::new(begun, phase, budget, &mut watch);
        let calibration = RefCell::new(Calibration::default());
        // Peaks differ from run to run, and a search in the order of its proposals must not.
        let correct = |predicted| match rules.order {
            Order::Arrival => calibration.borrow().cautious(predicted),
            Order::Submission => predicted,
        };
        let mut search = PooledSearch {
            explorer: &mut *explorer,
            pool: &mut *pool,
            prepare: &mut |proposal| prepare(&training, proposal, threads, &correct),
            config: PooledConfig { pace: rules.pace, order: rules.order, budget },
            identity: identity.clone(),
        };
        let found = search.run(&mut journal, &past, &mut |standing| {
            measure(&mut calibration.borrow_mut(), standing);
            teller.tell(standing)
        });
        let spent = teller.end()?;
        let Some(trials) = found? else {
            watch.store()?;
            return Ok(None);
        };
        let best = best(&trials).ok_or_else(|| nothing_measured(&parts.name, &trials))?;
        remove_losers(&checkpoints, &trials, best.proposal.task)?;
        // One that is trained again for longer is one architecture.
        let different = trials.iter().map(|trial| domain.key(&trial.proposal.genotype));
        let different: BTreeSet<Key> = different.collect();
        let result = LegResult {
            seconds: watch.seconds(),
            training_macs: spent,
            genotype: Some(best.proposal.genotype.clone()),
            tried: Some(Tried {
                architectures: different.len(),
                failures: failures(&trials),
                exhausted: false,
            }),
            ..LegResult::default()
        };
        let genotype = layout.genotype(&parts.key);
        self.write(&genotype, &result.genotype)?;
        self.finish(leg, &identity, result, &[genotype, log])
    }
}

fn nothing_measured(explorer: &str, trials: &[Trial]) -> VerdictError {
    let last = trials.last().map(|trial| trial.outcome.to_string()).unwrap_or_default();
    let explorer = explorer.to_owned();
    VerdictError::NothingMeasured { explorer, candidates: trials.len(), last }
}

/// Removes the weights of all candidates but the best: the journal has everything else that is
/// needed of them.
fn remove_losers(checkpoints: &RunDir, trials: &[Trial], best: u64) -> Result<(), VerdictError> {
    for task in trials.iter().map(|trial| trial.proposal.task).filter(|task| *task != best) {
        checkpoints.remove(&RunLayout::candidate(task))?;
    }
    Ok(())
}

/// A pool in this thread.
fn inline<'t>(training: &'t Training<'_>) -> Box<dyn TaskPool + 't> {
    Box::new(InlinePool::new(None, |task, report| training.handle(&task.payload, report)))
}

/// A task with its price and, if it gets a process of its own, the memory that this will need.
fn prepare(
    training: &Training<'_>,
    proposal: &Proposal,
    threads: Option<usize>,
    correct: &dyn Fn(u64) -> u64,
) -> Result<Assignment, Outcome> {
    let known = || {
        let memory = threads.map(|threads| training.memory(proposal, threads)).transpose()?;
        let memory = memory.map(correct);
        let Assignment { task, .. } = assign(proposal);
        Ok(Assignment { task: TaskSpec { memory, ..task }, price: training.price(proposal)? })
    };
    known().map_err(|error: VerdictError| Outcome::Failed { reason: error.to_string() })
}

/// Corrects later predictions by the measured peak of a process.
fn measure(calibration: &mut Calibration, standing: &Standing<'_>) {
    if let Some(TaskEvent::Finished { task, .. }) = standing.event
        && let MemoryUse { predicted: Some(predicted), measured: Some(measured) } =
            standing.memory(*task)
    {
        calibration.observe(predicted, measured);
    }
}

/// Number of architectures from whose prices the average price is estimated.
const SAMPLE: u64 = 16;

/// The number of candidates that a budget is enough for, estimated from a few random ones.
fn expected(
    training: &Training<'_>,
    domain: &Domain,
    noise: Noise,
    budget: Budget,
) -> Result<usize, VerdictError> {
    let price = |index| -> Result<u64, VerdictError> {
        let genotype = domain.sample(&mut noise.stream("price", index))?;
        training.price(&Proposal::new(index, genotype))
    };
    let Some(most) = budget.price else {
        // What cannot be counted is no candidate's failure, and shows here.
        price(0)?;
        return Ok(budget.evaluations.unwrap_or(1));
    };
    let mut sum = 0;
    for index in 0..SAMPLE {
        sum += price(index)? / SAMPLE;
    }
    Ok(usize::try_from(most / sum.max(1)).unwrap_or(usize::MAX).max(1))
}
