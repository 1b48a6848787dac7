//! How work is split. The split depends on sizes alone, never on the number of threads.

/// Elements a task should touch at least, so that small planes do not drown in scheduling.
pub(crate) const TASK_ELEMENTS: usize = 16 * 1024;

/// How many chunks of `chunk` elements one task takes at least. Chunks are independent of one
/// another, so this bounds overhead and cannot change a result.
pub(crate) fn chunks_per_task(chunk: usize) -> usize {
    (TASK_ELEMENTS / chunk.max(1)).max(1)
}
