//! Limits that the system sets to this process.

/// Makes a file that would grow beyond the limit (`ulimit -f`) an error of the write, which names
/// the file: left alone, the system's signal ends the process without a word.
#[cfg(unix)]
pub(crate) fn hear_of_them() {
    use std::sync::Arc;
    use std::sync::atomic::AtomicBool;

    // The error of the write says everything; nobody asks whether the signal came. Where it cannot
    // be caught, everything is as it would be without.
    let unread = Arc::new(AtomicBool::new(false));
    let _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, unread);
}

/// There is no such signal.
#[cfg(not(unix))]
pub(crate) fn hear_of_them() {}
