//! Discrete search on a pool of workers, with a journal.

mod book;
mod config;
mod evaluation;
mod record;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use dartloom_dist::journal::{Contents, Durability, Journal};
use dartloom_dist::{Failure, TaskEvent, TaskPool, TaskSpec, Usage};
use dartloom_record::{Flow, Identity};

use super::explorer::checked_ask;
use super::{ExploreError, Explorer, Outcome, Proposal, Resource, Trial, best};
use book::Book;
pub use book::MemoryUse;
pub use config::{Budget, Order, Pace, PooledConfig};
pub use evaluation::{assign, handler};
pub use record::Record;

/// The handling of a proposal.
#[derive(Clone, Debug, PartialEq)]
pub struct Assignment {
    /// The task, whose number must be the proposal's; its result must be an [`Outcome`] as JSON.
    pub task: TaskSpec,
    /// The price that it takes off the budget, such as the multiply-adds of its training.
    pub price: u64,
}

/// A discrete search whose proposals are evaluated by a pool. It survives failures of the pool and
/// of its own process.
///
/// ```text
/// until the budget is spent:
///     ask while the pace wants proposals, submit them
///     wait for an event of the pool
///     tell outcomes in their order
/// ```
///
/// Everything is written into the journal before anything follows from it. [`PooledSearch::run`] on
/// the journal of a search that was killed goes on: known outcomes are not evaluated again, open
/// tasks are submitted again, and nothing is told twice. With [`Order::Submission`] and a fixed
/// number of open proposals, the proposals depend neither on the number of workers nor on
/// interruptions.
///
/// Source: A. Cazasnoves, P.-A. Ganaye, K. Sanchis and T. Ceillier, *Neural Architecture Search in
/// operational context: a remote sensing case-study*, 2021 (the Preligens study), Algorithm 1.
///
/// # Differences from the source
/// The generation of Algorithm 1 is [`Pace::Generational`]. In the study, the first worker cannot
/// answer while it trains a candidate of its own, and a candidate that runs out of memory ends the
/// search; here candidates are tasks of a pool, and their fates are outcomes.
pub struct PooledSearch<'a> {
    /// Makes the proposals.
    pub explorer: &'a mut dyn Explorer,
    /// Evaluates the proposals.
    pub pool: &'a mut dyn TaskPool,
    /// Makes a task of a proposal, or returns its outcome if it is known already: a broken limit.
    pub prepare: &'a mut dyn FnMut(&Proposal) -> Result<Assignment, Outcome>,
    /// The number of open proposals, and the end of the search.
    pub config: PooledConfig,
    /// Everything that outcomes depend on: the way candidates are judged, and the data. The journal
    /// of another search is refused. The explorer needs no identity: its proposals are compared one
    /// by one.
    pub identity: Identity,
}

impl fmt::Debug for PooledSearch<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("PooledSearch");
        debug.field("explorer", &self.explorer).field("config", &self.config);
        debug.finish_non_exhaustive()
    }
}

/// The state of a search, shown after every event.
#[derive(Debug)]
pub struct Standing<'s> {
    /// The last event; `None` at the beginning.
    pub event: Option<&'s TaskEvent>,
    /// The trials told so far.
    pub trials: &'s [Trial],
    /// Number of open proposals.
    pub open: usize,
    /// Sum of the prices of all proposals so far.
    pub spent: u64,
    memory: &'s BTreeMap<u64, MemoryUse>,
}

impl Standing<'_> {
    /// The memory of a task, if it was predicted or measured.
    pub fn memory(&self, task: u64) -> MemoryUse {
        self.memory.get(&task).copied().unwrap_or_default()
    }

    /// The best trial so far.
    pub fn best(&self) -> Option<&Trial> {
        best(self.trials)
    }
}

/// The time to wait for events before an observer is asked if the search should go on.
const WAIT: Duration = Duration::from_millis(200);

