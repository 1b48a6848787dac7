//! A worker's seat: a thread that starts its processes and listens to them.

use std::io::{self, BufRead, BufReader, Read};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::Launch;
use crate::DistError;
use crate::wire::{self, Job, Message};

/// A message from a seat.
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

/// The end of a process.
#[derive(Debug)]
pub(super) enum Exit {
    /// There was no process, or its end is unknown.
    Unknown {
        happened: String,
    },
    Code {
        code: i32,
        stderr: String,
    },
    Signal {
        signal: i32,
        stderr: String,
        killed_for_memory: bool,
    },
}

/// A thread for a worker's processes, one after the other. It lives as long as the pool, since
/// the system ends a process together with the thread that started it.
#[derive(Debug)]
pub(super) struct Seat {
    number: usize,
    jobs: Option<Sender<Job>>,
    place: Arc<Mutex<Place>>,
    thread: Option<JoinHandle<()>>,
}

/// The state that a seat's thread shares with its pool.
#[derive(Debug, Default)]
struct Place {
    child: Option<Child>,
    /// The job is no longer wanted, whether its process has been started or not.
    unwanted: bool,
}

impl Seat {
    pub(super) fn new(
        number: usize,
        launch: Launch,
        speak: Sender<Said>,
    ) -> Result<Self, DistError> {
        let (jobs, orders) = mpsc::channel::<Job>();
        let place = Arc::new(Mutex::new(Place::default()));
        let shared = Arc::clone(&place);
        let run = move || {
            for job in orders {
                let exit = attend(&launch, &job, &shared, |message| {
                    // A pool that is gone kills the process, and this loop ends.
                    let _ = speak.send(Said { worker: number, end: End::Message(message) });
                });
                let _ = speak.send(Said { worker: number, end: End::Exit(exit) });
            }
        };
        let thread = thread::Builder::new().name(format!("worker {number}")).spawn(run);
        let thread = thread
            .map_err(|error| DistError::Worker { worker: number, message: error.to_string() })?;
        Ok(Self { number, jobs: Some(jobs), place, thread: Some(thread) })
    }

    /// Starts a process for a job; the one before must have ended.
    pub(super) fn start(&self, job: Job) -> Result<(), DistError> {
        lock(&self.place).unwanted = false;
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
        lock(&self.place).child.as_ref().map(Child::id)
    }

    /// Kills the process and its children. A process that is just being started ends as soon as it
    /// is there.
    pub(super) fn kill(&self) {
        let mut place = lock(&self.place);
        place.unwanted = true;
        if let Some(child) = &mut place.child {
            kill_group(child);
        }
    }
}

/// The time for which the pool waits for the end of a killed process.
const PATIENCE: Duration = Duration::from_millis(500);

impl Drop for Seat {
    fn drop(&mut self) {
        self.jobs = None;
        let Some(thread) = self.thread.take() else { return };
        let begin = Instant::now();
        // Between the end of one job and the start of the next there is nothing to kill yet.
        while !thread.is_finished() {
            self.kill();
            if begin.elapsed() > PATIENCE {
                // Killed, but held by the system, or its output by a process that left its group:
                // whoever drops the pool does not have to wait for that.
                return;
            }
            thread::sleep(Duration::from_millis(1));
        }
        let _ = thread.join();
    }
}

fn lock(place: &Mutex<Place>) -> MutexGuard<'_, Place> {
    place.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Starts a process, sends it its job, and listens until it has ended.
fn attend(launch: &Launch, job: &Job, place: &Mutex<Place>, hear: impl FnMut(Message)) -> Exit {
    let before = memory_kills();
    let heard = spawn(launch, place).and_then(|streams| listen(streams, job, place, hear));
    match heard {
        Ok(Heard { status, stderr }) => exit(status, stderr, memory_kills() > before),
        Err(error) => {
            let happened = format!("could not be started: {error}");
            Exit::Unknown { happened }
        }
    }
}

/// The ends of a process's pipes.
struct Streams {
    stdin: Option<ChildStdin>,
    stdout: Option<ChildStdout>,
    stderr: Option<ChildStderr>,
}

struct Heard {
    status: io::Result<ExitStatus>,
    stderr: String,
}

