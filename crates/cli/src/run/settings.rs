//! Settings that the program must find in its environment when it starts.

use crate::error::CliError;
use crate::say::say;

/// Settings for a long computation, where nobody made them already.
///
/// They are read when the first tensor is made, or before `main`, and a process cannot change its
/// own environment safely, so the program starts itself again with the variables set.
pub(crate) fn settings() {
    restart(missing());
}

/// The same, with `threads` threads in the kernels' pool.
pub(crate) fn settings_for(threads: usize) {
    let threads = threads.to_string();
    let mut variables = missing();
    if std::env::var_os(WORKERS).is_none_or(|found| found != threads.as_str()) {
        variables.push((WORKERS, &threads));
    }
    restart(variables);
}

/// Refuses so many threads for the kernels that the system would be busy with nothing else.
///
/// # Errors
/// [`CliError::OptionValue`]; what is no number means nothing to the pool.
pub(crate) fn check() -> Result<(), CliError> {
    let found = std::env::var(WORKERS).ok();
    let threads = found.as_deref().and_then(|text| text.trim().parse::<usize>().ok());
    match threads {
        Some(threads) if threads > MOST_THREADS => Err(CliError::OptionRange {
            option: "environment variable RAYON_NUM_THREADS",
            least: 0,
            most: MOST_THREADS as u64,
            found: threads as u64,
        }),
        _ => Ok(()),
    }
}

/// As for `bench --threads`.
const MOST_THREADS: usize = 1024;

/// The variables that nobody has set.
fn missing() -> Vec<(&'static str, &'static str)> {
    let unset = |(name, _): &(&str, &str)| std::env::var_os(name).is_none();
    DEFAULTS.into_iter().filter(unset).collect()
}

/// - The tensor library's own pool for elementwise work spins while it waits, and takes the cores
///   from the pool that the kernels work in: small jobs become slower by a quarter.
/// - The allocator gives memory back to the system 10 milliseconds after it was freed; a step that
///   takes a second then finds every page unmapped and to be cleared again, which took up to a
///   quarter of its time. Ten seconds are longer than a step.
const DEFAULTS: [(&str, &str); 2] =
    [("CANDLE_NUM_THREADS", "1"), ("MIMALLOC_PURGE_DELAY", "10000")];

/// Read by rayon, and by the tensor library for its matrix products.
const WORKERS: &str = "RAYON_NUM_THREADS";

/// Becomes this program with these variables; comes back when there are none or when that fails.
fn restart(variables: Vec<(&str, &str)>) {
    if variables.is_empty() {
        return;
    }
    let Ok(program) = std::env::current_exe() else { return };
    let mut command = std::process::Command::new(program);
    command.args(std::env::args_os().skip(1)).envs(variables);
    replace(command);
}

/// Becomes the other process: process id, signals and streams stay. Comes back when that fails, and
/// the run is merely slower.
#[cfg(unix)]
fn replace(mut command: std::process::Command) {
    use std::os::unix::process::CommandExt as _;
    if let Some(typed) = std::env::args_os().next() {
        command.arg0(typed);
    }
    let error = command.exec();
    say!("note: cannot restart with other settings, going on without: {error}");
}

/// Waits for the other process and ends with its exit code.
#[cfg(not(unix))]
fn replace(mut command: std::process::Command) {
    match command.status() {
        Ok(status) => std::process::exit(status.code().unwrap_or(1)),
        Err(error) => {
            say!("note: cannot restart with other settings, going on without: {error}")
        }
    }
}