impl PooledSearch<'_> {
    /// Searches until the budget is spent or the explorer has nothing left to propose; `None` if
    /// `observe` stopped it. `observe` is called five times a second while nothing happens.
    ///
    /// `past` is the content of the journal when it was opened. Returns all trials, those of
    /// earlier processes included, in the order in which they were told.
    ///
    /// # Errors
    /// Those of the explorer, the pool and the journal; [`ExploreError::Journal`] for the journal
    /// of another search. If the machine lacks a resource, the pool returns an error: nothing of it
    /// is written or told. The content of the journal is not lost, and running again goes on.
    pub fn run(
        &mut self,
        journal: &mut Journal,
        past: &Contents,
        observe: &mut dyn FnMut(&Standing<'_>) -> Flow,
    ) -> Result<Option<Vec<Trial>>, ExploreError> {
        self.config.check()?;
        let mut book = Book::replay(journal.path(), past, &self.identity, &mut *self.explorer)?;
        if past.entries.is_empty() {
            let identity = self.identity.clone();
            let header = Record::Search { version: record::VERSION, identity };
            journal.append(&header, Durability::Synced)?;
        }
        self.submit_again(&mut book, journal)?;
        let mut last: Option<TaskEvent> = None;
        loop {
            self.tell_due(&mut book, journal)?;
            self.ask_due(&mut book, journal)?;
            let trials = &*book.trials;
            let open = book.open.len();
            let spent = book.spent;
            let event = last.as_ref();
            let memory = &book.memory;
            let flow = observe(&Standing { event, trials, open, spent, memory });
            if book.open.is_empty() {
                return Ok(Some(book.trials));
            }
            if flow == Flow::Stop {
                return Ok(None);
            }
            if book.due(self.config.order).is_some() {
                continue;
            }
            last = self.pool.next_event(WAIT)?.event();
            if let Some(event) = &last {
                keep(&mut book, journal, event)?;
            }
        }
    }

    /// Submits the tasks that were open when an earlier process ended.
    fn submit_again(&mut self, book: &mut Book, journal: &mut Journal) -> Result<(), ExploreError> {
        let open = book.open.values().filter(|open| open.outcome.is_none());
        let proposals: Vec<Proposal> = open.map(|open| open.proposal.clone()).collect();
        for proposal in proposals {
            match (self.prepare)(&proposal) {
                Ok(Assignment { task, .. }) => self.pool.submit(task)?,
                Err(outcome) => end(book, journal, proposal.task, outcome, None, None)?,
            }
        }
        Ok(())
    }

    /// Tells one outcome. The explorer is asked before the next one is told, so that its knowledge
    /// at that time does not depend on the number of outcomes that arrived together.
    fn tell_due(&mut self, book: &mut Book, journal: &mut Journal) -> Result<(), ExploreError> {
        let Some(task) = book.due(self.config.order) else { return Ok(()) };
        let Some(trial) = book.told(task) else { return Ok(()) };
        self.explorer.tell(&trial.proposal, &trial.outcome)?;
        Ok(journal.append(&Record::Told { task }, Durability::Written)?)
    }

    fn ask_due(&mut self, book: &mut Book, journal: &mut Journal) -> Result<(), ExploreError> {
        let workers = self.pool.capacity().workers.len();
        while book.wants(&self.config, workers) {
            let last = book.last();
            let Some(proposal) = checked_ask(&mut *self.explorer, last)? else { break };
            let assignment = (self.prepare)(&proposal);
            let price = assignment.as_ref().map_or(0, |assignment| assignment.price);
            if !book.affords(&self.config, price) {
                // What was proposed last is not wanted any more; nor is anything after it.
                self.config.budget.evaluations = Some(book.trials.len() + book.open.len());
                break;
            }
            let memory = assignment.as_ref().ok().and_then(|assignment| assignment.task.memory);
            let record = Record::Asked { proposal: proposal.clone(), price, memory };
            let task = proposal.task;
            book.asked(proposal, price, memory)?;
            journal.append(&record, Durability::Written)?;
            match assignment {
                Ok(assignment) => self.pool.submit(assignment.task)?,
                Err(outcome) => end(book, journal, task, outcome, None, None)?,
            }
        }
        Ok(())
    }
}

/// Writes down an event and its consequences.
fn keep(book: &mut Book, journal: &mut Journal, event: &TaskEvent) -> Result<(), ExploreError> {
    let record = match event.clone() {
        TaskEvent::Started { task, worker, attempt } => Record::Started { task, worker, attempt },
        TaskEvent::Progress { task, value, .. } => Record::Progress { task, value },
        TaskEvent::Requeued { task, attempt, failure } => {
            Record::Requeued { task, attempt, failure }
        }
        TaskEvent::Finished { task, value, usage, .. } => {
            return end(book, journal, task, evaluation::outcome(value), Some(usage), None);
        }
        TaskEvent::Failed { task, failure, .. } => {
            return end(book, journal, task, outcome_of(&failure), None, Some(failure));
        }
        TaskEvent::WorkerLost { .. } | TaskEvent::WorkerJoined { .. } => return Ok(()),
    };
    Ok(journal.append(&record, Durability::Written)?)
}

fn end(
    book: &mut Book,
    journal: &mut Journal,
    task: u64,
    outcome: Outcome,
    usage: Option<Usage>,
    failure: Option<Failure>,
) -> Result<(), ExploreError> {
    let outcome = outcome.checked();
    let record = Record::Ended { task, outcome: outcome.clone(), usage, failure };
    journal.append(&record, Durability::Synced)?;
    book.ended(task, outcome, usage);
    Ok(())
}

/// The outcome of a failure for the explorer: a limit if one was known, otherwise the reason.
fn outcome_of(failure: &Failure) -> Outcome {
    match *failure {
        Failure::Rejected { estimate, limit } => {
            Outcome::Infeasible { resource: Resource::Memory, limit, found: estimate }
        }
        ref other => Outcome::Failed { reason: other.to_string() },
    }
}
