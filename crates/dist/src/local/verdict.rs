//! What the end of a process says about its task.

use super::child::Exit;
use super::watch::Watch;
use crate::Failure;

/// What Rust prints before it aborts for want of memory.
const NO_MEMORY: &str = "memory allocation of";

/// Signals by which a process that ran out of memory ends: its own abort, and the system's kill.
const ABORT: i32 = 6;
const KILL: i32 = 9;

/// Why a process that ended without a result did so.
pub(super) fn of(exit: &Exit, watch: &Watch) -> Failure {
    match exit {
        Exit::NotStarted { message } => Failure::NotStarted { message: message.clone() },
        Exit::Signal { signal, stderr, killed_for_memory } => {
            let aborted = *signal == ABORT && stderr.contains(NO_MEMORY);
            if aborted || (*signal == KILL && *killed_for_memory) {
                return watch.out_of_memory();
            }
            Failure::Signal { signal: *signal, stderr: stderr.clone() }
        }
        Exit::Code { code, stderr } => Failure::Exited { code: *code, stderr: stderr.clone() },
    }
}
