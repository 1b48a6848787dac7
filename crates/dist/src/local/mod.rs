//! A pool of child processes on this machine.

mod child;
mod config;
mod verdict;
mod watch;

use std::collections::{BTreeMap, VecDeque};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use crate::ledger::{Ledger, Start, Worker};
use crate::wire::{Job, Message, VERSION, Work};
use crate::{Capacity, DistError, Failure, Heard, TaskEvent, TaskPool, TaskSpec, Usage};
use child::{End, Said, Seat};
pub use config::{Launch, LocalConfig};
use verdict::Verdict;
use watch::Watch;

/// A pool that runs every task in a process of its own, so that running out of memory, aborting,
/// hanging and leaking end with the task.
///
/// A process is started for each attempt, as [`Launch`] describes, and gets its job; it answers
/// through [`worker::serve`](crate::worker::serve). A process that sends nothing for a lease, takes
/// longer than its task's deadline, or makes no progress is killed, with its process group. All
/// processes end with the pool, and with the process that holds the pool, however that ends.
///
/// A task is not blamed for events before its process has taken it. A program that cannot be
/// started, or ends with an exit code before it listens, ends the wait for events with
/// [`DistError::Process`], and so does one that is killed, or hangs, at every attempt. The tasks
/// are still open, and asking for events again tries again.
///
/// # Differences from the source
/// In the Preligens study's Algorithm 1 a process of the search's own group trains a candidate, and
/// one that runs out of memory ends them all.
#[derive(Debug)]
pub struct LocalPool {
    config: LocalConfig,
    ledger: Ledger,
    seats: Vec<Seat>,
    said: Receiver<Said>,
    running: BTreeMap<usize, Watch>,
    origin: Instant,
    /// Errors of the machine or the program that have not been told.
    wrong: VecDeque<DistError>,
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
        let launch = with_threads(launch, &config);
        let numbers = 0..config.workers.len();
        let seat = |number| Seat::new(number, launch.clone(), speak.clone());
        let seats = numbers.map(seat).collect::<Result<_, _>>()?;
        let workers = config.workers.iter().enumerate();
        let workers = workers.map(|(number, &memory)| Worker::new(number, memory)).collect();
        let ledger = Ledger::new(workers, config.rules);
        let running = BTreeMap::new();
        let origin = Instant::now();
        let wrong = VecDeque::new();
        Ok(Self { config, ledger, seats, said, running, origin, wrong })
    }

    /// Starts the smallest worker without a task, and waits until it would take one. This shows in
    /// advance whether the program can be started, and whether it fits its limit of memory.
    ///
    /// # Errors
    /// [`DistError::Limit`] when it does not, [`DistError::Process`] when it cannot be started, or
    /// is not ready after [`Rules::start`](crate::Rules::start), and those of [`LocalPool::new`].
    pub fn try_out(launch: &Launch, config: &LocalConfig) -> Result<(), DistError> {
        config.check()?;
        let (speak, said) = mpsc::channel();
        let seat = Seat::new(0, with_threads(launch, config), speak)?;
        let now = Instant::now();
        let rules = config.rules;
        let memory = config.workers.iter().copied().flatten().min();
        seat.start(Job { version: VERSION, work: None, memory, heartbeat: rules.heartbeat })?;
        let mut watch = Watch::new(&TaskSpec::default(), 1, memory, Duration::ZERO);
        let patience = watch.next(&rules);
        loop {
            let heard = said.recv_timeout(patience.saturating_sub(now.elapsed()));
            let failure = match heard.map(|said| said.end) {
                Ok(End::Message(Message::Ready)) => {
                    watch.begin(now.elapsed());
                    continue;
                }
                Ok(End::Message(Message::TooSmall { held })) => {
                    return Err(too_small(memory, held));
                }
                Ok(End::Message(_)) => continue,
                Ok(End::Exit(_)) if watch.ready => return Ok(()),
                Ok(End::Exit(exit)) => verdict::of(&exit, &watch),
                Err(_) => Verdict::Start(Failure::WorkerLost { seconds: rules.start }),
            };
            let happened = match failure {
                Verdict::Pool(happened) => happened,
                Verdict::Task(failure) | Verdict::Start(failure) => {
                    verdict::before_its_task(&failure)
                }
            };
            return Err(DistError::Process { worker: 0, happened });
        }
    }

    /// The processes of tasks that run now, by task, for programs that watch or test a pool.
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
            let work = Some(Work { task: spec.id, attempt, payload: spec.payload });
            let heartbeat = self.config.rules.heartbeat;
            self.seats[worker].start(Job { version: VERSION, work, memory, heartbeat })?;
            self.running.insert(worker, watch);
        }
        Ok(())
    }

    fn hear(&mut self, Said { worker, end }: Said) {
        let now = self.now();
        let Some(watch) = self.running.get_mut(&worker) else { return };
        watch.heard = now;
        let task = watch.task;
        let attempt = watch.attempt;
        match end {
            End::Message(Message::Ready) => {
                watch.begin(now);
                self.ledger.taken(task);
            }
            End::Message(Message::TooSmall { held }) => {
                let limit = self.config.workers[worker];
                self.let_down(worker, too_small(limit, held));
            }
            End::Message(Message::Machine { message }) => {
                self.let_down(worker, DistError::Machine { task, message });
            }
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
                match verdict::of(&exit, watch) {
                    Verdict::Task(failure) => self.settle(worker, failure),
                    Verdict::Start(failure) => self.settle_start(worker, failure),
                    Verdict::Pool(happened) => {
                        self.let_down(worker, DistError::Process { worker, happened });
                    }
                }
                self.running.remove(&worker);
                self.ledger.release(worker);
            }
        }
    }

    /// Keeps an error for the next caller that asks for events; the worker's task waits again.
    fn let_down(&mut self, worker: usize, wrong: DistError) {
        if let Some(watch) = self.running.get_mut(&worker)
            && !watch.settled
        {
            watch.settled = true;
            self.ledger.put_back(watch.task);
            self.wrong.push_back(wrong);
        }
    }

    /// Reports that a worker's process did not get to take its task.
    fn settle_start(&mut self, worker: usize, failure: Failure) {
        let now = self.now();
        let Some(watch) = self.running.get_mut(&worker).filter(|watch| !watch.settled) else {
            return;
        };
        watch.settled = true;
        if let Some(failure) = self.ledger.fail_to_start(watch.task, worker, failure, now) {
            let happened = verdict::before_its_task(&failure);
            self.wrong.push_back(DistError::Process { worker, happened });
        }
    }

    /// Reports the failure of a worker's attempt, unless the outcome of the attempt is known.
    fn settle(&mut self, worker: usize, failure: Failure) {
        let now = self.now();
        if let Some(watch) = self.running.get_mut(&worker)
            && !watch.settled
        {
            watch.settled = true;
            self.ledger.fail(watch.task, worker, failure, now);
        }
    }

    /// Kills processes that have taken too long.
    fn keep_time(&mut self) {
        let now = self.now();
        let rules = self.config.rules;
        let overdue: Vec<(usize, Failure)> = self
            .running
            .iter()
            .filter(|(_, watch)| !watch.killed)
            .filter_map(|(&worker, watch)| Some((worker, watch.overdue(&rules, now)?)))
            .collect();
        for (worker, failure) in overdue {
            match self.running.get(&worker).is_some_and(|watch| watch.ready) {
                true => self.settle(worker, failure),
                false => self.settle_start(worker, failure),
            }
            self.kill(worker);
        }
    }

    fn kill(&mut self, worker: usize) {
        if let Some(watch) = self.running.get_mut(&worker) {
            watch.killed = true;
            self.seats[worker].kill();
        }
    }

    /// The next time at which the pool must act even if no worker sends anything.
    fn next_time(&self) -> Option<Duration> {
        let alive = self.running.values().filter(|watch| !watch.killed);
        let overdue = alive.map(|watch| watch.next(&self.config.rules));
        overdue.chain(self.ledger.next_wake()).min()
    }

    /// Waits for a message of a worker, until `end` or until something has to be done.
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

/// The command that starts a worker with the configured number of threads.
fn with_threads(launch: &Launch, config: &LocalConfig) -> Launch {
    let mut launch = launch.clone();
    let threads = config.threads_each.to_string();
    launch.environment.push(("RAYON_NUM_THREADS".to_owned(), threads));
    launch
}

fn too_small(limit: Option<u64>, held: u64) -> DistError {
    DistError::Limit { limit: limit.unwrap_or(u64::MAX), held }
}

impl TaskPool for LocalPool {
    fn submit(&mut self, task: TaskSpec) -> Result<(), DistError> {
        self.ledger.submit(task)
    }

    fn next_event(&mut self, wait: Duration) -> Result<Heard, DistError> {
        let end = self.now().saturating_add(wait);
        loop {
            // What is wrong ends the wait before more is started in vain; what happened before,
            // counts.
            if self.wrong.is_empty() {
                self.start_all()?;
            }
            if let Some(event) = self.ledger.event() {
                return Ok(Heard::Event(event));
            }
            if let Some(wrong) = self.wrong.pop_front() {
                return Err(wrong);
            }
            if self.ledger.is_idle() {
                return Ok(Heard::Idle);
            }
            if self.now() >= end {
                return Ok(Heard::Nothing);
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
