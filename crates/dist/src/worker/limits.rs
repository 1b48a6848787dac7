//! Limits that the system enforces on a worker.

/// Limits the memory of this process, marks it as the first to go when the machine has none left,
/// and has it ended with the thread that started it. What the system refuses is left out: the pool
/// kills by lease and deadline all the same.
#[cfg(target_os = "linux")]
pub(super) fn apply(memory: Option<u64>) {
    use rustix::process::{Resource, Rlimit, Signal, set_parent_process_death_signal, setrlimit};

    if memory.is_some() {
        // Writable data and not address space: allocators and threads reserve far more addresses
        // than they use.
        let _ = setrlimit(Resource::Data, Rlimit { current: memory, maximum: memory });
    }
    let _ = set_parent_process_death_signal(Some(Signal::KILL));
    let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
}

/// No limits are known on this system.
#[cfg(not(target_os = "linux"))]
pub(super) fn apply(_: Option<u64>) {}

/// The writable data this process has now, in bytes: what its limit counts. `None` where there is
/// no limit.
pub(super) fn held() -> Option<u64> {
    if cfg!(target_os = "linux") { status("VmData:") } else { None }
}

/// The most memory this process has had at once, in bytes; `None` where the system does not say.
pub fn peak_memory() -> Option<u64> {
    status("VmHWM:")
}

/// A size that the system tells of this process.
fn status(name: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}
