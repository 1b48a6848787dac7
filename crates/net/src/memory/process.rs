//! What a process holds beside its tensors.

use super::Breakdown;

/// A process around tensors.
///
/// The peak of a process's resident memory exceeds what it asks its allocator for: by the pages of
/// the program and of its libraries, which become resident as they run, and by memory that was
/// freed and does not fit what is asked for next. Allocators give such memory back late, mimalloc
/// when it has been idle for a while, so that it counts at the peak.
///
/// The default is what was measured for the dartloom program on Linux; `docs/guides/memory.md` says
/// how.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Process {
    /// Bytes without any tensor.
    pub base: u64,
    /// What is held idle, as a share of what is in use.
    pub idle: f64,
}

impl Default for Process {
    fn default() -> Self {
        Self { base: 30 << 20, idle: 0.22 }
    }
}

impl Process {
    /// The same parts in this process.
    pub fn around(&self, tensors: Breakdown) -> Breakdown {
        let idle = (tensors.tensors() as f64 * self.idle) as u64;
        Breakdown { process: self.base.saturating_add(idle), ..tensors }
    }
}
