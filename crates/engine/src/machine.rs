//! The memory of this machine.

use std::fs;
use std::path::{Path, PathBuf};

/// Memory that a process may count on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Available {
    /// Bytes.
    pub bytes: u64,
    /// The one that says so.
    pub source: String,
}

/// The least that the machine, the groups that this process is in, and its own limits leave; `None`
/// where the system does not say.
pub fn available() -> Option<Available> {
    let machine = fs::read_to_string("/proc/meminfo").ok().and_then(|text| of_machine(&text));
    let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let all = machine.into_iter().chain(of_limits(&limits)).chain(of_groups(&groups));
    all.min_by_key(|available| available.bytes)
}

/// Bytes as people say them: `38.2 MiB`, `715.3 GiB`.
pub fn amount(bytes: u64) -> String {
    if bytes == u64::MAX {
        // Predictions stop here.
        return "more than 16 EiB".to_owned();
    }
    let units = ["MiB", "GiB", "TiB", "PiB", "EiB"];
    let mut amount = bytes as f64 / f64::from(1 << 20);
    let mut unit = 0;
    while amount >= 1024.0 && unit + 1 < units.len() {
        amount /= 1024.0;
        unit += 1;
    }
    format!("{amount:.1} {}", units[unit])
}

/// The line `MemAvailable` of `/proc/meminfo`: what can be had without swapping.
fn of_machine(text: &str) -> Option<Available> {
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    let source = "the machine has available".to_owned();
    Some(Available { bytes: kibibytes.checked_mul(1024)?, source })
}

/// The soft limits of `/proc/self/limits` that a process's memory counts against.
fn of_limits(text: &str) -> Vec<Available> {
    let limit = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        let bytes = line.split_whitespace().next()?.parse().ok()?;
        Some(Available {
            bytes,
            source: format!("the process may have (`{}`)", name.to_lowercase()),
        })
    };
    ["Max address space", "Max data size"].into_iter().filter_map(limit).collect()
}

/// The room that the control groups of `/proc/self/cgroup`, and all groups around them, leave.
fn of_groups(text: &str) -> Vec<Available> {
    let mut found = Vec::new();
    for line in text.lines() {
        let mut parts = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (parts.next(), parts.next()) else { continue };
        let (root, names) = match controllers {
            "" => ("/sys/fs/cgroup", &UNIFIED),
            _ if controllers.split(',').any(|name| name == "memory") => {
                ("/sys/fs/cgroup/memory", &FIRST)
            }
            _ => continue,
        };
        // In a container the path may be that of the machine outside; the root is then the group
        // itself.
        let inside = Path::new(path.trim_start_matches('/'));
        for group in inside.ancestors().map(|group| Path::new(root).join(group)) {
            found.extend(of_group(&group, names));
        }
    }
    found
}

/// The files of a group.
struct Names {
    /// Bytes that it may have.
    limit: &'static str,
    /// Bytes that it has.
    usage: &'static str,
}

const UNIFIED: Names = Names { limit: "memory.max", usage: "memory.current" };
const FIRST: Names = Names { limit: "memory.limit_in_bytes", usage: "memory.usage_in_bytes" };

fn of_group(group: &Path, names: &Names) -> Option<Available> {
    let number = |path: PathBuf| fs::read_to_string(path).ok()?.trim().parse::<u64>().ok();
    let limit = number(group.join(names.limit))?;
    let used = number(group.join(names.usage)).unwrap_or(0);
    let statistics = fs::read_to_string(group.join("memory.stat")).unwrap_or_default();
    let bytes = limit.saturating_sub(used.saturating_sub(reclaimable(&statistics)));
    Some(Available { bytes, source: format!("the control group {} leaves", group.display()) })
}

/// Bytes of files in memory, which the system drops when it needs the room.
fn reclaimable(statistics: &str) -> u64 {
    let of = |name: &str| {
        let fields = statistics.lines().filter_map(|line| line.split_once(' '));
        let value = fields.filter(|(found, _)| *found == name).map(|(_, value)| value).next();
        value.and_then(|value| value.trim().parse::<u64>().ok()).unwrap_or(0)
    };
    of("inactive_file").saturating_add(of("active_file"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_of_a_process_are_read() {
        let text = "\
Limit                     Soft Limit           Hard Limit           Units
Max data size             61440000             unlimited            bytes
Max address space         unlimited            unlimited            bytes
";
        let found = of_limits(text);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].bytes, 61_440_000);
        assert!(found[0].source.contains("max data size"), "{found:?}");
    }

    #[test]
    fn what_is_available_is_read() {
        let text = "MemTotal:       24000000 kB\nMemAvailable:    1000 kB\n";
        assert_eq!(of_machine(text).map(|found| found.bytes), Some(1_024_000));
        assert_eq!(of_machine("MemTotal: 1 kB\n"), None);
    }

    #[test]
    fn files_in_memory_do_not_count_as_used() {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [
            ("memory.max", "1000\n"),
            ("memory.current", "700\n"),
            ("memory.stat", "anon 100\ninactive_file 400\nactive_file 200\n"),
        ] {
            fs::write(folder.path().join(name), text).unwrap();
        }
        assert_eq!(of_group(folder.path(), &UNIFIED).map(|found| found.bytes), Some(900));
        fs::write(folder.path().join("memory.max"), "max\n").unwrap();
        assert_eq!(of_group(folder.path(), &UNIFIED), None);
    }

    #[test]
    fn amounts_are_those_people_say() {
        let rows = [
            (40 << 20, "40.0 MiB"),
            ((1 << 30) - 1, "1024.0 MiB"),
            (3 << 29, "1.5 GiB"),
            (768_000_000_000, "715.3 GiB"),
            (8_000_000_000_000_000_000, "6.9 EiB"),
            (u64::MAX, "more than 16 EiB"),
        ];
        for (bytes, text) in rows {
            assert_eq!(amount(bytes), text);
        }
    }
}
