//! Limits that the system enforces on a worker.

/// Limits the memory of this process, marks it as the first to be killed when the machine has no
/// memory left, and makes it end with the thread that started it. Limits that the system refuses
/// are left out: the pool still kills by lease and deadline.
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

/// The writable data of this process now, in bytes, which is what its limit counts. `None` on
/// systems without a limit.
pub(super) fn held() -> Option<u64> {
    if cfg!(target_os = "linux") { status("VmData:") } else { None }
}

/// The most memory this process has had at once, in bytes; `None` if the system does not tell.
pub fn peak_memory() -> Option<u64> {
    status("VmHWM:")
}

/// A size that the system reports for this process.
fn status(name: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}
