//! The memory that a process holds besides its tensors.

use super::Breakdown;

/// A process and the memory it holds besides its tensors.
///
/// The peak of a process's resident memory exceeds what it asks its allocator for: by the pages of
/// the program and of its libraries, which become resident as they run, and by memory that was
/// freed and does not fit the next request. Allocators return such memory late (mimalloc when it
/// has been idle for a while), so that it counts at the peak:
///
/// - Memory that one cell has freed is too small for the larger tensors of the cells before it.
///   With the plane halved twice, the rooms of smaller cells together are about as large as that of
///   the largest: the workspace counts once more.
/// - Tensors are cut from larger blocks, and remainders stay: a share of the activations that are
///   tensors of their own. Activations kept by fused cells are slabs of an arena, which is never
///   given back and leaves no remainders.
///
/// The default was measured for the dartloom program on Linux; `docs/guides/memory.md` describes
/// the measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Process {
    /// Bytes without any tensor.
    pub base: u64,
    /// Remainders of cut blocks, in percent of the activations outside of slabs.
    pub remainder: u64,
}

impl Default for Process {
    fn default() -> Self {
        Self { base: 40 << 20, remainder: 12 }
    }
}

impl Process {
    /// The same parts in this process; `slabs` bytes of the activations lie in an arena.
    pub fn around(&self, tensors: Breakdown, slabs: u64) -> Breakdown {
        let loose = tensors.activations.saturating_sub(slabs);
        let remainder = loose.saturating_mul(self.remainder) / 100;
        let process = self.base.saturating_add(tensors.workspace).saturating_add(remainder);
        Breakdown { process, ..tensors }
    }
}
