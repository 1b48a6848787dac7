//! The conclusion that a pool draws about a task from the end of its process.

use super::child::Exit;
use super::watch::Watch;
use crate::{Failure, words};

/// The beginning of the message that Rust prints before it aborts because memory is short.
const NO_MEMORY: &str = "memory allocation of";

/// Signals by which a process that ran out of memory ends: its own abort, and the system's kill.
const ABORT: i32 = 6;
const KILL: i32 = 9;

/// The cause of an end without a result.
#[derive(Debug)]
pub(super) enum Verdict {
    /// The task, which its process had taken.
    Task(Failure),
    /// Something else that ended the process before it had taken the task.
    Start(Failure),
    /// The machine or the program; the text tells what happened to the process.
    Pool(String),
}

/// The cause of the end of a process that ended without a result.
pub(super) fn of(exit: &Exit, watch: &Watch) -> Verdict {
    match exit {
        Exit::Unknown { happened } => Verdict::Pool(happened.clone()),
        Exit::Signal { signal, stderr, killed_for_memory } => {
            let aborted = *signal == ABORT && stderr.contains(NO_MEMORY);
            let failure = Failure::Signal { signal: *signal, stderr: words::worth(stderr) };
            match watch.ready {
                true if aborted || (*signal == KILL && *killed_for_memory) => {
                    Verdict::Task(watch.out_of_memory())
                }
                true => Verdict::Task(failure),
                false => Verdict::Start(failure),
            }
        }
        Exit::Code { code, stderr } => {
            let failure = Failure::Exited { code: *code, stderr: words::worth(stderr) };
            match watch.ready {
                true => Verdict::Task(failure),
                false => Verdict::Pool(before_its_task(&failure)),
            }
        }
    }
}

/// A description, for errors, of the end of a process that had not taken its task.
pub(super) fn before_its_task(failure: &Failure) -> String {
    match failure {
        Failure::Exited { code, stderr } => {
            let why = words::last(stderr).map_or_else(String::new, |line| format!(": {line}"));
            format!("exited with {code} before it took its task{why}")
        }
        Failure::WorkerLost { seconds } => format!("has not taken its task after {seconds} s"),
        other => format!("did not come to take its task: {other}"),
    }
}
