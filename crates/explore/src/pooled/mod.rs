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

/// What is to be done with a proposal.
#[derive(Clone, Debug, PartialEq)]
pub struct Assignment {
    /// The task, whose number must be the proposal's; its result must be an [`Outcome`] as JSON.
    pub task: TaskSpec,
    /// What it takes off the budget, such as the multiply-adds of its training.
    pub price: u64,
}

/// A discrete search whose proposals are evaluated by a pool, and which survives them and itself.
///
/// ```text
/// until the budget is spent:
///     ask while the pace wants proposals, submit them
///     wait for an event of the pool
///     tell outcomes in their order
/// ```
///
/// Everything is in the journal before something follows from it. [`PooledSearch::run`] on the journal of a search
/// that was killed goes on: outcomes that are known are not evaluated again, tasks that were open are
/// submitted again, and nothing is told twice. With [`Order::Submission`] and a stated number of open
/// proposals, what is proposed depends neither on the number of workers nor on interruptions.
///
/// Source: A. Cazasnoves, P.-A. Ganaye, K. Sanchis and T. Ceillier, *Neural Architecture Search in operational
/// context: a remote sensing case-study*, 2021 (the Preligens study), Algorithm 1.
///
/// # Differences from the source
/// The generation of Algorithm 1 is [`Pace::Generational`]. There, the first worker cannot answer while it trains a
/// candidate of its own, and a candidate that runs out of memory ends the search; here candidates are tasks of a
/// pool, and what becomes of them are outcomes.
pub struct PooledSearch<'a> {
    /// Proposes.
    pub explorer: &'a mut dyn Explorer,
    /// Evaluates.
    pub pool: &'a mut dyn TaskPool,
    /// Makes a task of a proposal, or knows its outcome already: a broken limit.
    pub prepare: &'a mut dyn FnMut(&Proposal) -> Result<Assignment, Outcome>,
    /// How many are open at once, and until when.
    pub config: PooledConfig,
    /// Everything that outcomes depend on: how candidates are judged, and on which data; the journal of
    /// another is refused. The explorer needs none: its proposals are compared one by one.
    pub identity: Identity,
}

impl fmt::Debug for PooledSearch<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("PooledSearch");
        debug.field("explorer", &self.explorer).field("config", &self.config);
        debug.finish_non_exhaustive()
    }
}

/// How a search stands, told after everything that happens.
#[derive(Debug)]
pub struct Standing<'s> {
    /// What happened last; `None` at the beginning.
    pub event: Option<&'s TaskEvent>,
    /// What has been told so far.
    pub trials: &'s [Trial],
    /// Proposals that are open.
    pub open: usize,
    /// Prices of all proposals so far.
    pub spent: u64,
    memory: &'s BTreeMap<u64, MemoryUse>,
}

impl Standing<'_> {
    /// The memory of a task, as far as somebody predicted or measured it.
    pub fn memory(&self, task: u64) -> MemoryUse {
        self.memory.get(&task).copied().unwrap_or_default()
    }

    /// The best so far.
    pub fn best(&self) -> Option<&Trial> {
        best(self.trials)
    }
}

/// How long events are waited for before an observer is asked whether to go on.
const WAIT: Duration = Duration::from_millis(200);

impl PooledSearch<'_> {
    /// Searches until the budget is spent or the explorer has nothing left to propose; `None` when
    /// `observe` stopped it, which is asked five times a second where nothing happens.
    ///
    /// `past` is what the journal held when it was opened. All trials are returned, those of earlier
    /// processes included, in the order in which they were told.
    ///
    /// # Errors
    /// Those of the explorer, the pool and the journal; [`ExploreError::Journal`] for the journal of
    /// another search. What the machine lacks is an error of the pool: nothing of it is written or told. What the
    /// journal holds is not lost, and running again goes on.
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
            let (trials, open, spent) = (&*book.trials, book.open.len(), book.spent);
            let (event, memory) = (last.as_ref(), &book.memory);
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

    /// Tasks that were open when an earlier process ended.
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

    /// Tells one outcome. The explorer is asked before the next one is told, so that what it knows
    /// when it is asked does not depend on how many outcomes came together.
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

/// Writes down an event, and what follows from it.
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

/// What an explorer is told of a failure: a limit where one was known, and the reason elsewhere.
fn outcome_of(failure: &Failure) -> Outcome {
    match *failure {
        Failure::Rejected { estimate, limit } => {
            Outcome::Infeasible { resource: Resource::Memory, limit, found: estimate }
        }
        ref other => Outcome::Failed { reason: other.to_string() },
    }
}
