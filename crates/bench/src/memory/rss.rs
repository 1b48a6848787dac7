//! Memory that the process holds.

use std::path::Path;

const KIB_PER_MIB: f64 = 1024.0;

/// Bytes as MiB.
pub(crate) fn mib(bytes: u64) -> f64 {
    bytes as f64 / 1024.0 / KIB_PER_MIB
}

/// Memory held at a moment, to compare a later peak with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Baseline(Option<f64>);

impl Baseline {
    /// The bytes that the process holds now.
    pub(crate) fn now() -> Self {
        Self(status().and_then(|text| field(&text, "VmRSS:")))
    }

    /// MiB of the process's peak above this; none where the system does not tell.
    pub(crate) fn peak_above(self) -> Option<f64> {
        let peak = field(&status()?, "VmHWM:")?;
        Some((peak - self.0?).max(0.0))
    }
}

fn status() -> Option<String> {
    std::fs::read_to_string(Path::new("/proc/self/status")).ok()
}

/// MiB of a line such as `VmHWM:     1024 kB`.
fn field(status: &str, name: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kib: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib / KIB_PER_MIB)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_as_mib() {
        let text = "Name:\tx\nVmHWM:\t    3072 kB\nVmRSS:\t    1024 kB\n";
        assert_eq!(field(text, "VmHWM:"), Some(3.0));
        assert_eq!(field(text, "VmRSS:"), Some(1.0));
        assert_eq!(field(text, "VmPeak:"), None);
        assert_eq!(field("VmHWM: many kB", "VmHWM:"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_is_allocated_is_seen() {
        let before = Baseline::now();
        let block = std::hint::black_box(vec![1_u8; 64 << 20]);
        let above = before.peak_above().unwrap();
        assert!(above > 60.0, "{above} MiB above the baseline with {} bytes", block.len());
    }
}