fn listen(
    streams: Streams,
    job: &Job,
    place: &Mutex<Place>,
    mut hear: impl FnMut(Message),
) -> io::Result<Heard> {
    let Streams { stdin, stdout, stderr } = streams;
    let words = stderr.map(|stderr| thread::Builder::new().spawn(move || last_words(stderr)));
    let words = match words.transpose() {
        Ok(words) => words,
        Err(error) => {
            // Nobody would read what it says, and it would wait for ever.
            if let Some(child) = &mut lock(place).child {
                kill_group(child);
            }
            let _ = wait(place);
            return Err(error);
        }
    };
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
    let stderr = words.and_then(|thread| thread.join().ok()).unwrap_or_default();
    Ok(Heard { status, stderr })
}

/// Milliseconds between attempts to start a process, for resources that a system may have again in
/// a moment: processes, memory, open files, a program that is being written.
const PAUSES: [u64; 5] = [100, 200, 400, 800, 1600];

fn spawn(launch: &Launch, place: &Mutex<Place>) -> io::Result<Streams> {
    for pause in PAUSES {
        match spawn_once(launch, place) {
            Err(error) if is_passing(&error) => sleep(Duration::from_millis(pause), place),
            done => return done,
        }
    }
    spawn_once(launch, place)
}

fn is_passing(error: &io::Error) -> bool {
    use io::ErrorKind::{ExecutableFileBusy, Interrupted, OutOfMemory, ResourceBusy, WouldBlock};
    /// Too many open files in this process, and in the system.
    const FILES: [i32; 2] = [24, 23];
    let files = error.raw_os_error().is_some_and(|code| cfg!(unix) && FILES.contains(&code));
    let kinds = [ExecutableFileBusy, Interrupted, OutOfMemory, ResourceBusy, WouldBlock];
    files || kinds.contains(&error.kind())
}

/// Sleeps for as long as the job is wanted.
fn sleep(pause: Duration, place: &Mutex<Place>) {
    const NAP: Duration = Duration::from_millis(10);
    let mut left = pause;
    while !left.is_zero() && !lock(place).unwanted {
        let nap = left.min(NAP);
        thread::sleep(nap);
        left -= nap;
    }
}

fn spawn_once(launch: &Launch, place: &Mutex<Place>) -> io::Result<Streams> {
    let mut command = Command::new(&launch.program);
    command.args(&launch.arguments).envs(launch.environment.iter().cloned());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // A Ctrl-C on the terminal is the pool's owner's to answer.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    // Held over the start, so that whoever does not want the process any more finds it.
    let mut place = lock(place);
    if place.unwanted {
        return Err(io::Error::other("it is not wanted any more"));
    }
    let mut child = command.spawn()?;
    let stdin = child.stdin.take();
    let stdout = child.stdout.take();
    let stderr = child.stderr.take();
    place.child = Some(child);
    Ok(Streams { stdin, stdout, stderr })
}

/// Waits for a process that has closed its output; others may kill it meanwhile.
fn wait(place: &Mutex<Place>) -> io::Result<ExitStatus> {
    let mut pause = Duration::from_micros(50);
    loop {
        let mut place = lock(place);
        let Some(running) = place.child.as_mut() else {
            return Err(io::Error::other("the process is gone"));
        };
        if let Some(status) = running.try_wait().transpose() {
            // What it started must not outlive it.
            kill_group(running);
            place.child = None;
            return status;
        }
        drop(place);
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

fn exit(status: io::Result<ExitStatus>, stderr: String, killed_for_memory: bool) -> Exit {
    let status = match status {
        Ok(status) => status,
        Err(error) => return Exit::Unknown { happened: format!("cannot be waited for: {error}") },
    };
    match (status.code(), signal(status)) {
        (None, Some(signal)) => Exit::Signal { signal, stderr, killed_for_memory },
        (code, _) => Exit::Code { code: code.unwrap_or(-1), stderr },
    }
}

#[cfg(unix)]
fn signal(status: ExitStatus) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(&status)
}

#[cfg(not(unix))]
fn signal(_: ExitStatus) -> Option<i32> {
    None
}

/// Bytes of stderr that are kept until its process has ended: a panic stands before its backtrace.
const WORDS: usize = 1 << 16;

fn last_words(mut stderr: ChildStderr) -> String {
    let mut words = Vec::new();
    let mut chunk = [0; WORDS];
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

/// The number of processes that this system has killed because memory was short.
fn memory_kills() -> u64 {
    let counters = std::fs::read_to_string("/proc/vmstat").unwrap_or_default();
    let count = counters.lines().find_map(|line| line.strip_prefix("oom_kill "));
    count.and_then(|count| count.trim().parse().ok()).unwrap_or(0)
}
