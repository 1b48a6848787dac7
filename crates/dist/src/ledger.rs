//! The state of every task: the rules of a pool without its processes and without a clock.

mod worker;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::{Capacity, DistError, Failure, Rules, TaskEvent, TaskSpec};
pub(crate) use worker::Worker;

/// All tasks and workers of a pool. Times count from an origin that the caller chooses.
#[derive(Debug)]
pub(crate) struct Ledger {
    rules: Rules,
    workers: Vec<Worker>,
    /// Tasks that have not ended, by the order of their submission.
    open: BTreeMap<u64, Entry>,
    places: BTreeMap<u64, u64>,
    submitted: u64,
    events: std::collections::VecDeque<TaskEvent>,
}

#[derive(Debug)]
struct Entry {
    spec: TaskSpec,
    attempts: u32,
    /// Attempts that ended before a process had taken the task, one after the other.
    false_starts: u32,
    /// Attempts that failed for a reason that may not recur.
    faults: u32,
    /// Workers that an attempt took down.
    victims: BTreeSet<usize>,
    runs: bool,
}

/// A task to start now.
#[derive(Debug)]
pub(crate) struct Start {
    pub(crate) spec: TaskSpec,
    pub(crate) worker: usize,
    pub(crate) attempt: u32,
}

impl Ledger {
    pub(crate) fn new(workers: Vec<Worker>, rules: Rules) -> Self {
        Self {
            rules,
            workers,
            open: BTreeMap::new(),
            places: BTreeMap::new(),
            submitted: 0,
            events: std::collections::VecDeque::new(),
        }
    }

    pub(crate) fn submit(&mut self, spec: TaskSpec) -> Result<(), DistError> {
        if self.places.contains_key(&spec.id) {
            return Err(DistError::KnownTask { task: spec.id });
        }
        spec.check()?;
        let place = self.submitted;
        self.submitted += 1;
        self.places.insert(spec.id, place);
        let most = self.capacity().most_memory();
        if let (Some(estimate), Some(limit)) = (spec.memory, most)
            && estimate > limit
        {
            let failure = Failure::Rejected { estimate, limit };
            self.events.push_back(TaskEvent::Failed { task: spec.id, attempts: 0, failure });
            return Ok(());
        }
        let false_starts = 0;
        let faults = 0;
        let victims = BTreeSet::new();
        let entry = Entry { spec, attempts: 0, false_starts, faults, victims, runs: false };
        self.open.insert(place, entry);
        Ok(())
    }

    /// The oldest waiting task that a free worker takes. A task that is too large for all free
    /// workers waits for a larger one, and later ones go first meanwhile.
    pub(crate) fn start(&mut self, now: Duration) -> Option<Start> {
        self.wake(now);
        for entry in self.open.values_mut().filter(|entry| !entry.runs) {
            let suits = |worker: &&Worker| worker.is_free() && worker.fits(entry.spec.memory);
            let free = self.workers.iter().filter(suits);
            // The smallest that will do, and one that the task has not taken down, if there is any.
            let best = free.min_by_key(|worker| {
                (entry.victims.contains(&worker.number), worker.memory.unwrap_or(u64::MAX))
            });
            let Some(worker) = best.map(|worker| worker.number) else { continue };
            entry.attempts = entry.attempts.saturating_add(1);
            entry.runs = true;
            let spec = entry.spec.clone();
            let attempt = entry.attempts;
            let task = spec.id;
            self.workers[worker].begin(task, now);
            self.events.push_back(TaskEvent::Started { task, worker, attempt });
            return Some(Start { spec, worker, attempt });
        }
        None
    }

    /// Reports an event of an open task; a task that has ended has no further events.
    pub(crate) fn tell(&mut self, task: u64, event: TaskEvent) {
        if self.entry(task).is_some() {
            self.events.push_back(event);
        }
    }

    /// A result of any attempt: the first one counts.
    pub(crate) fn finish(&mut self, task: u64, worker: usize, event: TaskEvent) {
        self.workers[worker].succeeded();
        if self.remove(task).is_some() {
            self.events.push_back(event);
        }
    }

