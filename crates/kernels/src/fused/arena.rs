//! Buffers that are lent, given back and lent again.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, PoisonError};

use super::scratch::Scratch;

/// A stock of buffers shared by the programs of a network.
///
/// Fresh memory costs a page fault every 4 KiB; a training step asks for the same sizes again and
/// again. What a buffer holds when it is lent is left over from its last use.
#[derive(Clone, Debug, Default)]
pub struct Arena {
    free: Arc<Mutex<Vec<Vec<f32>>>>,
    scratch: Arc<Mutex<Vec<Scratch>>>,
}

/// A lent buffer; returns to its arena when dropped.
#[derive(Debug)]
pub(super) struct Lent {
    /// At its full length always: what grows must be filled.
    data: Vec<f32>,
    len: usize,
    arena: Arena,
}

impl Arena {
    /// An empty stock.
    pub fn new() -> Self {
        Self::default()
    }

    /// A buffer of `len` floats: the smallest free one that is large enough, or a new one.
    pub(super) fn lend(&self, len: usize) -> Lent {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let fitting = free.iter().enumerate().filter(|(_, data)| data.len() >= len);
        let best = fitting.min_by_key(|(_, data)| data.len()).map(|(index, _)| index);
        let found = match best {
            // A small request must not hold a large buffer.
            Some(index) if free[index].len() / 4 <= len.max(1 << 16) => {
                Some(free.swap_remove(index))
            }
            _ => None,
        };
        drop(free);
        let data = found.unwrap_or_else(|| vec![0.0; len]);
        Lent { data, len, arena: self.clone() }
    }

    /// The memory that one thread works with.
    pub(super) fn scratch(&self) -> LentScratch {
        let mut stock = self.scratch.lock().unwrap_or_else(PoisonError::into_inner);
        LentScratch { scratch: stock.pop().unwrap_or_default(), arena: self.clone() }
    }

    /// Bytes that lie idle.
    pub fn idle_bytes(&self) -> usize {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        free.iter().map(|data| data.len() * size_of::<f32>()).sum()
    }

    /// Gives the idle memory back to the system.
    pub fn clear(&self) {
        self.free.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.scratch.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let data = std::mem::take(&mut self.data);
        self.arena.free.lock().unwrap_or_else(PoisonError::into_inner).push(data);
    }
}

impl Deref for Lent {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.data[..self.len]
    }
}

impl DerefMut for Lent {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.data[..self.len]
    }
}

/// A thread's scratch; returns to its arena when dropped.
#[derive(Debug)]
pub(super) struct LentScratch {
    scratch: Scratch,
    arena: Arena,
}

impl Drop for LentScratch {
    fn drop(&mut self) {
        let scratch = std::mem::take(&mut self.scratch);
        self.arena.scratch.lock().unwrap_or_else(PoisonError::into_inner).push(scratch);
    }
}

impl Deref for LentScratch {
    type Target = Scratch;

    fn deref(&self) -> &Scratch {
        &self.scratch
    }
}

impl DerefMut for LentScratch {
    fn deref_mut(&mut self) -> &mut Scratch {
        &mut self.scratch
    }
}
