//! How many thread pools a run has.

/// Keeps the tensor library from starting threads of its own.
///
/// Its pool for elementwise work spins while it waits, and takes the cores from the pool that the
/// kernels work in: small jobs become slower by a quarter. Its size is read from the environment
/// when the first tensor is made, and a process cannot change its own environment safely, so the
/// program starts itself again with the variable set. Whoever set it already is left alone.
pub(crate) fn single_pool() {
    if std::env::var_os(POOL).is_none() {
        restart(&[(POOL, "1")]);
    }
}

/// The same, with `threads` threads in the kernels' pool.
pub(crate) fn pool_of(threads: usize) {
    let threads = threads.to_string();
    let wanted = std::env::var_os(WORKERS).is_some_and(|found| found == threads.as_str());
    if std::env::var_os(POOL).is_none() {
        restart(&[(POOL, "1"), (WORKERS, &threads)]);
    } else if !wanted {
        restart(&[(WORKERS, &threads)]);
    }
}

/// Becomes this program with these variables; comes back only when that fails.
fn restart(variables: &[(&str, &str)]) {
    let Ok(program) = std::env::current_exe() else { return };
    let mut command = std::process::Command::new(program);
    command.args(std::env::args_os().skip(1)).envs(variables.iter().copied());
    replace(command);
}

/// Read by rayon, and by the tensor library for its matrix products.
const WORKERS: &str = "RAYON_NUM_THREADS";

const POOL: &str = "CANDLE_NUM_THREADS";

/// Becomes the other process: process id, signals and streams stay. Comes back when that fails, and
/// the run is merely slower.
#[cfg(unix)]
fn replace(mut command: std::process::Command) {
    use std::os::unix::process::CommandExt as _;
    if let Some(typed) = std::env::args_os().next() {
        command.arg0(typed);
    }
    let error = command.exec();
    eprintln!("note: cannot restart with other threads, going on without: {error}");
}

/// Waits for the other process and ends with its exit code.
#[cfg(not(unix))]
fn replace(mut command: std::process::Command) {
    match command.status() {
        Ok(status) => std::process::exit(status.code().unwrap_or(1)),
        Err(error) => eprintln!("note: cannot restart with {POOL}=1, going on without: {error}"),
    }
}
