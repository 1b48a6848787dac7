//! A pool of child processes on this machine.

mod child;
mod config;
mod verdict;
mod watch;

use std::collections::BTreeMap;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use crate::ledger::{Ledger, Start, Worker};
use crate::wire::Message;
use crate::{Capacity, DistError, Failure, TaskEvent, TaskPool, TaskSpec, Usage};
use child::{End, Said, Seat};
pub use config::{Launch, LocalConfig};
use watch::Watch;

/// A pool whose every task runs in a process of its own, so that running out of memory, aborting,
/// hanging and leaking end with the task.
///
/// A process is started for each attempt, as [`Launch`] says, and told its job; it answers through
/// [`worker::serve`](crate::worker::serve). A process that says nothing for a lease, takes longer than its
/// task's deadline, or makes no progress is killed, with its process group. All end with the pool, and
/// with the process the pool lives in, however that ends.
///
/// # Differences from the source
/// In the Preligens study's Algorithm 1 a process of the search's own group trains a candidate, and one that
/// runs out of memory ends them all.
#[derive(Debug)]
pub struct LocalPool {
    config: LocalConfig,
    ledger: Ledger,
    seats: Vec<Seat>,
    said: Receiver<Said>,
    running: BTreeMap<usize, Watch>,
    origin: Instant,
}

impl LocalPool {
    /// A pool of `config.workers` workers; no process is started before there is a task.
    ///
    /// # Errors
    /// [`DistError::Rules`] for a configuration that makes no sense, [`DistError::Worker`] when the
    /// system gives no threads.
    pub fn new(launch: &Launch, config: LocalConfig) -> Result<Self, DistError> {
        config.check()?;
        let (speak, said) = mpsc::channel();
        let mut launch = launch.clone();
        let threads = config.threads_each.to_string();
        launch.environment.push(("RAYON_NUM_THREADS".to_owned(), threads));
        let numbers = 0..config.workers.len();
        let seat = |number| Seat::new(number, launch.clone(), speak.clone());
        let seats = numbers.map(seat).collect::<Result<_, _>>()?;
        let workers = config.workers.iter().enumerate();
        let workers = workers.map(|(number, &memory)| Worker::new(number, memory)).collect();
        let ledger = Ledger::new(workers, config.rules);
        let (running, origin) = (BTreeMap::new(), Instant::now());
        Ok(Self { config, ledger, seats, said, running, origin })
    }

    /// The processes of tasks that run now, by task: for whoever watches or tests a pool.
    pub fn processes(&self) -> BTreeMap<u64, u32> {
        let processes = self.running.iter();
        processes.filter_map(|(&seat, watch)| Some((watch.task, self.seats[seat].id()?))).collect()
    }

    fn now(&self) -> Duration {
        self.origin.elapsed()
    }

    fn start_all(&mut self) -> Result<(), DistError> {
        while let Some(Start { spec, worker, attempt }) = self.ledger.start(self.now()) {
            let memory = self.config.workers[worker];
            let watch = Watch::new(&spec, attempt, memory, self.now());
            self.seats[worker].start(spec, attempt, memory, self.config.rules.heartbeat)?;
            self.running.insert(worker, watch);
        }
        Ok(())
    }

    fn hear(&mut self, Said { worker, end }: Said) {
        let now = self.now();
        let Some(watch) = self.running.get_mut(&worker) else { return };
        watch.heard = now;
        let (task, attempt) = (watch.task, watch.attempt);
        match end {
            End::Message(Message::Heartbeat { peak }) => watch.peak = watch.peak.max(peak),
            End::Message(Message::Progress { value }) => {
                watch.progressed = now;
                self.ledger.tell(task, TaskEvent::Progress { task, attempt, value });
            }
            End::Message(Message::Done { value, peak }) => {
                watch.settled = true;
                let seconds = (now - watch.started).as_secs_f64();
                let usage = Usage { seconds, peak: watch.peak.max(peak) };
                let event = TaskEvent::Finished { task, worker, attempt, value, usage };
                self.ledger.finish(task, worker, event);
            }
            End::Message(Message::Failed { failure, peak }) => {
                watch.peak = watch.peak.max(peak);
                let failure = watch.named(failure);
                self.settle(worker, failure);
            }
            End::Exit(exit) => {
                let failure = verdict::of(&exit, watch);
                self.settle(worker, failure);
                self.running.remove(&worker);
                self.ledger.release(worker);
            }
        }
    }

    /// Tells the failure of a worker's attempt, unless what became of it is known.
    fn settle(&mut self, worker: usize, failure: Failure) {
        let now = self.now();
        if let Some(watch) = self.running.get_mut(&worker)
            && !watch.settled
        {
            watch.settled = true;
            self.ledger.fail(watch.task, worker, failure, now);
        }
    }

    /// Kills what has taken too long.
    fn keep_time(&mut self) {
        let (now, rules) = (self.now(), self.config.rules);
        let overdue: Vec<(usize, Failure)> = self
            .running
            .iter()
            .filter(|(_, watch)| !watch.killed)
            .filter_map(|(&worker, watch)| Some((worker, watch.overdue(&rules, now)?)))
            .collect();
        for (worker, failure) in overdue {
            self.settle(worker, failure);
            self.kill(worker);
        }
    }

    fn kill(&mut self, worker: usize) {
        if let Some(watch) = self.running.get_mut(&worker) {
            watch.killed = true;
            self.seats[worker].kill();
        }
    }

    /// When something has to be done although nobody says anything.
    fn next_time(&self) -> Option<Duration> {
        let alive = self.running.values().filter(|watch| !watch.killed);
        let overdue = alive.map(|watch| watch.next(&self.config.rules));
        overdue.chain(self.ledger.next_wake()).min()
    }

    /// Waits for a worker to say something, until `end` or until something has to be done.
    fn listen(&mut self, end: Duration) -> Result<(), DistError> {
        let until = self.next_time().map_or(end, |next| next.min(end));
        match self.said.recv_timeout(until.saturating_sub(self.now())) {
            Ok(said) => self.hear(said),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                let message = "all threads of the pool have ended".to_owned();
                return Err(DistError::Worker { worker: 0, message });
            }
        }
        // What has been said counts before what has been waited for.
        while let Ok(said) = self.said.try_recv() {
            self.hear(said);
        }
        self.keep_time();
        Ok(())
    }
}

impl TaskPool for LocalPool {
    fn submit(&mut self, task: TaskSpec) -> Result<(), DistError> {
        self.ledger.submit(task)
    }

    fn next_event(&mut self, wait: Duration) -> Result<Option<TaskEvent>, DistError> {
        let end = self.now() + wait;
        loop {
            self.start_all()?;
            if let Some(event) = self.ledger.event() {
                return Ok(Some(event));
            }
            if self.ledger.is_idle() || self.now() >= end {
                return Ok(None);
            }
            self.listen(end)?;
        }
    }

    fn cancel(&mut self, task: u64) -> Result<(), DistError> {
        if self.ledger.cancel(task)? {
            let found = self.running.iter_mut().find(|(_, watch)| watch.task == task);
            if let Some((&worker, watch)) = found {
                watch.settled = true;
                self.kill(worker);
            }
        }
        Ok(())
    }

    fn capacity(&self) -> Capacity {
        self.ledger.capacity()
    }
}
