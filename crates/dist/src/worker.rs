//! The other side of a [`LocalPool`](crate::LocalPool): the part of a program that runs when it is
//! a worker.

mod limits;

use std::any::Any;
use std::fmt;
use std::io::{self, BufRead, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::wire::{self, Job, Message, Work};
use crate::{DistError, Failure};

pub use limits::peak_memory;

/// The task of a worker.
#[derive(Clone, Debug, PartialEq)]
pub struct Assignment {
    /// The task's number, for seeds.
    pub task: u64,
    /// The number of times it has been started, this one included.
    pub attempt: u32,
    /// The payload that its submitter gave.
    pub payload: Value,
}

/// The reason for which a handler has no result.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TaskError {
    /// A number is not finite: its name and place.
    NonFinite(String),
    /// A device has no memory left.
    OutOfMemory,
    /// The machine let the task down: a disk is full, a file cannot be read. The task is not at
    /// fault; its pool reports this as [`DistError::Machine`] and keeps the task open.
    Machine(String),
    /// Anything else, for people.
    Other(String),
}

impl TaskError {
    /// The failure of the task, or, if the task is not at fault, the message.
    pub(crate) fn failure(self) -> Result<Failure, String> {
        Ok(match self {
            Self::NonFinite(message) => Failure::NonFinite { message },
            Self::OutOfMemory => Failure::OutOfMemory { estimate: None, limit: None, peak: None },
            Self::Other(message) => Failure::Refused { message },
            Self::Machine(message) => return Err(message),
        })
    }
}

/// The sender of a handler's reports of progress.
pub struct Reporter<'a> {
    send: &'a dyn Fn(&Message) -> io::Result<()>,
}

impl fmt::Debug for Reporter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reporter").finish_non_exhaustive()
    }
}

impl Reporter<'_> {
    /// Tells the pool the progress of the task.
    pub fn progress(&mut self, value: Value) {
        // A pool that is gone ends this process soon, and there is nobody else to tell.
        let _ = (self.send)(&Message::Progress { value });
    }
}

/// Reads one job from `input`, runs it, and writes its outcome to `output`.
///
/// Call it if the program is started as a worker, with `std::io::stdin()` and `std::io::stdout()`,
/// and exit with the code it returns. The process may have no more memory than the job says (the
/// limit of its writable data; Linux). It ends with the pool, because its standard input ends then.
/// A panic of the handler is reported with its message; a panic of another thread counts when it
/// reaches the handler.
///
/// The limit counts the memory that the program's allocator has reserved, used or not. If an
/// allocator reserves much at once, make it reserve little in workers, usually by
/// [`Launch::environment`](crate::Launch).
///
/// # Errors
/// [`DistError::NoJob`] if the first line is not a job of this version, [`DistError::Thread`] if
/// the system gives no threads.
pub fn serve(
    input: impl Read + Send + 'static,
    output: impl Write + Send + 'static,
    handler: impl FnOnce(&Assignment, &mut Reporter<'_>) -> Result<Value, TaskError>,
) -> Result<ExitCode, DistError> {
    let mut input = io::BufReader::new(input);
    let Job { memory, heartbeat, work, .. } = job(&mut input)?;
    let output = Arc::new(Mutex::new(output));
    let send = {
        let output = Arc::clone(&output);
        move |message: &Message| match output.lock() {
            Ok(mut output) => wire::write(&mut *output, message),
            Err(_) => Err(io::Error::other("a thread panicked while it wrote")),
        }
    };
    let sent = |message| match send(&message) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    };
    watch(input)?;
    beat(output, Duration::try_from_secs_f64(heartbeat).unwrap_or(Duration::MAX))?;
    // Behind the threads, whose stacks count.
    limits::apply(memory);
    if let (Some(limit), Some(held)) = (memory, limits::held())
        && held >= limit
    {
        return Ok(sent(Message::TooSmall { held }));
    }
    let Some(Work { task, attempt, payload }) = work else { return Ok(sent(Message::Ready)) };
    if send(&Message::Ready).is_err() {
        return Ok(ExitCode::FAILURE);
    }
    let assignment = Assignment { task, attempt, payload };
    let mut reporter = Reporter { send: &send };
    let result = catch_unwind(AssertUnwindSafe(|| handler(&assignment, &mut reporter)));
    let peak = peak_memory();
    let failure = match result {
        Ok(Ok(value)) => return Ok(sent(Message::Done { value, peak })),
        Ok(Err(error)) => error.failure(),
        Err(panic) => Ok(Failure::Panicked { message: panic_text(&*panic) }),
    };
    Ok(sent(match failure {
        Ok(failure) => Message::Failed { failure, peak },
        Err(message) => Message::Machine { message },
    }))
}

fn job(input: &mut impl BufRead) -> Result<Job, DistError> {
    let mut line = Vec::new();
    let refused = |found: String| Err(DistError::NoJob { found });
    // An empty line comes before each value.
    while line.iter().all(u8::is_ascii_whitespace) {
        line.clear();
        match input.read_until(b'\n', &mut line) {
            Ok(0) => return refused("nothing".to_owned()),
            Ok(_) => {}
            Err(error) => return refused(error.to_string()),
        }
    }
    match wire::parse::<Job>(&line) {
        Some(job) if job.version == wire::VERSION => Ok(job),
        Some(job) => refused(format!("version {} of the protocol", job.version)),
        None => refused(String::from_utf8_lossy(&line).trim().to_owned()),
    }
}

/// Ends this process when its input ends: nobody waits for its result any more.
fn watch(mut input: impl Read + Send + 'static) -> Result<(), DistError> {
    start(move || {
        let mut rest = [0; 64];
        while matches!(input.read(&mut rest), Ok(read) if read > 0) {}
        std::process::exit(1);
    })
}

fn beat(
    output: Arc<Mutex<impl Write + Send + 'static>>,
    interval: Duration,
) -> Result<(), DistError> {
    start(move || {
        loop {
            let beat = Message::Heartbeat { peak: peak_memory() };
            let Ok(mut output) = output.lock() else { return };
            if wire::write(&mut *output, &beat).is_err() {
                return;
            }
            drop(output);
            thread::sleep(interval);
        }
    })
}

/// Starts a thread that nobody waits for. `thread::spawn` would panic if the system has no thread
/// left.
fn start(run: impl FnOnce() + Send + 'static) -> Result<(), DistError> {
    let thread = thread::Builder::new().spawn(run);
    thread.map(|_| ()).map_err(|source| DistError::Thread { source })
}

/// The message of a panic.
pub(crate) fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "a value that is no text".to_owned())
}
