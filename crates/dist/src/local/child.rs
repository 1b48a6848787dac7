//! A worker's seat: a thread that starts its processes and listens to them.

use std::io::{self, BufRead, BufReader, Read};
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::Launch;
use crate::wire::{self, Job, Message};
use crate::{DistError, TaskSpec};

/// What is heard from a seat.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) worker: usize,
    pub(super) end: End,
}

#[derive(Debug)]
pub(super) enum End {
    Message(Message),
    /// The process has ended; nothing more comes from this attempt.
    Exit(Exit),
}

/// How a process ended.
#[derive(Debug)]
pub(super) enum Exit {
    NotStarted { message: String },
    Code { code: i32, stderr: String },
    Signal { signal: i32, stderr: String, killed_for_memory: bool },
}

/// A thread for a worker's processes, one after the other. It lives as long as the pool, since
/// the system ends a process together with the thread that started it.
#[derive(Debug)]
pub(super) struct Seat {
    number: usize,
    jobs: Option<Sender<Job>>,
    child: Arc<Mutex<Option<Child>>>,
    thread: Option<JoinHandle<()>>,
}

impl Seat {
    pub(super) fn new(
        number: usize,
        launch: Launch,
        speak: Sender<Said>,
    ) -> Result<Self, DistError> {
        let (jobs, orders) = mpsc::channel::<Job>();
        let child = Arc::new(Mutex::new(None));
        let place = Arc::clone(&child);
        let run = move || {
            for job in orders {
                let exit = attend(&launch, &job, &place, |message| {
                    // A pool that is gone kills the process, and this loop ends.
                    let _ = speak.send(Said { worker: number, end: End::Message(message) });
                });
                let _ = speak.send(Said { worker: number, end: End::Exit(exit) });
            }
        };
        let thread = thread::Builder::new().name(format!("worker {number}")).spawn(run);
        let thread = thread
            .map_err(|error| DistError::Worker { worker: number, message: error.to_string() })?;
        Ok(Self { number, jobs: Some(jobs), child, thread: Some(thread) })
    }

    pub(super) fn start(
        &self,
        spec: TaskSpec,
        attempt: u32,
        memory: Option<u64>,
        heartbeat: f64,
    ) -> Result<(), DistError> {
        let (version, task, payload) = (wire::VERSION, spec.id, spec.payload);
        let job = Job { version, task, attempt, payload, memory, heartbeat };
        let sent = self.jobs.as_ref().map(|jobs| jobs.send(job));
        match sent {
            Some(Ok(())) => Ok(()),
            _ => Err(DistError::Worker {
                worker: self.number,
                message: "its thread has ended".to_owned(),
            }),
        }
    }

    pub(super) fn id(&self) -> Option<u32> {
        lock(&self.child).as_ref().map(Child::id)
    }

    /// Kills the process, if there is one, and what it started.
    pub(super) fn kill(&self) {
        if let Some(child) = lock(&self.child).as_mut() {
            kill_group(child);
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.jobs = None;
        // Between the end of one job and the start of the next there is no process to kill yet.
        while self.thread.as_ref().is_some_and(|thread| !thread.is_finished()) {
            self.kill();
            thread::sleep(Duration::from_millis(1));
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn lock(child: &Mutex<Option<Child>>) -> MutexGuard<'_, Option<Child>> {
    child.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Starts a process, tells it its job, and listens until it has ended.
fn attend(
    launch: &Launch,
    job: &Job,
    place: &Mutex<Option<Child>>,
    mut hear: impl FnMut(Message),
) -> Exit {
    let before = memory_kills();
    let not_started = |error: io::Error| Exit::NotStarted { message: error.to_string() };
    let mut child = match spawn(launch) {
        Ok(child) => child,
        Err(error) => return not_started(error),
    };
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    *lock(place) = Some(child);
    let last_words = stderr.map(|stderr| thread::spawn(move || last_words(stderr)));
    // Its input stays open as long as it is wanted.
    let told = stdin.map(|mut stdin| {
        // A process that has ended already says so by its exit.
        let _ = wire::write(&mut stdin, job);
        stdin
    });
    if let Some(stdout) = stdout {
        for line in BufReader::new(stdout).split(b'\n').map_while(Result::ok) {
            if let Some(message) = wire::parse(&line) {
                hear(message);
            }
        }
    }
    let status = wait(place);
    drop(told);
    let words = last_words.and_then(|thread| thread.join().ok());
    let stderr = words.unwrap_or_default();
    match status {
        Ok(status) => exit(status, stderr, memory_kills() > before),
        Err(error) => not_started(error),
    }
}

fn spawn(launch: &Launch) -> io::Result<Child> {
    let mut command = Command::new(&launch.program);
    command.args(&launch.arguments).envs(launch.environment.iter().cloned());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // A Ctrl-C on the terminal is the pool's owner's to answer.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command.spawn()
}

/// Waits for a process that has closed its output; others may kill it meanwhile.
fn wait(place: &Mutex<Option<Child>>) -> io::Result<ExitStatus> {
    let mut pause = Duration::from_micros(50);
    loop {
        let mut child = lock(place);
        let Some(running) = child.as_mut() else {
            return Err(io::Error::other("the process is gone"));
        };
        if let Some(status) = running.try_wait()? {
            // What it started must not outlive it.
            kill_group(running);
            *child = None;
            return Ok(status);
        }
        drop(child);
        thread::sleep(pause);
        pause = (2 * pause).min(Duration::from_millis(10));
    }
}

#[cfg(unix)]
fn kill_group(child: &mut Child) {
    use rustix::process::{Pid, Signal, kill_process_group};
    let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let _ = group.map(|group| kill_process_group(group, Signal::KILL));
    let _ = child.kill();
}

#[cfg(not(unix))]
fn kill_group(child: &mut Child) {
    let _ = child.kill();
}

#[cfg(unix)]
fn exit(status: ExitStatus, stderr: String, killed_for_memory: bool) -> Exit {
    use std::os::unix::process::ExitStatusExt as _;
    match status.signal() {
        Some(signal) => Exit::Signal { signal, stderr, killed_for_memory },
        None => Exit::Code { code: status.code().unwrap_or(-1), stderr },
    }
}

#[cfg(not(unix))]
fn exit(status: ExitStatus, stderr: String, _: bool) -> Exit {
    Exit::Code { code: status.code().unwrap_or(-1), stderr }
}

/// Bytes of stderr that are kept.
const WORDS: usize = 4096;

fn last_words(mut stderr: ChildStderr) -> String {
    let (mut words, mut chunk) = (Vec::new(), [0; WORDS]);
    while let Ok(read) = stderr.read(&mut chunk) {
        if read == 0 {
            break;
        }
        words.extend_from_slice(&chunk[..read]);
        let excess = words.len().saturating_sub(WORDS);
        words.drain(..excess);
    }
    String::from_utf8_lossy(&words).into_owned()
}

/// How often this system has killed a process for want of memory.
fn memory_kills() -> u64 {
    let counters = std::fs::read_to_string("/proc/vmstat").unwrap_or_default();
    let count = counters.lines().find_map(|line| line.strip_prefix("oom_kill "));
    count.and_then(|count| count.trim().parse().ok()).unwrap_or(0)
}