    /// An attempt failed; the task waits for the next one, or fails.
    pub(crate) fn fail(&mut self, task: u64, worker: usize, failure: Failure, now: Duration) {
        if failure.is_passing() {
            if let Some(rest) = self.workers[worker].failed(&self.rules, now) {
                self.events.push_back(TaskEvent::WorkerLost { worker, rest });
            }
        } else {
            // A worker that can tell what is wrong with a task is sound.
            self.workers[worker].succeeded();
        }
        let rules = self.rules;
        let Some(entry) = self.entry(task) else { return };
        entry.runs = false;
        entry.faults = entry.faults.saturating_add(1);
        let attempts = entry.attempts;
        let faults = entry.faults;
        if matches!(failure, Failure::Signal { .. } | Failure::WorkerLost { .. }) {
            entry.victims.insert(worker);
        }
        let failure = match entry.victims.len() {
            workers if workers >= rules.poison && workers > 1 => {
                Failure::Poison { workers, last: Box::new(failure) }
            }
            _ if failure.is_passing() && faults < rules.attempts => {
                self.events.push_back(TaskEvent::Requeued { task, attempt: attempts, failure });
                return;
            }
            _ => failure,
        };
        self.remove(task);
        self.events.push_back(TaskEvent::Failed { task, attempts, failure });
    }

    /// An attempt ended before a process had taken the task, which waits for the next one. Returns
    /// the failure if that has happened too often to be chance.
    pub(crate) fn fail_to_start(
        &mut self,
        task: u64,
        worker: usize,
        failure: Failure,
        now: Duration,
    ) -> Option<Failure> {
        if let Some(rest) = self.workers[worker].failed(&self.rules, now) {
            self.events.push_back(TaskEvent::WorkerLost { worker, rest });
        }
        let most = self.rules.attempts;
        let entry = self.entry(task)?;
        entry.runs = false;
        entry.false_starts += 1;
        if entry.false_starts >= most {
            entry.false_starts = 0;
            return Some(failure);
        }
        let attempt = entry.attempts;
        self.events.push_back(TaskEvent::Requeued { task, attempt, failure });
        None
    }

    /// A process has taken the task.
    pub(crate) fn taken(&mut self, task: u64) {
        if let Some(entry) = self.entry(task) {
            entry.false_starts = 0;
        }
    }

    /// Lets a running task wait again as if it had not been started: the machine let it down.
    pub(crate) fn put_back(&mut self, task: u64) {
        if let Some(entry) = self.entry(task) {
            entry.runs = false;
        }
    }

    /// Ends an open task; returns `true` if it runs.
    pub(crate) fn cancel(&mut self, task: u64) -> Result<bool, DistError> {
        if !self.places.contains_key(&task) {
            return Err(DistError::UnknownTask { task });
        }
        let Some(entry) = self.remove(task) else { return Ok(false) };
        let attempts = entry.attempts;
        let failure = Failure::Cancelled;
        self.events.push_back(TaskEvent::Failed { task, attempts, failure });
        Ok(entry.runs)
    }

    /// A worker's process has ended, and it may take the next task.
    pub(crate) fn release(&mut self, worker: usize) {
        self.workers[worker].release();
    }

    pub(crate) fn event(&mut self) -> Option<TaskEvent> {
        self.events.pop_front()
    }

    /// The time at which the next resting worker wakes.
    pub(crate) fn next_wake(&self) -> Option<Duration> {
        self.workers.iter().filter_map(Worker::wakes).min()
    }

    /// `true` if no task is open.
    pub(crate) fn is_idle(&self) -> bool {
        self.open.is_empty()
    }

    pub(crate) fn capacity(&self) -> Capacity {
        Capacity {
            workers: self.workers.iter().map(|worker| worker.memory).collect(),
            resting: self.workers.iter().filter(|worker| worker.wakes().is_some()).count(),
            open: self.open.len() + self.events.iter().filter(|event| event.is_end()).count(),
        }
    }

    fn wake(&mut self, now: Duration) {
        for worker in &mut self.workers {
            if worker.wake(now) {
                let worker = worker.number;
                self.events.push_back(TaskEvent::WorkerJoined { worker });
            }
        }
    }

    fn entry(&mut self, task: u64) -> Option<&mut Entry> {
        self.open.get_mut(self.places.get(&task)?)
    }

    fn remove(&mut self, task: u64) -> Option<Entry> {
        self.open.remove(self.places.get(&task)?)
    }
}

#[cfg(test)]
mod tests;
