//! The machine of a run, and who else was at work on it.

use std::path::Path;

use serde_json::json;

use super::programs::Programs;
use super::record::Record;
use crate::error::Error;
use crate::say::say;

/// Shares above which a repetition is doubtful.
pub(super) const MOST_STEAL_PERCENT: f64 = 5.0;
pub(super) const MOST_BUSY_PERCENT: f64 = 10.0;

/// Prints and records the machine and the versions.
pub(super) fn describe(programs: &Programs, record: &mut Record) -> Result<(), Error> {
    let cpu = cpu_model(&read("/proc/cpuinfo")?).unwrap_or("unknown").to_owned();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let rustc = programs.text("rustc", "--version")?;
    let torch = programs.text("python", "-c print(__import__('torch').__version__)")?;
    say!("{cpu}, {cores} cores; torch {torch}; {rustc}");
    let flags = std::env::var("RUSTFLAGS").unwrap_or_default();
    record.line(&json!({
        "kind": "machine", "cpu": cpu, "cores": cores, "torch": torch, "rustc": rustc,
        "rustflags": flags, "seconds_since_1970": seconds_since_1970(),
    }))
}

fn seconds_since_1970() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map_or(0, |elapsed| elapsed.as_secs())
}

/// The model name in the text of `/proc/cpuinfo`.
pub(super) fn cpu_model(text: &str) -> Option<&str> {
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    line.split_once(':').map(|(_, name)| name.trim())
}

/// Time that all cores spent so far, in the kernel's ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ticks {
    total: u64,
    idle: u64,
    steal: u64,
}

impl Ticks {
    /// Now, where the kernel tells.
    pub(super) fn now() -> Result<Option<Self>, Error> {
        Ok(Self::parse(&read("/proc/stat")?))
    }

    /// The first line of `/proc/stat`: user, nice, system, idle, iowait, irq, softirq, steal; guest
    /// time, which follows, is in user already.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let line = text.lines().find_map(|line| line.strip_prefix("cpu "))?;
        let ticks: Option<Vec<u64>> =
            line.split_whitespace().take(8).map(|number| number.parse().ok()).collect();
        let ticks = ticks.filter(|ticks| ticks.len() == 8)?;
        Some(Self { total: ticks.iter().sum(), idle: ticks[3] + ticks[4], steal: ticks[7] })
    }

    /// Percent of the time since `before` that the hypervisor gave to others.
    pub(super) fn steal_percent(self, before: Self) -> f64 {
        percent(self.steal.saturating_sub(before.steal), self.total.saturating_sub(before.total))
    }

    /// Percent of the time since `before` in which cores worked or were taken away.
    pub(super) fn busy_percent(self, before: Self) -> f64 {
        let total = self.total.saturating_sub(before.total);
        percent(total.saturating_sub(self.idle.saturating_sub(before.idle)), total)
    }
}

fn percent(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { 100.0 * part as f64 / whole as f64 }
}

/// The load of the machine while nothing of ours runs, looked at for a second.
pub(super) fn busy_percent() -> Result<Option<f64>, Error> {
    let before = Ticks::now()?;
    std::thread::sleep(std::time::Duration::from_secs(1));
    Ok(before.zip(Ticks::now()?).map(|(before, after)| after.busy_percent(before)))
}

/// The text of a file of the kernel's; empty where there is none.
fn read(path: &str) -> Result<String, Error> {
    let path = Path::new(path);
    if !path.exists() {
        return Ok(String::new());
    }
    std::fs::read_to_string(path).map_err(|source| Error::Access { path: path.to_owned(), source })
}
